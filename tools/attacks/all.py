"""Importing this registers every row, in the order of the table."""

from attacks import inputs  # noqa: F401
