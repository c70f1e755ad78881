"""Importing this registers every row, in the order of the table."""

from attacks import damage, inputs, kills, models  # noqa: F401
