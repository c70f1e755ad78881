"""Measure notebooks and modules against the marks of CONTRIBUTING.md.

python tools/measure.py [NOTEBOOK ...]    a line for each notebook, then the whole
"""

import ast
import re
import statistics
import sys
from typing import NamedTuple

import nbformat
from course import ROOT, named, notebooks
from notebooks import directives
from online import SETUP

MAX_CELL_LINES = 60
MAX_FUNCTION_LINES = 30
MAX_MODULE_LINES = 400
MAX_LESSON_CELLS = 60
MAX_MEDIAN_CHARACTERS = 170
MAX_NINTH_CHARACTERS = 450
MAX_ASSERTING_SHARE = 1 / 6
MIN_WORDS_PER_LINE = 4
CHECKING_CALLS = re.compile(r"(.*\.)?(raises|test_\w+|assert_\w+)$")


class Shape(NamedTuple):
    "What one notebook looks like to its reader; Proofs are counted apart"

    n_cells: int  # code cells before '## Proofs'
    n_asserting: int  # of these, cells that assert or provoke an error
    n_lines: int  # of these, lines of code
    n_words: int  # words of prose before '## Proofs'
    characters: list  # per code cell, Proofs included
    longest_cell: int  # lines

    @property
    def words_per_line(self) -> float:
        return self.n_words / max(self.n_lines, 1)

    @property
    def asserting_share(self) -> float:
        return self.n_asserting / max(self.n_cells, 1)


def parse(source: str):
    "The syntax tree of a cell, an empty one when it is no Python"
    try:
        return ast.parse(source)
    except SyntaxError:
        return ast.parse("")


def is_asserting(cell) -> bool:
    "Whether a code cell that is run asserts something or provokes an error"
    if "eval: false" in directives(cell):
        return False
    for node in ast.walk(parse(cell.source)):
        if isinstance(node, ast.Assert) or (isinstance(node, ast.Try) and node.handlers):
            return True
        if isinstance(node, ast.Call) and CHECKING_CALLS.match(ast.unparse(node.func)):
            return True
    return False


def code_lines(source: str) -> list:
    return [s for s in source.splitlines() if s.strip() and not s.startswith("#|")]


def before_proofs(nb) -> list:
    "The cells that every reader reads"
    for i, cell in enumerate(nb.cells):
        if cell.cell_type == "markdown" and re.search(r"^## Proofs", cell.source, re.M):
            return nb.cells[: i + 1]
    return nb.cells


def is_own_code(cell) -> bool:
    "Whether `cell` is code of the notebook's own: not empty, not what all lessons begin with"
    return cell.cell_type == "code" and bool(cell.source.strip()) and cell.source != SETUP


def shape(nb) -> Shape:
    is_code = [c for c in nb.cells if is_own_code(c)]
    read = before_proofs(nb)
    code = [c for c in read if is_own_code(c)]
    prose = [c.source for c in read if c.cell_type == "markdown"]
    return Shape(
        n_cells=len(code),
        n_asserting=sum(map(is_asserting, code)),
        n_lines=sum(len(code_lines(c.source)) for c in code),
        n_words=sum(len(text.split()) for text in prose),
        characters=[len(c.source) for c in is_code],
        longest_cell=max((len(c.source.splitlines()) for c in is_code), default=0),
    )


def widths(shapes) -> tuple:
    "(median, 90th percentile) of the characters per code cell over all `shapes`"
    characters = [n for s in shapes for n in s.characters]
    return statistics.median(characters), statistics.quantiles(characters, n=10)[-1]


def long_functions(tree) -> list:
    "(name, lines) of the functions in `tree` above the limit; a docstring counts"
    functions = (
        n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))
    )
    sizes = [(f.name, f.end_lineno - f.lineno + 1) for f in functions]
    return [(name, size) for name, size in sizes if size > MAX_FUNCTION_LINES]


def main(names):
    paths = named(names) or notebooks()
    shapes = {path: shape(nbformat.read(path, as_version=4)) for path in paths}
    for path, s in shapes.items():
        name = path.relative_to(ROOT / "nbs").as_posix()
        few = statistics.median(s.characters or [0])
        print(
            f"{name:44} {s.n_cells:3} code cells, {s.n_asserting:2} assert "
            f"({s.asserting_share:3.0%}), {s.words_per_line:4.1f} words a code line, "
            f"median {few:4.0f} characters, longest cell {s.longest_cell} lines"
        )
    median, ninth = widths(shapes.values())
    print(f"all: median {median:.0f} characters per code cell, 90th percentile {ninth:.0f}")


if __name__ == "__main__":
    main(sys.argv[1:])
