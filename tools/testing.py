"""Run notebooks as tests: every code cell, as *Run All* does, in a fresh process, offline.

Each process begins with the slow imports done. JupyterLab knows nothing of `#|`: nor does this.
"""

import contextlib
import json
import multiprocessing
import os
import sys
import tempfile
import traceback
from pathlib import Path

from course import ROOT
from exercises import following, is_stub, solution_fault, stub_fault
from notebooks import SECONDS, read
from offline.network import refuse_network

SLOW_IMPORTS = [
    "torch", "torchvision", "timm", "matplotlib.pyplot", "sqlite3", "execnb.shell", "nbformat",
]  # fmt: skip
OFFLINE = ROOT / "tools/offline"


def cell_faults(shell, nb):
    "Run the code cells of `nb` in `shell`, in order; yields (number, what is wrong) where it is"
    for i, cell in enumerate(nb.cells):
        if cell.cell_type != "code":
            continue
        shell.run(cell.source)
        if is_stub(cell):
            fault = stub_fault(shell.exc)
            fault = fault or solution_fault(cell, following(nb, i), shell.user_ns)
        else:
            fault = shell.exc and "".join(traceback.format_exception(shell.exc))
        if fault:
            yield i, fault


def run_all(path: Path) -> bool:
    "Run the notebook at `path` to its last cell; print what went wrong; whether nothing did"
    from execnb.shell import CaptureShell

    shell = CaptureShell(path, mpl_format="png")
    for i, fault in cell_faults(shell, read(path)):
        print(f"cell {i} of {path.name}: {fault}")
        return False
    return True


def log_of(folder: str) -> Path:
    return Path(folder) / "log.txt"


def _test(path: str, folder: str):
    """Run in the child: the notebook's cells.

    What it prints and its traceback go to log.txt in `folder`, and so do its temporary files.
    """
    os.environ.pop("TLCOURSE_ONLINE", None)
    os.environ["IN_TEST"] = "1"
    os.environ["TMPDIR"] = tempfile.tempdir = folder
    paths = [str(OFFLINE), os.environ.get("PYTHONPATH")]  # of each Python that the cells start
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    sys.path.insert(0, str(ROOT))
    sys.addaudithook(refuse_network)
    multiprocessing.set_start_method(None, force=True)  # the platform's own, as in a notebook
    os.chdir(Path(path).parent)
    with open(log_of(folder), "w", encoding="utf-8") as f:
        os.dup2(f.fileno(), 1)
        os.dup2(f.fileno(), 2)
        with contextlib.redirect_stdout(f), contextlib.redirect_stderr(f):
            passed = run_all(Path(path))
    sys.exit(0 if passed else 1)


def _context():
    "How children start: with the slow imports done, where the system can do that"
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(SLOW_IMPORTS)
    return context


def run_as_test(path: Path):
    "Run the cells of the notebook at `path`; an `AssertionError` holds the end of its traceback"
    context = _context()
    with tempfile.TemporaryDirectory() as folder:
        child = context.Process(target=_test, args=(str(path), folder))
        child.start()
        child.join()
        if child.exitcode:
            text = log_of(folder).read_text(encoding="utf-8", errors="replace")
            raise AssertionError(text[-6000:])


def slowest_first(paths: list) -> list:
    "`paths` ordered by the seconds that their last run took, so that no long one begins last"
    seconds = json.loads(SECONDS.read_text(encoding="utf-8")) if SECONDS.exists() else {}
    return sorted(paths, key=lambda path: -seconds.get(path.stem, 0))
