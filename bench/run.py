"""The same job in tlcourse, fastai and plain PyTorch, each run a fresh process, alternating.

    make bench                              every job but `whole`: three repetitions
    make bench JOBS=whole                   the job head on the whole data set, once
    python bench/run.py --fresh [JOB ...]   forget the stored rows (of these jobs) first

Every finished run is a row of bench/results.json. Rows that are stored are not run again, so a
stopped benchmark loses one run. The first call builds an environment for fastai in out/bench.
"""

import json
import os
import subprocess
import sys
import threading
import time
from importlib.metadata import version
from pathlib import Path

from common import ARCH
from machine import children_of, machine, memory_of
from summary import table, text

BENCH = Path(__file__).resolve().parent
RESULTS = BENCH / "results.json"
OUT = BENCH.parent / "out" / "bench"
REPEATS = {"extract": 3, "boundary_last": 3, "boundary_half": 3, "all": 3, "head": 3, "whole": 1}
CONTENDERS = ("tlcourse", "fastai", "pytorch")


def write(path: Path, rows: list):
    "Replace the file at `path` in one step, so that a stop never leaves half of it"
    tmp = path.with_suffix(".part")
    tmp.write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n", encoding="utf-8")
    os.replace(tmp, path)


def stored() -> list:
    return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else []


def python_of(folder: Path) -> Path:
    "The interpreter of the environment in `folder`"
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def fastai_python() -> str:
    "The interpreter of fastai's environment, made if needed; shared packages have our versions"
    folder = OUT / "fastai"
    names = ("torch", "torchvision", "timm", "numpy", "pillow")
    wanted = ["fastai==2.8.*"] + [f"{name}=={version(name).partition('+')[0]}" for name in names]
    marker = folder / "made.txt"
    if not marker.exists() or marker.read_text() != " ".join(wanted):
        print("An environment for fastai: a few minutes, once ...", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run([str(python_of(folder)), "-m", "pip", "install", "-qq", *wanted], check=True)
        marker.write_text(" ".join(wanted))
    return str(python_of(folder))


def choose(positions: list, size: int) -> list:
    "`size` of `positions`, evenly spaced; where they are sorted by class, each keeps its share"
    n = len(positions)
    return [p for i, p in enumerate(positions) if (i + 1) * size // n > i * size // n]


def split(labels: list, n_train: int, n_valid: int) -> dict:
    "Positions for training and validation, drawn once with seed 0, stratified by class"
    import numpy as np

    shuffled = np.random.default_rng(0).permutation(len(labels))
    by_class = np.argsort(np.asarray(labels)[shuffled], kind="stable")
    order = [int(i) for i in shuffled[by_class]]
    train = choose(order, n_train)
    rest = [i for i in order if i not in set(train)]
    return {"train": sorted(train), "valid": sorted(choose(rest, n_valid))}


def prepare() -> list:
    "The files that every contender reads: images, labels and splits; weights under timm's names"
    import torch

    from tlcourse.data import solar_cells
    from tlcourse.pretrained import load_pretrained

    OUT.mkdir(parents=True, exist_ok=True)
    cells = solar_cells()
    labels = [int(label) for _, label in cells.items]
    data = {
        "paths": [str(path) for path, _ in cells.items],
        "labels": labels,
        "classes": list(cells.classes),
        "subset": split(labels, 656, 328),
        "whole": split(labels, 1968, 656),
    }
    data_file = OUT / "data.json"
    data_file.write_text(json.dumps(data), encoding="utf-8")
    weights_file = OUT / "weights.pth"
    torch.save(load_pretrained(ARCH).state_dict(), weights_file)
    return [str(data_file), str(weights_file)]


def watch(pid: int, done: threading.Event, found: list):
    "Append the memory of `pid` and all processes below it to `found`, once a second, until `done`"
    while not done.wait(1):
        found.append(memory_of(pid, children_of()))


def wait_for(process) -> int:
    "Wait for the end of `process`; the peak memory of its largest process in bytes, 0 if unknown"
    if not hasattr(os, "wait4"):
        process.wait()
        return 0
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def run(command: list, environment: dict) -> tuple:
    "Run `command`; (its printed lines, its measurements: seconds and peak memory in MB)"
    log = OUT / "job.log"
    done = threading.Event()
    found = [0]
    with open(log, "w", encoding="utf-8") as out:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, env=environment, cwd=BENCH.parent)
        if os.path.isdir("/proc"):
            threading.Thread(target=watch, args=(process.pid, done, found), daemon=True).start()
        largest = wait_for(process)
        seconds = time.perf_counter() - start
        done.set()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed with {process.returncode}")
    measured = {
        "seconds": round(seconds, 2),
        "peak_mb": round(max(max(found), largest) / 1e6),
        "largest_process_mb": round(largest / 1e6),
    }
    return log.read_text(encoding="utf-8").splitlines(), measured


def plan(jobs: list):
    """(job, repeat, script, contenders whose rows it gives), one repetition of every job at a time.

    The contenders change places from one repetition to the next.
    """
    for repeat in range(max(REPEATS.values())):
        for job in jobs:
            if repeat >= REPEATS[job]:
                continue
            if job.startswith("boundary"):
                yield job, repeat, "boundary.py", ("with cache", "without cache")
                continue
            for name in CONTENDERS[repeat % 3 :] + CONTENDERS[: repeat % 3]:
                is_two_sizes = (job, name) == ("extract", "pytorch")
                names = (name, "pytorch, batches of 64") if is_two_sizes else (name,)
                yield job, repeat, f"{name}_job.py", names


def warm_up(pythons: dict):
    "Import everything once, so that no first run alone compiles and reads from a cold disk"
    for script, python in pythons.items():
        code = f"import sys; sys.path.insert(0, 'bench'); import {script[:-3]}"
        subprocess.run([python, "-c", code], check=True, cwd=BENCH.parent)


def rows_of(job: str, repeat: int, contenders: tuple, command: list, environment: dict) -> list:
    "Run `command`, and make a row for each of `contenders` of what it printed"
    printed, measured = run(command, environment)
    rows = []
    for contender, found in zip(contenders, json.loads(printed[-1])):
        row = {"job": job, "contender": contender, "repeat": repeat}
        rows.append(row | measured | found | {"machine": machine()})
        numbers = {k: v for k, v in found.items() if isinstance(v, (int, float))}
        seconds = measured["seconds"]
        print(f"{job}, repetition {repeat}, {contender}: {seconds:.1f} s, {numbers}", flush=True)
    return rows


def jobs_of(args: tuple) -> list:
    "The jobs that the command line names, all but `whole` by default"
    jobs = [a for a in args if a != "--fresh"] or [job for job in REPEATS if job != "whole"]
    if unknown := set(jobs) - set(REPEATS):
        raise SystemExit(f"no jobs of these names: {sorted(unknown)}; there are {list(REPEATS)}")
    return jobs


def main(*args):
    jobs = jobs_of(args)
    rows = [row for row in stored() if not ("--fresh" in args and row["job"] in jobs)]
    ours = ("tlcourse_job.py", "pytorch_job.py", "boundary.py")
    pythons = dict.fromkeys(ours, sys.executable) | {"fastai_job.py": fastai_python()}
    environment = {k: v for k, v in os.environ.items() if k != "IN_TEST"}  # it would load slower
    files = prepare()
    warm_up(pythons)
    for job, repeat, script, contenders in plan(jobs):
        known = {(row["job"], row["contender"], row["repeat"]) for row in rows}
        if {(job, name, repeat) for name in contenders} <= known:
            continue
        command = [pythons[script], str(BENCH / script), job, *files, str(repeat)]
        rows += rows_of(job, repeat, contenders, command, environment)
        write(RESULTS, rows)
    print(text(table(rows)))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
