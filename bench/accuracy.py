"""Seconds to a fixed validation accuracy: each contender by its own documented recipe.

    make bench JOBS=accuracy                    three seeds; what is stored is not run again
    make bench JOBS="accuracy --limit 900"      an epoch that ends later ends its run (1800)
    make bench JOBS="accuracy --fresh"          forget what is stored
    make bench JOBS="accuracy --tiny"           a try: few images, an epoch of each phase

A run ends at the target, with its recipe, or at the limit. Its seconds are those since its process
began: imports, reading, extraction, training and validation after each epoch. Every run is a fresh
process on the same two cores, with an empty cache for tlcourse, and a row of bench/accuracy.json.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from accuracy_table import CONTENDERS, PARTS, TARGETS, table, text
from machine import machine
from processes import BENCH, OUT, others_python, run, write

RESULTS = BENCH / "accuracy.json"
TRIED = OUT / "accuracy_tiny.json"
SEEDS = (0, 1, 2)
CORES = 2
LIMIT = 1800
OTHERS = ("fastai", "keras")
CANNOT = {("timm", "head"): "train.py has no option that freezes the body"}
KEY = ("task", "part", "contender", "seed")


def options(args) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="accuracy", description=__doc__.partition("\n")[0])
    parser.add_argument("--limit", type=float, default=LIMIT)
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--tiny", action="store_true")
    return parser.parse_args(args)


def stored(path: Path) -> list:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


def plan(seeds) -> list:
    "All runs, seed by seed; the contenders change places from one seed to the next"
    runs = []
    for seed in seeds:
        k = seed % len(CONTENDERS)
        in_turn = CONTENDERS[k:] + CONTENDERS[:k]
        runs += [(task, part, name, seed) for task in TARGETS for part in PARTS for name in in_turn]
    return runs


def is_done(row: dict, limit: float) -> bool:
    "Whether a stored row says all that a run with this `limit` would"
    return row.get("ended") != "limit" or row["limit"] >= limit


def asked(task: str, part: str, seed: int, data: dict, options) -> dict:
    "What the recipe is told"
    given = dict(data[task], part=part, seed=seed, limit=options.limit)
    if not options.tiny:
        return given | {"target": TARGETS[task], "most_epochs": None}
    few = {"train": given["train"][::20], "valid": given["valid"][::20]}
    return given | few | {"target": 2.0, "most_epochs": 1}  # never reached: all phases run


def environment(cache: str) -> dict:
    "That of the runs: two threads, an empty cache"
    variables = {k: v for k, v in os.environ.items() if k != "IN_TEST"}  # it would load slower
    return variables | {"TLCOURSE_CACHE": cache, "OMP_NUM_THREADS": str(CORES)}


def measure(name: str, given: dict, python: str) -> dict:
    "One run of the recipe of `name`: what it printed, and what was measured from outside"
    file = OUT / "asked.json"
    with tempfile.TemporaryDirectory() as cache:
        file.write_text(json.dumps(given | {"started": time.time()}), encoding="utf-8")
        command = [python, str(BENCH / f"recipe_{name}.py"), str(file)]
        printed, measured = run(command, environment(cache))
    return json.loads(printed[-1])[0] | measured


def same_cores():
    "Keep this process, and those that it starts, on the first cores, where that is possible"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])


def row_of(task, part, name, seed, data, python: str, options) -> dict:
    "A row of the results"
    row = {"task": task, "part": part, "contender": name, "seed": seed, "limit": options.limit}
    if (name, part) in CANNOT:
        return row | {"cannot": CANNOT[name, part]}
    given = asked(task, part, seed, data, options)
    measured = measure(name, given, python)
    sizes = {"n_train": len(given["train"]), "n_valid": len(given["valid"])}
    return row | measured | sizes | {"target": given["target"], "machine": machine()}


def material() -> dict:
    "Tasks, each with its images, and the weights"
    from material import tasks, weights

    file = weights()
    return {task: parts | {"weights": file} for task, parts in tasks().items()}


def warm_up(pythons: dict, data: dict):
    "Import every recipe and read every image once, so that no run alone reads from a cold disk"
    for name, python in pythons.items():
        code = f"import sys; sys.path.insert(0, 'bench'); import recipe_{name}"
        subprocess.run([python, "-c", code], check=True, cwd=BENCH.parent)
    for given in data.values():
        for path, _ in given["train"] + given["valid"]:
            Path(path).read_bytes()


def main(*args):
    chosen = options(args)
    path = TRIED if chosen.tiny else RESULTS
    same_cores()
    pythons = dict.fromkeys(CONTENDERS, sys.executable) | dict.fromkeys(OTHERS, others_python())
    data = material()
    warm_up(pythons, data)
    rows = [] if chosen.fresh else [r for r in stored(path) if is_done(r, chosen.limit)]
    failed = []
    for task, part, name, seed in plan(SEEDS[:1] if chosen.tiny else SEEDS):
        if (task, part, name, seed) in {tuple(row[key] for key in KEY) for row in rows}:
            continue
        try:
            row = row_of(task, part, name, seed, data, pythons[name], chosen)
        except SystemExit as e:  # the others go on; it is tried again next time
            failed.append(str(e))
            print(e, flush=True)
            continue
        rows.append(row)
        write(path, rows)
        said = {key: row.get(key) for key in ("to_target", "best_accuracy", "ended", "seconds")}
        print(f"{task}, {part}, seed {seed}, {name}: {row.get('cannot') or said}", flush=True)
    print(text(table(rows)))
    return "\n".join(failed) or None
