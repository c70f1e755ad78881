"""Importing this registers every row, in the order of the table."""

from attacks import (  # noqa: F401
    archives,
    batches,
    damage,
    hostile,
    inputs,
    kills,
    labels,
    models,
    stored,
    swaps,
    uses,
)
