"""The same opening cells and the same closing sections in every lesson."""

import ast
import re

from measure import parse
from notebooks import directives, is_run, may_raise
from online import SETUP

CLOSING = ["What was tried", "Takeaways", "Exercises", "Further reading", "Proofs", "Export"]
REQUIRED = ["Takeaways", "Exercises", "Further reading"]
OTHER_NAMES = re.compile(
    r"what (we|you) (have )?(learned|learnt|saw)|summary|to take (away|home)|takeaway|reading|"
    r"exercise|tried|proof|export|conclusion",
    re.I,
)


def headings(nb) -> list:
    "The H2 headings of `nb`, in order"
    texts = [c.source for c in nb.cells if c.cell_type == "markdown"]
    return [h.strip() for text in texts for h in re.findall(r"^## (.+)$", text, re.M)]


def exports(nb) -> bool:
    "Whether a module is written from `nb`"
    return any(d.startswith("default_exp") for d in directives(nb.cells[0]))


def closing_faults(nb) -> list:
    "What is wrong with the closing sections: a missing one, another name, another order"
    found = headings(nb)
    closing = [h for h in found if h in CLOSING]
    required = [*REQUIRED, "Export"] if exports(nb) else REQUIRED
    faults = [f"the section '## {name}' is missing" for name in required if name not in closing]
    if closing != sorted(closing, key=CLOSING.index):
        faults.append(f"the closing sections stand in the order {closing}, not {CLOSING}")
    faults += [
        f"'## {h}' is not one of the closing sections' names {CLOSING}"
        for h in found
        if h not in CLOSING and OTHER_NAMES.match(h)
    ]
    return faults


def _is_import_cell(cell) -> bool:
    body = parse(cell.source).body
    return bool(body) and all(isinstance(node, (ast.Import, ast.ImportFrom)) for node in body)


def _is_settings_cell(cell) -> bool:
    calls = [n for n in ast.walk(parse(cell.source)) if isinstance(n, ast.Call)]
    return any(ast.unparse(call.func) == "start_lesson" for call in calls)


def _title_faults(cell) -> list:
    if cell.cell_type != "markdown" or not cell.source.startswith("# "):
        return ["its title ('# Title', then '> promise') is not where it should be"]
    faults = []
    if not re.search(r"^> ", cell.source, re.M):
        faults.append("no '> one-line promise' under the title")
    if "|---|" not in cell.source.replace(" ", ""):
        faults.append("no table of what is built, what it needs, how long it takes")
    return faults


def opening_faults(nb, has_module: bool) -> list:
    "What is wrong with the opening: default_exp, title, exported imports, lesson imports, settings"
    cells = [cell for cell in nb.cells if cell.source != SETUP]
    faults = []
    if has_module:
        if not exports(nb):
            faults.append("its first cell is not '#| default_exp name'")
        cells = cells[1:]
    faults += _title_faults(cells[0])
    cells = cells[1:]
    if has_module:
        if "export" not in directives(cells[0]) or not _is_import_cell(cells[0]):
            faults.append("exported imports do not stand alone in the cell after the title")
        cells = cells[1:]
    if not _is_import_cell(cells[0]) or "export" in directives(cells[0]):
        faults.append("lesson imports do not stand alone in the cell before the settings")
    if not _is_settings_cell(cells[1]):
        faults.append("start_lesson(...) does not stand after the lesson imports")
    return faults


def run_all_faults(nb) -> list:
    "What stops *Run All* in JupyterLab or lets it write the package: it knows tags, and no `#|`"
    faults = []
    for i, cell in enumerate(nb.cells):
        if cell.cell_type != "code":
            continue
        if may_raise(cell) == is_run(cell):
            wants = "must not" if is_run(cell) else "must"
            faults.append(f"cell {i} {wants} have the tag 'raises-exception'")
        if "nbdev_export(" in cell.source:
            faults.append(f"cell {i} writes the package: leave it to `make export`")
    return faults
