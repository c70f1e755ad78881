"""Every check that CI makes; `make test` calls it. Prints a line for each check, then `N passed, N failed`.

    python tools/check.py            everything
    python tools/check.py WORD ...   only the checks whose name contains one of the words
"""
import ast, hashlib, json, os, re, shutil, subprocess, sys, tempfile, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from notebooks import README, ROOT, code_hash, is_noise, notebooks, read, readme_text

LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "out", "build", "dist", "*.egg-info", "__pycache__", ".ipynb_checkpoints", "_docs", "_proc", ".last_checked")
MACHINE_PATH = re.compile(r"/(root|work|home|tmp|Users|var/folders)/|[A-Z]:\\\\Users", re.I)


def files(folder):
    "Every file of the project below `folder`, as relative path -> SHA-256; what git ignores is left out"
    found = {}
    for top, folders, names in os.walk(folder):
        left_out = LEFT_OUT(top, folders + names)
        folders[:] = [f for f in folders if f not in left_out]
        for name in set(names) - left_out:
            path = Path(top) / name
            found[path.relative_to(folder).as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def differences(before, after): return sorted(k for k in before.keys() | after.keys() if before.get(k) != after.get(k))


def python(*args, cwd=ROOT, **env):
    "Run this Python with `args`; its output is in the error if it fails"
    done = subprocess.run([sys.executable, *args], cwd=cwd, env={**os.environ, **env}, capture_output=True, text=True, encoding="utf-8", errors="replace")
    if done.returncode: raise AssertionError(f"{done.stdout[-2000:]}\n{done.stderr[-6000:]}")
    return done.stdout


def in_copy(code, compared):
    "Run `code` in a copy of the project; the files that `compared` picks must come out as they went in"
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "tlcourse"
        shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
        before = files(copy)
        python("-c", code, cwd=copy)
        return [name for name in differences(before, files(copy)) if compared(name)]


def check_export():
    "the package is what the notebooks export"
    code = "import shutil; shutil.rmtree('tlcourse'); from nbdev.doclinks import nbdev_export; nbdev_export.__wrapped__()"
    changed = in_copy(code, lambda name: name.startswith("tlcourse/") or name == "pyproject.toml")
    assert not changed, f"run `make export`: {changed} differ from a fresh export"


def check_clean():
    "nbdev_clean changes nothing"
    changed = in_copy("from nbdev.clean import nbdev_clean; nbdev_clean.__wrapped__()", lambda name: name.endswith(".ipynb"))
    assert not changed, f"run nbdev_clean: {changed} are not clean"


def check_outputs():
    "saved outputs belong to their source, hold no error, no machine path, no widget, at most 2 MB"
    wrong = []
    for path in notebooks():
        nb, name = read(path), path.relative_to(ROOT).as_posix()
        outputs = [o for c in nb.cells if c.cell_type == "code" for o in c.outputs]
        if nb.metadata.get("executed") != code_hash(nb): wrong.append(f"{name}: its outputs are not those of its code (make run NB={name})")
        if any(o.output_type == "error" for o in outputs): wrong.append(f"{name}: a saved traceback")
        if any(is_noise(o) for o in outputs): wrong.append(f"{name}: a progress bar, warning or widget among its outputs")
        if found := MACHINE_PATH.search(json.dumps([{k: v for k, v in o.items()} for o in outputs])): wrong.append(f"{name}: a machine path, {found[0]}")
        if path.stat().st_size > 2e6: wrong.append(f"{name}: {path.stat().st_size / 1e6:.1f} MB")
    assert not wrong, "\n".join(wrong)


def check_readme():
    "README.md is made from nbs/index.ipynb"
    assert README.read_text(encoding="utf-8") == readme_text(), "run `make readme`: README.md differs from nbs/index.ipynb"
    assert len(README.read_text(encoding="utf-8").splitlines()) < 80, "README.md has 80 lines or more"


def public_names():
    "module -> its `__all__`, read from the source without importing it"
    names = {}
    for path in sorted((ROOT / "tlcourse").rglob("*.py")):
        if path.stem.startswith("_"): continue
        lists = [ast.literal_eval(n.value) for n in ast.parse(path.read_text(encoding="utf-8")).body
                 if isinstance(n, ast.Assign) and n.targets[0].id == "__all__"]
        names[".".join(path.relative_to(ROOT).with_suffix("").parts)] = lists[0] if lists else []
    return names


def check_wheel():
    "the built wheel works in an empty folder, without the extras"
    with tempfile.TemporaryDirectory() as folder:
        copy, site, empty = Path(folder) / "source", Path(folder) / "site", Path(folder) / "empty"
        shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
        empty.mkdir()
        python("-m", "build", "--wheel", "--no-isolation", "--outdir", folder, cwd=copy)
        python("-m", "pip", "install", "-qq", "--no-deps", "--target", str(site), str(next(Path(folder).glob("*.whl"))))
        python(str(ROOT / "tools" / "wheel_check.py"), str(site), json.dumps(public_names()), cwd=empty, PYTHONPATH=str(site), PYTHONSAFEPATH="1")


def check_notebook(path): python("-c", f"from nbdev.test import nbdev_test; nbdev_test.__wrapped__({str(path)!r})")


def attempt(name, check):
    "Run `check`; print how it went; returns whether it passed"
    started, error = time.perf_counter(), None
    try: check()
    except Exception as e: error = f"{type(e).__name__}: {e}"
    print(f"{'FAILED' if error else 'ok':6} {name} ({time.perf_counter() - started:.0f} s)" + (f"\n{error}" if error else ""), flush=True)
    return error is None


def main(*words):
    wanted = lambda name: not words or any(w in name for w in words)
    before, passed = files(ROOT), []
    for check in (check_export, check_clean, check_outputs, check_readme, check_wheel):
        if wanted(check.__doc__): passed.append(attempt(check.__doc__, check))
    named = [(f"notebook {p.relative_to(ROOT).as_posix()}", lambda p=p: check_notebook(p)) for p in notebooks()]
    with ThreadPoolExecutor(min(os.cpu_count() or 1, 8)) as pool:
        passed += pool.map(lambda pair: attempt(*pair), [pair for pair in named if wanted(pair[0])])
    def undisturbed():
        changed = differences(before, files(ROOT))
        assert not changed, f"the run changed {changed}"
    passed.append(attempt("the clone is as it was", undisturbed))
    print(f"{sum(passed)} passed, {len(passed) - sum(passed)} failed")
    return 0 if all(passed) else 1


if __name__ == "__main__": sys.exit(main(*sys.argv[1:]))
