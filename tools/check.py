"""Every check that CI makes; `make test` calls it. A line for each, then `N passed, N failed`.

python tools/check.py            everything
python tools/check.py WORD ...   only the checks whose name contains one of the words
"""

import ast
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import house
import measure
from course import ROOT, found_notebooks, lessons, notebooks
from exercises import checker_faults
from folding import folding_faults
from notebooks import README, read, readme_text
from online import online_faults
from saved import is_current, is_noise
from sections import closing_faults, opening_faults, run_all_faults
from testing import run_as_test, slowest_first
from uses import module_file

LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "out", "build", "dist", "*.egg-info", "__pycache__", ".ipynb_checkpoints",
    ".nbt", ".ruff_cache", "_docs", "_proc", ".last_checked",
)  # fmt: skip
MACHINE_PATH = re.compile(r"/(root|work|home|tmp|Users|var/folders)/|[A-Z]:\\\\Users", re.I)
SOURCES = ["nbs", "tools", "bench", "experiments"]
EXPORT = (
    "import shutil; shutil.rmtree('tlcourse'); "
    "from nbdev.doclinks import nbdev_export; nbdev_export.__wrapped__()"
)
CLEAN = "from nbdev.clean import nbdev_clean; nbdev_clean.__wrapped__()"


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def fail_if(faults: list):
    "Raise an `AssertionError` that lists `faults`, if there are any"
    if faults:
        raise AssertionError("\n".join(faults))


def files(folder: Path) -> dict:
    "Every file below `folder` as relative path -> SHA-256; what git ignores is left out"
    found = {}
    for top, folders, names in os.walk(folder):
        left_out = LEFT_OUT(top, folders + names)
        folders[:] = [f for f in folders if f not in left_out]
        for name in set(names) - left_out:
            path = Path(top) / name
            key = path.relative_to(folder).as_posix()
            found[key] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def differences(before: dict, after: dict) -> list:
    return sorted(k for k in before.keys() | after.keys() if before.get(k) != after.get(k))


def python(*args, cwd=ROOT, **env) -> str:
    "Run this Python with `args`; its output is in the error if it fails"
    done = subprocess.run(
        [sys.executable, *args],
        cwd=cwd,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode:
        raise AssertionError(f"{done.stdout[-6000:]}\n{done.stderr[-6000:]}")
    return done.stdout


def changed_in_copy(code: str) -> list:
    "The files that `code` changes in a copy of the project"
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "tlcourse"
        shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
        before = files(copy)
        python("-c", code, cwd=copy, PYTHONPATH=str(copy))
        return differences(before, files(copy))


def check_export():
    "the package is what the notebooks export"
    changed = changed_in_copy(EXPORT)
    changed = [n for n in changed if n.startswith("tlcourse/") or n == "pyproject.toml"]
    assert not changed, f"run `make export`: {changed} differ from a fresh export"


def check_clean():
    "nbdev_clean changes nothing"
    changed = [name for name in changed_in_copy(CLEAN) if name.endswith(".ipynb")]
    assert not changed, f"run nbdev_clean: {changed} are not clean"


def output_faults(nb, size: int) -> list:
    "What is wrong with the saved outputs of `nb`, a file of `size` bytes"
    outputs = [o for c in nb.cells if c.cell_type == "code" for o in c.outputs]
    faults = []
    if not is_current(nb):
        faults.append("its outputs are not those of its code and its modules: run it again")
    if any(o.output_type == "error" for o in outputs):
        faults.append("a saved traceback")
    if any(is_noise(o) for o in outputs):
        faults.append("a progress bar, warning or widget among its outputs")
    if found := MACHINE_PATH.search(json.dumps([dict(o) for o in outputs])):
        faults.append(f"a machine path, {found[0]}")
    if size > 2e6:
        faults.append(f"{size / 1e6:.1f} MB, more than 2")
    return faults


def check_outputs():
    "saved outputs belong to their source, hold no error, no machine path, no widget, at most 2 MB"
    fail_if(
        [
            f"{relative(path)}: {fault}"
            for path in notebooks()
            for fault in output_faults(read(path), path.stat().st_size)
        ]
    )


def version_faults(nbs: dict) -> list:
    "Which of the notebooks (name -> notebook) were run under which versions, if not all under one"
    by_versions = {}
    for name, nb in nbs.items():
        executed = nb.metadata.get("executed", {})
        versions = json.dumps(executed.get("versions"), sort_keys=True)
        by_versions.setdefault(versions, []).append(name)
    if len(by_versions) == 1:
        return []
    return [f"{versions}: {', '.join(names)}" for versions, names in by_versions.items()]


def check_versions():
    "all notebooks were run under one set of versions"
    fail_if(version_faults({path.stem: read(path) for path in notebooks()}))


def readme_faults(text: str) -> list:
    "Lines of the README that are too long to read"
    faults = []
    for i, line in enumerate(text.splitlines(), start=1):
        if len(line) > 200:
            faults.append(f"line {i} has {len(line)} characters, more than 200")
        cells = line.split(" | ") if line.startswith("|") else []
        faults += [f"line {i}: a cell of {len(c)} > 120: {c}" for c in cells if len(c) > 120]
    return faults


def check_readme():
    "README.md is made from nbs/index.ipynb, its lines have at most 200 characters"
    text = README.read_text(encoding="utf-8")
    assert text == readme_text(), "run `make readme`: README.md differs from nbs/index.ipynb"
    fail_if(readme_faults(text))


def check_ruff():
    "ruff finds nothing in notebooks, modules and tools"
    quiet = ["-q", "--no-cache"]
    concise = ["--output-format", "concise"]
    python("-m", "ruff", "check", *quiet, *concise, *SOURCES, "tlcourse", "setup.py")
    python("-m", "ruff", "format", *quiet, "--check", *SOURCES)


def check_modules():
    "modules import only from below, no private name, no star; at most 400 lines"
    imports = [i for module in house.modules() for i in house.imports_of(module)]
    faults = house.violations(imports, house.floors())
    for module in house.modules():
        n = len(module_file(module).read_text(encoding="utf-8").splitlines())
        if n > measure.MAX_MODULE_LINES:
            faults.append(f"{module} has {n} lines, more than {measure.MAX_MODULE_LINES}")
    fail_if(faults)


def size_faults(name: str, nb) -> list:
    "Cells and functions of `nb` that are too long"
    faults = []
    for i, cell in enumerate(nb.cells):
        if cell.cell_type != "code":
            continue
        n = len(cell.source.splitlines())
        if n > measure.MAX_CELL_LINES:
            faults.append(f"{name}, cell {i}: {n} lines, more than {measure.MAX_CELL_LINES}")
        for function, n in measure.long_functions(measure.parse(cell.source)):
            faults.append(f"{name}, cell {i}: {function} has {n} lines, more than 30")
    return faults


def width_faults(shapes: list) -> list:
    "Whether the cells of all notebooks together are too wide"
    median, ninth = measure.widths(shapes)
    faults = []
    if median > measure.MAX_MEDIAN_CHARACTERS:
        faults.append(f"the median code cell has {median:.0f} characters")
    if ninth > measure.MAX_NINTH_CHARACTERS:
        faults.append(f"one code cell in ten has more than {ninth:.0f} characters")
    return faults


def check_sizes():
    "cells have at most 60 lines, functions 30; widths as CONTRIBUTING.md says"
    nbs = {relative(path): read(path) for path in notebooks()}
    faults = [fault for name, nb in nbs.items() for fault in size_faults(name, nb)]
    for path in sorted(p for folder in SOURCES for p in (ROOT / folder).glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for function, n in measure.long_functions(tree):
            faults.append(f"{relative(path)}: {function} has {n} lines, more than 30")
    fail_if(faults + width_faults([measure.shape(nb) for nb in nbs.values()]))


def lesson_faults(nb) -> list:
    "Where a lesson is longer, or more of a test suite, than its reader can bear"
    s = measure.shape(nb)
    faults = []
    if s.n_cells > measure.MAX_LESSON_CELLS:
        faults.append(f"{s.n_cells} code cells before '## Proofs', more than 60")
    if s.asserting_share > measure.MAX_ASSERTING_SHARE:
        faults.append(f"{s.n_asserting} of {s.n_cells} code cells assert, more than one in six")
    if s.words_per_line < measure.MIN_WORDS_PER_LINE:
        faults.append(f"{s.words_per_line:.1f} words of prose per code line, fewer than 4")
    return faults


def check_lessons():
    "lessons have at most 60 code cells, one in six asserts, four words of prose a code line"
    fail_if(
        [
            f"{lesson.link}: {fault}"
            for lesson in lessons()
            for fault in lesson_faults(read(lesson.notebook))
        ]
    )


def check_sections():
    "lessons open alike, close with the same sections, fold their proofs, install on Colab"
    faults = []
    for lesson in lessons():
        nb = read(lesson.notebook)
        found = opening_faults(nb, lesson.module is not None) + folding_faults(nb)
        found += online_faults(nb, lesson)
        if lesson.has_exercises:
            found += closing_faults(nb)
        faults += [f"{lesson.link}: {fault}" for fault in found]
    fail_if(faults)


def check_run_all():
    "stubs have the tag that lets Run All go on, checkers refuse in a line, no cell exports"
    templates = sorted((ROOT / "nbs").glob("_template*.ipynb"))
    faults = [
        f"{relative(path)}: {fault}"
        for path in [*notebooks(), *templates]
        for fault in run_all_faults(read(path))
    ]
    for module in house.modules():
        if module.startswith("tlcourse.checks."):
            faults += checker_faults(module, module_file(module).read_text(encoding="utf-8"))
    fail_if(faults)


def list_faults(listed: list, readme: str) -> list:
    "What the lessons in the one list lack: notebook, module, solutions, checker, README row"
    faults = []
    for lesson in listed:
        parts = [lesson.notebook]
        if lesson.module:
            parts.append(ROOT / "tlcourse" / (lesson.module.replace(".", "/") + ".py"))
        if lesson.has_solutions:
            checker = lesson.checker.replace(".", "/") + ".py"
            parts += [lesson.solutions, ROOT / "tlcourse" / checker]
        faults += [f"{lesson.name}: no {relative(p)}" for p in parts if not p.exists()]
        if f"(nbs/{lesson.link})" not in readme:
            faults.append(f"{lesson.name}: README.md has no row for it (make readme)")
    return faults


def check_list():
    "every lesson has its module, solutions, checker and README row; every notebook is listed"
    faults = list_faults(lessons(), README.read_text(encoding="utf-8"))
    stray = found_notebooks() - set(notebooks())
    faults += [f"{relative(p)} is not in nbs/lessons.json" for p in sorted(stray)]
    fail_if(faults)


def is_all(target) -> bool:
    "Whether `target` of an assignment is the name `__all__`"
    return isinstance(target, ast.Name) and target.id == "__all__"


def public_names() -> dict:
    "module -> its `__all__`, read from the source without importing it"
    names = {}
    for module in house.modules():
        body = ast.parse(module_file(module).read_text(encoding="utf-8")).body
        assigned = [n for n in body if isinstance(n, ast.Assign)]
        lists = [ast.literal_eval(n.value) for n in assigned if is_all(n.targets[0])]
        names[module] = lists[0] if lists else []
    return names


def check_wheel():
    "the built wheel works in an empty folder, without the extras"
    with tempfile.TemporaryDirectory() as folder:
        copy, site, empty = (Path(folder) / name for name in ("source", "site", "empty"))
        shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
        empty.mkdir()
        python("-m", "build", "--wheel", "--no-isolation", "--outdir", folder, cwd=copy)
        wheel = next(Path(folder).glob("*.whl"))
        python("-m", "pip", "install", "-qq", "--no-deps", "--target", str(site), str(wheel))
        script = str(ROOT / "tools" / "wheel_check.py")
        names = json.dumps(public_names())
        isolated = {"PYTHONPATH": str(site), "PYTHONSAFEPATH": "1"}
        python(script, str(site), names, cwd=empty, **isolated)


def check_checks():
    "each check fails when it should"
    python("tools/test_checks.py")


def check_attacks():
    "the short form of `make attack` finds nothing silent, hanging or too large"
    python("tools/attack.py", "short")


CHECKS = [
    check_export, check_clean, check_outputs, check_versions, check_readme, check_ruff,
    check_modules, check_sizes, check_lessons, check_sections, check_run_all, check_list,
    check_wheel, check_checks, check_attacks,
]  # fmt: skip
ALONE = [check_attacks]  # its rows have limits of time, and take every core


def attempt(name: str, check) -> bool:
    "Run `check`; print how it went; returns whether it passed"
    started = time.perf_counter()
    error = None
    try:
        check()
    except Exception as e:
        error = f"{type(e).__name__}: {e}"
    verdict = "FAILED" if error else "ok"
    print(f"{verdict:6} {name} ({time.perf_counter() - started:.0f} s)", flush=True)
    if error:
        print(error, flush=True)
    return error is None


def main(*words) -> int:
    def is_wanted(name):
        return not words or any(word in name for word in words)

    before = files(ROOT)
    alone = {c.__doc__: c for c in ALONE if is_wanted(c.__doc__)}
    tests = {c.__doc__: c for c in CHECKS if c not in ALONE} | {
        f"notebook {relative(p)}": partial(run_as_test, p) for p in slowest_first(notebooks())
    }
    wanted = {name: test for name, test in tests.items() if is_wanted(name)}
    if not alone and not wanted:
        raise SystemExit(f"no check has {' or '.join(map(repr, words))} in its name")
    cores = os.cpu_count() or 1
    at_once = min(cores, 8)
    os.environ.setdefault("OMP_NUM_THREADS", str(cores // at_once))  # so that they share the cores
    passed = [attempt(name, check) for name, check in alone.items()]
    with ThreadPoolExecutor(at_once) as pool:
        passed += pool.map(attempt, wanted, wanted.values())

    def check_clone():
        changed = differences(before, files(ROOT))
        assert not changed, f"the run changed {changed}"

    passed.append(attempt("the clone is as it was", check_clone))
    print(f"{sum(passed)} passed, {len(passed) - sum(passed)} failed")
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
