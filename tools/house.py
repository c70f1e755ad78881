"""The order of the house: which module may import from which.

core < lessons in the order of nbs/lessons.json < studies < checks; no circle, no star,
no private name across modules.
"""

import ast
from typing import NamedTuple

from course import ROOT, lessons
from uses import module_file

PACKAGE = ROOT / "tlcourse"


class Import(NamedTuple):
    importer: str  # 'tlcourse.surgery'
    origin: str  # 'tlcourse.core.graph'
    name: str  # 'split', or '*'


def modules() -> list:
    "The dotted names of the package's modules; `__init__` and nbdev's index are left out"
    paths = sorted(p for p in PACKAGE.rglob("*.py") if not p.stem.startswith("_"))
    return [".".join(p.relative_to(ROOT).with_suffix("").parts) for p in paths]


def imports_of(module: str) -> list:
    "The imports of package modules in `module`, with absolute origins"
    tree = ast.parse(module_file(module).read_text(encoding="utf-8"))
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom):
            continue
        base = module.split(".")[: -node.level] if node.level else []
        origin = ".".join([*base, *filter(None, [node.module])])
        if origin.split(".")[0] == "tlcourse":
            found += [Import(module, origin, alias.name) for alias in node.names]
    return found


def floors() -> dict:
    "module -> its floor; modules of one room (core, studies, checks) stand on one floor"
    rooms = {"core": 0, "studies": 1000, "checks": 2000}
    with_module = [lesson for lesson in lessons() if lesson.module]
    numbers = {f"tlcourse.{lesson.module}": i for i, lesson in enumerate(with_module, start=1)}
    return {
        module: rooms[module.split(".")[1]] if module.split(".")[1] in rooms else numbers[module]
        for module in modules()
    }


def circle(graph: dict) -> list:
    "The modules of `graph` (module -> modules that it imports) that depend on themselves"
    left = {module: set(origins) & graph.keys() for module, origins in graph.items()}
    while free := [module for module, origins in left.items() if not origins & left.keys()]:
        for module in free:
            del left[module]
    return sorted(left)


def violations(imports: list, floor: dict) -> list:
    "What in `imports` breaks the order, as sentences"
    wrong = []
    for module, origin, name in imports:
        if name == "*":
            wrong.append(f"{module} imports * from {origin}: name what it uses")
        if name.startswith("_") and name != "__version__":
            wrong.append(f"{module} imports {origin}.{name}, a private name: make it public")
        if origin in floor and floor[origin] > floor[module]:
            wrong.append(f"{module} imports {origin}, which stands above it")
    graph = {module: {i.origin for i in imports if i.importer == module} for module in floor}
    if in_circle := circle(graph):
        wrong.append(f"these modules import each other in a circle: {in_circle}")
    return wrong
