"""What the project does with its notebooks: run (execute in place), play (in the terminal, nothing saved), readme.

    python tools/notebooks.py run [NOTEBOOK ...]    execute, keep the outputs, store the hash of the code, clean
    python tools/notebooks.py play NOTEBOOK         run the cells as a script and show their text as they print it
    python tools/notebooks.py readme                write README.md from nbs/index.ipynb
"""
import ast, hashlib, json, os, re, sys, time
from pathlib import Path
import nbformat

ROOT = Path(__file__).resolve().parent.parent
NBS = ROOT / "nbs"
README = ROOT / "README.md"
TEST_FLAGS = ("online", "gpu")


def notebooks():
    "Every notebook of the project: the lessons in order, then the solutions, `index` (which reads their results) last"
    found = [p for p in NBS.rglob("*.ipynb") if not any(part[0] in "._" for part in p.relative_to(NBS).parts)]
    order = {"A_figures": "00", "index": "zz"}
    return sorted(found, key=lambda p: (order.get(p.stem, p.stem), str(p)))


def read(path): return nbformat.read(path, as_version=4)


def directives(cell): return re.findall(r"^#\|\s*(.+?)\s*$", cell.source, re.M)


def is_run(cell):
    "Whether a plain run executes `cell`: code, without a test flag, without `eval: false`, and not the closing export"
    marks = directives(cell)
    skipped = any(m in TEST_FLAGS or re.fullmatch(r"eval:\s*false", m) for m in marks)
    return cell.cell_type == "code" and not skipped and "nbdev_export(" not in cell.source


def code_hash(nb):
    "SHA-256 of the sources of `nb`'s code cells: what its saved outputs belong to"
    sources = [c.source for c in nb.cells if c.cell_type == "code"]
    return hashlib.sha256(json.dumps(sources).encode()).hexdigest()


def is_noise(output):
    "Progress bars (they write to stderr) and widget views do not belong into a saved notebook"
    return output.get("name") == "stderr" or "application/vnd.jupyter.widget-view+json" in output.get("data", {})


def run(path):
    "Execute the notebook at `path` in a fresh kernel, in place; a failing cell leaves the file as it was"
    from nbclient import NotebookClient

    class Client(NotebookClient):
        async def async_execute_cell(self, cell, cell_index, **kwargs):
            if is_run(cell): return await super().async_execute_cell(cell, cell_index, **kwargs)
            if cell.cell_type == "code": cell.outputs = []
            return cell

    nb = read(path)
    os.environ["TLCOURSE_WRITE"] = str(ROOT)  # read by tlcourse.figures.out_path
    Client(nb, timeout=1800, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}).execute()
    for cell in nb.cells:
        if cell.cell_type == "code": cell.outputs = [o for o in cell.outputs if not is_noise(o)]
    nb.metadata["executed"] = code_hash(nb)
    nb.metadata.pop("widgets", None)
    nbformat.write(nb, path)
    from nbdev.clean import nbdev_clean
    nbdev_clean.__wrapped__(str(path))


def keep_seconds(name, seconds):
    "Note in nbs/results/seconds.json how long the notebook `name` took: the lessons' table is made from it"
    path = NBS / "results" / "seconds.json"
    path.parent.mkdir(exist_ok=True)
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    path.write_text(json.dumps(dict(sorted({**kept, name: round(seconds)}.items())), indent=1) + "\n", encoding="utf-8")


def play(path):
    "Run the notebook at `path` as a script in this process, printing each cell's last value; files go to `out/`"
    import matplotlib
    matplotlib.use("Agg")
    os.chdir(ROOT)
    namespace = {"__name__": "__main__"}
    for i, cell in enumerate(read(path).cells):
        if not is_run(cell): continue
        tree = ast.parse(cell.source)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, f"{path.name}, cell {i}", "exec"), namespace)
        if last is None: continue
        value = eval(compile(ast.Expression(last.value), f"{path.name}, cell {i}", "eval"), namespace)
        if hasattr(value, "_repr_markdown_"): print(getattr(value, "data", value), end="\n\n", flush=True)


def readme_text():
    "The text of README.md: nbs/index.ipynb without its hidden cells and directives, links seen from the top level"
    from nbconvert import MarkdownExporter
    nb = read(NBS / "index.ipynb")
    nb.cells = [c for c in nb.cells if "hide" not in directives(c) and not c.source.startswith("<!-- not in the README -->")]
    for cell in nb.cells:
        if cell.cell_type == "code" and "echo: false" in directives(cell): cell.source = ""
        cell.source = re.sub(r"^#\|.*\n?", "", cell.source, flags=re.M)
    nb.cells = [c for c in nb.cells if c.source.strip() or c.get("outputs")]
    nb.metadata["language_info"] = {"name": "python"}
    text, resources = MarkdownExporter().from_notebook_node(nb)
    if resources.get("outputs"): raise ValueError("index.ipynb draws a picture: save it to images/ and link to it")
    text = re.sub(r"^```python\s*?```\n", "", text, flags=re.M)
    text = re.sub(r"(\]\(|src=\")\.\./", r"\1", text)                                 # ../images/ -> images/
    text = re.sub(r"\]\((?!https?:|#|images/|nbs/)([\w./-]+\.ipynb)", r"](nbs/\1", text)  # a lesson -> nbs/lesson
    return "\n".join(line.rstrip() for line in re.sub(r"\n{3,}", "\n\n", text).strip().splitlines()) + "\n"


def main(command="", *names):
    if command == "run":
        for path in [Path(n).resolve() for n in names] or notebooks():
            started = time.perf_counter()
            print(f"{path.relative_to(ROOT)} ...", end=" ", flush=True)
            run(path)
            keep_seconds(path.stem, time.perf_counter() - started)
            print(f"{time.perf_counter() - started:.0f} s")
    elif command == "play": play(Path(names[0]).resolve())
    elif command == "readme": README.write_text(readme_text(), encoding="utf-8")
    else: raise SystemExit(__doc__)


if __name__ == "__main__": main(*sys.argv[1:])
