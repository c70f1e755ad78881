"""Run a stored experiment and keep every finished run: python tools/experiments.py NAME [LANES]

With LANES, that many runs go side by side, each in a process of its own with one thread.
experiments/NAME.py defines `SPEC` (`tlcourse.studies.kit.Spec`), or `SETTINGS`, a list of
dictionaries (one per run, each with a seed), and `run(**settings)`, which returns a dictionary of
results. Each finished run is appended to nbs/results/NAME.json at once; runs that are stored
already are skipped, so a stopped experiment loses one run at most. A lesson reads the file, plots
it, asserts what it shows, and runs a small live version.
"""

import importlib.util
import json
import multiprocessing
import os
import platform
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def versions():
    "What the results may depend on"
    import timm
    import torch
    import torchvision

    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "timm": timm.__version__,
        "threads": torch.get_num_threads(),
    }


def read(path):
    "The stored runs at `path`, none if there is no file"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


def write(path, rows):
    "Replace the file at `path` in one step, so that a stop never leaves half of it"
    tmp = path.with_suffix(".part")
    tmp.write_text("[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n", encoding="utf-8")
    os.replace(tmp, path)


@lru_cache
def load_experiment(name):
    "The module experiments/`name`.py; its `SETTINGS` and `run` come from its `SPEC` if it has one"
    folder = ROOT / "experiments"
    sys.path.insert(0, str(folder))  # what several of them share: files whose names begin with _
    spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if hasattr(module, "SPEC"):
        module.SETTINGS, module.run = module.SPEC.settings, module.SPEC.run
    return module


def run_once(name, settings):
    "Run experiment `name` with `settings`; the row to store"
    started = time.perf_counter()
    results = load_experiment(name).run(**settings)
    return {
        "settings": settings,
        "results": results,
        "seconds": round(time.perf_counter() - started, 1),
        "versions": versions(),
        "command": f"make experiments NAME={name}",
    }


def finished_runs(name, settings, lanes):
    "The rows of all `settings`, each as soon as it is there"
    if lanes is None:
        yield from (run_once(name, one) for one in settings)
        return
    os.environ["OMP_NUM_THREADS"] = "1"  # of the processes that are started now
    with ProcessPoolExecutor(lanes, multiprocessing.get_context("spawn")) as pool:
        for future in as_completed([pool.submit(run_once, name, one) for one in settings]):
            yield future.result()


def main(name=None, lanes=None):
    known = sorted(path.stem for path in (ROOT / "experiments").glob("[!_]*.py"))
    if name not in known:
        names = ", ".join(known)
        raise SystemExit(f"which experiment? make experiments NAME=…, one of: {names}")
    path = ROOT / "nbs" / "results" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    rows = read(path)
    stored = [row["settings"] for row in rows]
    settings = load_experiment(name).SETTINGS
    left = [one for one in settings if one not in stored]
    print(f"{name}: {len(settings) - len(left)} of {len(settings)} runs are stored")
    for row in finished_runs(name, left, lanes and int(lanes)):
        rows.append(row)
        write(path, rows)
        print(f"{len(rows)}/{len(settings)} {row['settings']}: {row['results']}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
