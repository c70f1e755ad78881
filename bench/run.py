"""The same job in tlcourse, fastai and plain PyTorch, each run a fresh process, alternating.

    make bench                              every job but `whole`: three repetitions
    make bench JOBS=whole                   the job head on the whole data set, once
    make bench JOBS=accuracy                seconds to a fixed accuracy: see accuracy.py
    python bench/run.py --fresh [JOB ...]   forget the stored rows (of these jobs) first

Every finished run is a row of bench/results.json. Rows that are stored are not run again, so a
stopped benchmark loses one run. The first call builds an environment for fastai and Keras in
out/bench.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from machine import machine
from processes import OUT, others_python, run, write
from summary import table, text

BENCH = Path(__file__).resolve().parent
RESULTS = BENCH / "results.json"
REPEATS = {"extract": 3, "boundary_last": 3, "boundary_half": 3, "all": 3, "head": 3, "whole": 1}
CONTENDERS = ("tlcourse", "fastai", "pytorch")


def stored() -> list:
    return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else []


def prepare() -> list:
    "The files that every contender reads"
    from material import solar, weights

    OUT.mkdir(parents=True, exist_ok=True)
    data_file = OUT / "data.json"
    data_file.write_text(json.dumps(solar()), encoding="utf-8")
    return [str(data_file), weights()]


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
        known = [*REPEATS, "accuracy"]  # the last one alone
        raise SystemExit(f"no jobs of these names: {sorted(unknown)}; there are {known}")
    return jobs


def main(*args):
    if args[:1] == ("accuracy",):
        import accuracy

        return accuracy.main(*args[1:])
    jobs = jobs_of(args)
    rows = [row for row in stored() if not ("--fresh" in args and row["job"] in jobs)]
    ours = ("tlcourse_job.py", "pytorch_job.py", "boundary.py")
    pythons = dict.fromkeys(ours, sys.executable) | {"fastai_job.py": others_python()}
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
