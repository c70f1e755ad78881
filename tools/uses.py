"""What code of the package a notebook's cells use: definition by definition, however indirectly.

A module's text may change in a definition that a notebook never reaches; its outputs are then still
those of its code. A definition counts with what it names: its module's other definitions, and what
these import from the package. What adds to a name belongs to it: methods given by `patch_to` or by
an assignment, and the cases of a function that are registered at it.
"""

import ast
from collections import defaultdict
from functools import cache
from typing import NamedTuple

from course import ROOT

ALWAYS = ""  # the owner of statements that run whenever a module is imported


class Module(NamedTuple):
    "A module of the package, taken apart"

    code: dict  # name -> texts of what defines it, or adds to it
    refers: dict  # name -> names that these mention
    imports: dict  # name -> (module, name there); (module, None) for a module itself


def module_file(name: str):
    "The file of the module `name`; None when the name is no module of the package"
    path = ROOT / (name.replace(".", "/") + ".py")
    return path if name.split(".")[0] == "tlcourse" and path.exists() else None


def imported(tree, module: str = "") -> dict:
    "name -> (module, name there) of all that `tree`, the syntax tree of `module`, imports of us"
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            pairs = [(alias.asname or alias.name, alias.name, None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = module.split(".")[: -node.level] if node.level else []
            origin = ".".join([*base, *filter(None, [node.module])])
            pairs = [(alias.asname or alias.name, origin, alias.name) for alias in node.names]
        else:
            continue
        for name, origin, inner in pairs:
            if inner and module_file(f"{origin}.{inner}"):
                origin, inner = f"{origin}.{inner}", None
            if module_file(origin):
                found[name] = origin, inner
    return found


def _added_to(decorator) -> str | None:
    "The name to which a `decorator` adds what it decorates: @patch_to(NAME), @NAME.register(...)"
    is_call = isinstance(decorator, ast.Call)
    called = decorator.func if is_call else decorator
    if is_call and ast.unparse(called) == "patch_to":
        return ast.unparse(decorator.args[0])
    is_case = isinstance(called, ast.Attribute) and called.attr == "register"
    return ast.unparse(called.value) if is_case else None


def _owners(node) -> list:
    "The names that a statement at the top of a module defines, or adds to"
    added_to = [_added_to(each) for each in getattr(node, "decorator_list", [])]
    added_to = [name for name in added_to if name]
    if added_to or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return added_to or [node.name]
    if isinstance(node, ast.Assign):
        parts = [part for target in node.targets for part in ast.walk(target)]
        return [part.id for part in parts if isinstance(part, ast.Name)]
    return [ALWAYS]


def _is_left_out(node) -> bool:
    "Whether `node` is a docstring, an import, or the `__all__` that nbdev writes"
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[0]) == "__all__"
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_text or isinstance(node, (ast.Import, ast.ImportFrom))


def _text(node, lines) -> str:
    "The lines of `node`, its decorators included"
    decorators = getattr(node, "decorator_list", [])
    first = min(part.lineno for part in [node, *decorators])
    return "\n".join(lines[first - 1 : node.end_lineno])


@cache
def taken_apart(name: str) -> Module:
    "The module `name` as definitions, what they mention, and imports"
    text = module_file(name).read_text(encoding="utf-8")
    tree, lines = ast.parse(text), text.splitlines()
    module = Module(defaultdict(list), defaultdict(set), imported(tree, name))
    for node in tree.body:
        if _is_left_out(node):
            continue
        mentioned = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
        for owner in _owners(node):
            module.code[owner].append(_text(node, lines))
            module.refers[owner] |= mentioned
    return module


def _next(name: str, inner) -> list:
    "What the definition `inner` of the module `name` leads to; all of the module if None"
    module = taken_apart(name)
    if inner is None:
        return [(name, each) for each in [*module.code, *module.imports]]
    if inner in module.imports:
        return [module.imports[inner]]
    mentioned = module.refers.get(inner, set()) & {*module.code, *module.imports}
    return [(name, each) for each in [*sorted(mentioned), ALWAYS]]


def reached(starts) -> set:
    "The pairs (module, name) that the pairs `starts` lead to, themselves included"
    found, waiting = set(), list(starts)
    while waiting:
        pair = waiting.pop()
        if pair not in found:
            found.add(pair)
            waiting += _next(*pair)
    return found


def code_used(cells) -> list:
    "(module, name, texts) of all definitions that the code `cells` lead to, sorted"
    starts = set()
    for cell in cells:
        try:
            starts |= set(imported(ast.parse(cell)).values())
        except SyntaxError:  # a cell with a line magic
            continue
    pairs = sorted((name, inner) for name, inner in reached(starts) if inner is not None)
    used = [(name, inner, sorted(taken_apart(name).code.get(inner, []))) for name, inner in pairs]
    return [each for each in used if each[2]]
