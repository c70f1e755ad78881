"""What JupyterLab shows folded in a lesson: imports, proofs, and code marked `#| code-fold: true`.

python tools/folding.py [NOTEBOOK ...]    fold it in the files, without running anything

A folded cell is a row of dots that a click opens, and it runs like any other. More may be folded by
hand (View, Collapse Selected Code); `source_hidden` in a cell's metadata keeps it so.
"""

import sys

import nbformat
from course import lessons, named
from notebooks import directives, read

COLLAPSED = "jp-MarkdownHeadingCollapsed"  # of a heading: everything down to the next one
COLLAPSED_SECTIONS = ("## Proofs",)


def _opening_imports(nb) -> list:
    "The import cells before the settings"
    codes = [cell for cell in nb.cells if cell.cell_type == "code"]
    settings = next(i for i, cell in enumerate(codes) if "start_lesson(" in cell.source)
    return [cell for cell in codes[:settings] if "import " in cell.source]


def cells_to_fold(nb) -> list:
    "The code cells of a lesson that are to be folded"
    marked = [cell for cell in nb.cells if "code-fold: true" in directives(cell)]
    return _opening_imports(nb) + marked


def headings_to_collapse(nb) -> list:
    "The headings of a lesson whose sections are to be collapsed"
    texts = [cell for cell in nb.cells if cell.cell_type == "markdown"]
    return [cell for cell in texts if cell.source.startswith(COLLAPSED_SECTIONS)]


def is_folded(cell) -> bool:
    return cell.metadata.get("jupyter", {}).get("source_hidden", False)


def fold(nb):
    "Fold what is to be folded in the lesson `nb`"
    for cell in cells_to_fold(nb):
        cell.metadata["jupyter"] = {"source_hidden": True}
    for cell in headings_to_collapse(nb):
        cell.metadata[COLLAPSED] = True


def folding_faults(nb) -> list:
    "What is shown in the lesson `nb` although it is to be folded"
    shown = [cell.source for cell in cells_to_fold(nb) if not is_folded(cell)]
    shown += [cell.source for cell in headings_to_collapse(nb) if not cell.metadata.get(COLLAPSED)]
    faults = [f"not folded (python tools/folding.py): {text.splitlines()[-1]}" for text in shown]
    for section in COLLAPSED_SECTIONS:
        if any(f"\n{section}\n" in cell.source for cell in nb.cells):
            faults.append(f"'{section}' must begin a cell of its own, to be collapsed")
    return faults


def main(*names):
    for path in named(names) or [lesson.notebook for lesson in lessons()]:
        nb = read(path)
        fold(nb)
        nbformat.write(nb, path)


if __name__ == "__main__":
    main(*sys.argv[1:])
