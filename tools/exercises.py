"""The exercises of a lesson: a stub, its checker's refusal, and the solution folded below it."""

import ast
import contextlib
import io
import re

from notebooks import directives

SOLUTION = re.compile(r"<summary>Solution</summary>(.*?)</details>", re.S)
BLOCK = re.compile(r"^```python\n(.*?)^```", re.S | re.M)


def is_stub(cell) -> bool:
    "Whether `cell` is an exercise that a reader has not solved yet"
    return cell.cell_type == "code" and any(
        re.fullmatch(r"eval:\s*false", mark) for mark in directives(cell)
    )


def following(nb, i: int) -> str:
    "The prose after cell `i` of `nb`, where the hint and the solution stand"
    is_there = i + 1 < len(nb.cells) and nb.cells[i + 1].cell_type == "markdown"
    return nb.cells[i + 1].source if is_there else ""


def solution_block(prose: str) -> str | None:
    "The code of the first folded solution in `prose`; None when there is none"
    found = SOLUTION.search(prose)
    blocks = BLOCK.findall(found[1]) if found else []
    return "\n".join(blocks) or None


def pasted(stub: str, block: str) -> str:
    """The cell of a reader who puts the solution `block` into the `stub`.

    The stub's imports stay; so does its last line, which asks the checker, unless the block does.
    """
    tree = ast.parse(stub)
    kept = [n for n in tree.body if isinstance(n, (ast.Import, ast.ImportFrom))]
    asks = re.search(r"^check_\w+\(", block, re.M)
    last = "" if asks else ast.unparse(tree.body[-1])
    return "\n".join([*map(ast.unparse, kept), block, last])


def stub_fault(error) -> str | None:
    "What is wrong with a stub that, as it stands, raised `error`; None if it is refused in words"
    if error is None:
        return "the checker accepts the stub as it stands"
    if type(error).__name__ != "WrongAnswer":
        return f"a stub must be refused in one line, not by {type(error).__name__}: {error}"
    return None


def _printed(source: str, names: dict) -> str:
    "What `source` prints when it is run with a copy of `names`, the random generators put back"
    from tlcourse.core.state import rng_restored

    with rng_restored(), contextlib.redirect_stdout(io.StringIO()) as out:
        exec(compile(source, "the solution", "exec"), dict(names))
    return out.getvalue()


def solution_fault(stub, prose: str, names: dict) -> str | None:
    "What is wrong with the solution in `prose` when a reader pastes it into `stub`; None if right"
    block = solution_block(prose)
    if block is None:
        return "no folded solution with a block of code stands below the stub"
    try:
        verdict = _printed(pasted(stub.source, block), names)
    except Exception as e:
        return f"its solution, pasted into the stub, ends in {type(e).__name__}: {e}"
    if not verdict.rstrip().rpartition("\n")[2].startswith("Right"):
        return f"its solution, pasted into the stub, does not end in 'Right': {verdict!r}"
    return None


def checker_faults(module: str, source: str) -> list:
    "The checkers in a module's `source` that would refuse an answer with a traceback"
    functions = [n for n in ast.parse(source).body if isinstance(n, ast.FunctionDef)]
    checkers = [f for f in functions if f.name.startswith("check_")]
    plain = [f.name for f in checkers if "checker" not in map(ast.unparse, f.decorator_list)]
    return [f"{module}.{name} lacks the decorator @checker" for name in plain]
