"""Run notebooks as tests, each in a fresh process that has the slow imports done already."""

import contextlib
import json
import multiprocessing
import os
import sys
import tempfile
from pathlib import Path

from course import NBS, ROOT
from notebooks import SECONDS, TEST_FLAGS

SLOW_IMPORTS = ["torch", "torchvision", "timm", "matplotlib", "nbdev.test"]


def log_of(folder: str) -> Path:
    return Path(folder) / "log.txt"


def _test(path: str, folder: str):
    """Run in the child: the notebook's cells.

    What it prints and its traceback go to log.txt in `folder`, and so do its temporary files.
    """
    from nbdev.test import test_nb

    os.environ["TMPDIR"] = tempfile.tempdir = folder
    multiprocessing.set_start_method(None, force=True)  # the platform's own, as in a notebook
    os.chdir(NBS)
    with open(log_of(folder), "w", encoding="utf-8") as f:
        os.dup2(f.fileno(), 1)
        os.dup2(f.fileno(), 2)
        with contextlib.redirect_stdout(f), contextlib.redirect_stderr(f):
            passed, _ = test_nb(Path(path), skip_flags=TEST_FLAGS, basepath=ROOT)
    sys.exit(0 if passed else 1)


def run_as_test(path: Path):
    "Run the cells of the notebook at `path`; an `AssertionError` holds the end of its traceback"
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(SLOW_IMPORTS)
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
