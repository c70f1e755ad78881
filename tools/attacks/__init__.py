"""What is tried on the package: rows by kind; `tools/attack.py` runs them."""
