"""A row is one attack: a call that returns True when all is right, and the words of a refusal."""

import sys
import warnings
from collections.abc import Callable
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from typing import NamedTuple

ROWS = []


class Row(NamedTuple):
    "One attack; `call()` runs in an empty folder, in a process of its own"

    kind: str
    name: str
    call: Callable  # True: the right value; a text: what was silently wrong
    words: tuple  # an error's message must hold each of them; `a|b`: one of both
    must_be_right: bool  # a clear error is not enough
    prepare: Callable | None  # run once before the rows that share it, in the parent's `shelf`
    seconds: float  # after which it hangs
    quick: bool  # part of the short form

    def full_name(self) -> str:
        return f"{self.kind}/{self.name}"


def add(kind, name, call, *words, right=False, prepare=None, seconds=20.0, quick=False):
    "Register a row"
    ROWS.append(Row(kind, name, call, words, right, prepare, seconds, quick))


def add_all(kind: str, rows: dict, every: int = 8):
    "Rows as name -> (call, words of the refusal); one in `every` is part of the short form"
    for i, (name, (call, *words)) in enumerate(rows.items()):
        add(kind, name, call, *words, quick=i % every == 0)


def row(kind: str, *words, **options):
    "Register the function below as a row of `kind`, under its own name"

    def register(call):
        add(kind, call.__name__.strip("_"), call, *words, **options)
        return call

    return register


def lacks(text: str, words) -> list:
    "Those of `words` that `text` does not hold; `a|b` stands for one of both"
    low = text.lower()
    return [w for w in words if not any(part.lower() in low for part in w.split("|"))]


class Told:
    "What the user was told: warnings, and what was printed"

    def __init__(self):
        self.warnings, self.printed = [], StringIO()

    def text(self) -> str:
        return "\n".join([*(str(w.message) for w in self.warnings), self.printed.getvalue()])

    def says(self, *words):
        "True if the user was told `words`, else what is missing"
        missing = lacks(self.text(), words)
        return not missing or f"not a word of {', '.join(missing)}; told: {self.text()[:300]!r}"


@contextmanager
def told():
    "Collect what the user is told inside"
    result = Told()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with redirect_stdout(result.printed), redirect_stderr(result.printed):
            try:
                yield result
            finally:
                result.warnings = caught
    print(result.text(), file=sys.stderr)
