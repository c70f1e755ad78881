"""Saved outputs belong to their source: the hash and versions that `make run` stores."""

import ast
import hashlib
import json
import platform
from functools import cache
from importlib.metadata import version

from course import ROOT
from online import SETUP

PACKAGE = ROOT / "tlcourse"
VERSIONS = ("torch", "torchvision", "timm", "numpy", "matplotlib")


def code_cells(nb) -> list:
    "The code of `nb`, without the cell that installs the course where it is missing"
    codes = [cell.source for cell in nb.cells if cell.cell_type == "code"]
    return [code for code in codes if code != SETUP]


def _imported_names(tree, module: str) -> set:
    "The dotted names below tlcourse that `tree`, the syntax tree of `module`, imports"
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = module.split(".")[: -node.level] if node.level else []
            origin = ".".join([*base, *filter(None, [node.module])])
            names.add(origin)
            names.update(f"{origin}.{alias.name}" for alias in node.names)
    return {name for name in names if name.split(".")[0] == "tlcourse"}


def module_file(name: str):
    "The file of the module `name`; None when the name is no module of the package"
    path = ROOT / (name.replace(".", "/") + ".py")
    return path if path.exists() else None


def imported_modules(source: str, module: str = "") -> set:
    "The package modules that `source` imports directly"
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a cell with a line magic
        return set()
    return {name for name in _imported_names(tree, module) if module_file(name)}


@cache
def modules_of(name: str) -> set:
    "The package modules that the module `name` imports directly"
    return imported_modules(module_file(name).read_text(encoding="utf-8"), name)


def all_modules_below(names) -> set:
    "`names` and every package module that they import, however indirectly"
    found, waiting = set(), set(names)
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting |= modules_of(name) - found
    return found


def _is_no_code(node) -> bool:
    "Whether `node` is a docstring, or the `__all__` that nbdev writes"
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[0]) == "__all__"
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _first_line(node) -> int:
    "Where `node` begins, its decorators included"
    decorators = getattr(node, "decorator_list", [])
    return min(part.lineno for part in [node, *decorators])


@cache
def _module_code(name: str) -> list:
    "The definitions and statements of a module, in whatever order its cells have them"
    text = module_file(name).read_text(encoding="utf-8")
    lines = text.splitlines()
    nodes = [node for node in ast.parse(text).body if not _is_no_code(node)]
    return sorted("\n".join(lines[_first_line(n) - 1 : n.end_lineno]) for n in nodes)


def code_hash(nb) -> str:
    "SHA-256 of `nb`'s code cells and of the package modules that they import"
    cells = code_cells(nb)
    direct = set().union(*(imported_modules(cell) for cell in cells))
    modules = {name: _module_code(name) for name in sorted(all_modules_below(direct))}
    return hashlib.sha256(json.dumps([cells, modules]).encode()).hexdigest()


def versions() -> dict:
    "What a run may depend on"
    return {"python": platform.python_version()} | {
        name: version(name).split("+")[0] for name in VERSIONS
    }


def stamp(nb):
    "Note in `nb` that its outputs are those of its code as it is now"
    nb.metadata["executed"] = {"code": code_hash(nb), "versions": versions()}


def is_current(nb) -> bool:
    executed = nb.metadata.get("executed")
    return isinstance(executed, dict) and executed["code"] == code_hash(nb)


def is_noise(output) -> bool:
    "Progress bars (they write to stderr) and widget views do not belong in a saved notebook"
    is_widget = "application/vnd.jupyter.widget-view+json" in output.get("data", {})
    return output.get("name") == "stderr" or is_widget
