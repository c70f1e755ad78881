"""What the project does with its notebooks: run (execute in place), play (in the terminal), readme.

python tools/notebooks.py run [NOTEBOOK ...]    execute, keep the outputs, store their hash, clean
python tools/notebooks.py play NOTEBOOK         run the cells as a script and show their text
python tools/notebooks.py readme                write README.md from nbs/index.ipynb
"""

import ast
import json
import os
import re
import sys
import time
from pathlib import Path

import nbformat
from course import NBS, ROOT, named, notebooks
from saved import is_noise, stamp

README = ROOT / "README.md"
SECONDS = NBS / "results" / "seconds.json"
TEST_FLAGS = ("online", "gpu")
LEFT_OUT_OF_README = "<!-- not in the README -->"


def read(path):
    return nbformat.read(path, as_version=4)


def directives(cell) -> list:
    "The directives of a cell without their '#|': ['export'], ['echo: false']"
    return re.findall(r"^#\|\s*(.+?)\s*$", cell.source, re.M)


def is_run(cell) -> bool:
    "Whether a plain run executes `cell`: code, no test flag, no `eval: false`"
    marks = directives(cell)
    is_skipped = any(m in TEST_FLAGS or re.fullmatch(r"eval:\s*false", m) for m in marks)
    return cell.cell_type == "code" and not is_skipped


def may_raise(cell) -> bool:
    "Whether Jupyter goes on to the next cell when `cell` raises"
    return "raises-exception" in cell.metadata.get("tags", [])


def execute(nb, folder: Path):
    "Execute `nb` in a fresh kernel that starts in `folder`"
    from nbclient import NotebookClient

    class Client(NotebookClient):
        async def async_execute_cell(self, cell, cell_index, **kwargs):
            if is_run(cell):
                return await super().async_execute_cell(cell, cell_index, **kwargs)
            if cell.cell_type == "code":
                cell.outputs = []
            return cell

    os.environ["TLCOURSE_WRITE"] = str(ROOT)  # read by tlcourse.core.session.out_path
    resources = {"metadata": {"path": str(folder)}}
    Client(nb, timeout=1800, kernel_name="python3", resources=resources).execute()


def run(path: Path):
    "Execute the notebook at `path` in place; a failing cell leaves the file as it was"
    from nbdev.clean import nbdev_clean

    nb = read(path)
    execute(nb, path.parent)
    for cell in nb.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not is_noise(output)]
    stamp(nb)
    nb.metadata.pop("widgets", None)
    nbformat.write(nb, path)
    nbdev_clean.__wrapped__(str(path))


def note_seconds(name: str, seconds: float):
    "Note in nbs/results/seconds.json how long a notebook took: the lessons' table is made from it"
    SECONDS.parent.mkdir(exist_ok=True)
    noted = json.loads(SECONDS.read_text(encoding="utf-8")) if SECONDS.exists() else {}
    known = {p.stem for p in notebooks()}
    noted = {n: s for n, s in noted.items() if n in known} | {name: round(seconds)}
    SECONDS.write_text(json.dumps(dict(sorted(noted.items())), indent=1) + "\n", encoding="utf-8")


def run_all(paths):
    for path in paths:
        started = time.perf_counter()
        print(f"{path.relative_to(ROOT)} ...", end=" ", flush=True)
        run(path)
        seconds = time.perf_counter() - started
        note_seconds(path.stem, seconds)
        print(f"{seconds:.0f} s", flush=True)


def play(path: Path):
    "Run the notebook at `path` as a script, printing each cell's last value; files go to `out/`"
    import matplotlib

    matplotlib.use("Agg")
    os.chdir(ROOT)
    namespace = {"__name__": "__main__"}
    for i, cell in enumerate(read(path).cells):
        if not is_run(cell):
            continue
        name = f"{path.name}, cell {i}"
        tree = ast.parse(cell.source)
        ends_in_value = tree.body and isinstance(tree.body[-1], ast.Expr)
        last = tree.body.pop() if ends_in_value else None
        exec(compile(tree, name, "exec"), namespace)
        if last is None:
            continue
        value = eval(compile(ast.Expression(last.value), name, "eval"), namespace)
        if hasattr(value, "_repr_markdown_"):
            print(getattr(value, "data", value), end="\n\n", flush=True)


def _is_in_readme(cell) -> bool:
    is_left_out = {"hide", "readme: false"} & set(directives(cell))
    return not is_left_out and not cell.source.startswith(LEFT_OUT_OF_README)


def _without_directives(cell):
    hides_code = cell.cell_type == "code" and "echo: false" in directives(cell)
    source = "" if hides_code else cell.source
    cell.source = re.sub(r"^#\|.*\n?", "", source, flags=re.M)
    return cell


def readme_text() -> str:
    "README.md: nbs/index.ipynb without hidden cells and directives, links seen from the top level"
    from nbconvert import MarkdownExporter

    nb = read(NBS / "index.ipynb")
    cells = [_without_directives(c) for c in nb.cells if _is_in_readme(c)]
    nb.cells = [c for c in cells if c.source.strip() or c.get("outputs")]
    nb.metadata["language_info"] = {"name": "python"}
    text, resources = MarkdownExporter().from_notebook_node(nb)
    if resources.get("outputs"):
        raise ValueError("index.ipynb draws a figure: save it to images/ and link to it")
    text = re.sub(r"^```python\s*?```\n", "", text, flags=re.M)
    text = re.sub(r"(\]\(|src=\")\.\./", r"\1", text)  # ../images/ -> images/
    lesson = r"\]\((?!https?:|#|images/|nbs/)([\w./-]+\.ipynb)"
    text = re.sub(lesson, r"](nbs/\1", text)  # a lesson -> nbs/lesson
    text = re.sub(r"\n{3,}", "\n\n", text).strip()
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def main(command="", *names):
    paths = named(names)
    if command == "run":
        run_all(paths or notebooks())
    elif command == "play" and paths:
        play(paths[0])
    elif command == "readme":
        README.write_text(readme_text(), encoding="utf-8")
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main(*sys.argv[1:])
