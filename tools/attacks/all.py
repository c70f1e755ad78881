"""Importing this registers every row, in the order of the table."""

from attacks import archives, damage, hostile, inputs, kills, models, stored, swaps, uses  # noqa: F401
