"""The same job in tlcourse, fastai and plain PyTorch, each run a fresh process, alternating; every finished run is a row of bench/results.json.

    make bench                          the jobs head, all, extract, boundary_last, boundary_half: three repetitions
    make bench JOBS=whole               the job head on the whole data set, once
    python bench/run.py --fresh [JOB ...]   forget the stored rows (of these jobs) first

Rows that are stored are not run again, so a stopped benchmark loses one run. The first call builds fastai an environment of its own in out/bench.
"""

import json
import os
import platform
import subprocess
import sys
import threading
import time
from importlib.metadata import version
from pathlib import Path

from common import ARCH
from summary import table, text

BENCH = Path(__file__).resolve().parent
RESULTS, OUT = BENCH / "results.json", BENCH.parent / "out" / "bench"
REPEATS = {"extract": 3, "boundary_last": 3, "boundary_half": 3, "all": 3, "head": 3, "whole": 1}
CONTENDERS = ("tlcourse", "fastai", "pytorch")


def write(path, rows):
    "Replace the file at `path` in one step, so that a stop never leaves half of it"
    part = path.with_suffix(".part")
    part.write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n", encoding="utf-8")
    os.replace(part, path)


def stored():
    return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else []


def python_of(folder):
    "The interpreter of the environment in `folder`"
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def fastai_python():
    "The interpreter of fastai's environment, with our versions of everything that both use; made if it is not there"
    folder, names = OUT / "fastai", ("torch", "torchvision", "timm", "numpy", "pillow")
    wanted = ["fastai==2.8.*"] + [f"{name}=={version(name).partition('+')[0]}" for name in names]
    made = folder / "made.txt"
    if not made.exists() or made.read_text() != " ".join(wanted):
        print("An environment for fastai: a few minutes, once ...", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run([str(python_of(folder)), "-m", "pip", "install", "-qq", *wanted], check=True)
        made.write_text(" ".join(wanted))
    return str(python_of(folder))


def choose(positions, size):
    "`size` of `positions`, evenly spaced: if they are in the order of their classes, every class keeps its share"
    n = len(positions)
    return [p for i, p in enumerate(positions) if (i + 1) * size // n > i * size // n]


def deal(labels, sizes):
    "Positions for training and validation, (so many, so many), drawn once with seed 0, every class with its share"
    import numpy as np

    shuffled = np.random.default_rng(0).permutation(len(labels))
    order = [int(i) for i in shuffled[np.argsort(np.asarray(labels)[shuffled], kind="stable")]]
    train = choose(order, sizes[0])
    rest = [i for i in order if i not in set(train)]
    return {"train": sorted(train), "valid": sorted(choose(rest, sizes[1]))}


def prepare():
    "The files that every contender reads: pictures, labels and splits, and the weights under timm's names"
    import torch

    from tlcourse.data import solar_cells
    from tlcourse.pretrained import load_pretrained

    OUT.mkdir(parents=True, exist_ok=True)
    data, weights = solar_cells(), OUT / "weights.pth"
    labels = [int(label) for _, label in data.items]
    splits = {"subset": deal(labels, (656, 328)), "whole": deal(labels, (1968, 656))}
    (OUT / "data.json").write_text(
        json.dumps(
            {
                "paths": [str(path) for path, _ in data.items],
                "labels": labels,
                "classes": list(data.classes),
                **splits,
            }
        ),
        encoding="utf-8",
    )
    torch.save(load_pretrained(ARCH).state_dict(), weights)
    return [str(OUT / "data.json"), str(weights)]


def processor():
    "The name of the processor, and which of the instructions that matter here it has"
    try:
        info = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine()
    fields = {
        k.strip(): v.strip() for k, _, v in (line.partition(":") for line in info.splitlines())
    }
    flags = fields.get("flags", fields.get("Features", "")).split()
    has = {
        "AVX2": "avx2" in flags,
        "AVX-512": "avx512f" in flags,
        "bfloat16": bool({"avx512_bf16", "amx_bf16", "bf16"} & set(flags)),
    }
    return ", ".join(
        [fields.get("model name", platform.machine())]
        + [f"{'with' if there else 'without'} {name}" for name, there in has.items()]
    )


def machine():
    "The machine in words"
    try:
        memory = (
            f", {os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GB of memory"
        )
    except (AttributeError, ValueError):
        memory = ""
    return f"{os.cpu_count()} cores of {processor()}{memory}, {platform.system()}"


def processes():
    "Parent -> children, as /proc tells"
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            parent = int(Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue  # it ended meanwhile
        found.setdefault(parent, []).append(int(entry))
    return found


def own_memory(pid):
    "Bytes that the process `pid` holds in memory: a page that k processes share, as after a fork, counts 1/k for each of them; 0 if it has ended"
    try:
        return 1024 * next(
            int(line.split()[1])
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            if line.startswith("Pss:")
        )
    except (OSError, StopIteration):
        return 0


def memory_of(pid, children):
    return own_memory(pid) + sum(memory_of(child, children) for child in children.get(pid, ()))


def watch(pid, done, found):
    "Append the memory of `pid` and all processes below it to `found`, once a second (the kernel walks every page for it), until `done`"
    while not done.wait(1):
        found.append(memory_of(pid, processes()))


def run(command, environment):
    "Run `command`; its printed lines, the seconds from start to exit, and the peak memory in MB of all its processes together and of its largest one"
    log, done, found = OUT / "job.log", threading.Event(), [0]
    with open(log, "w", encoding="utf-8") as out:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, env=environment, cwd=BENCH.parent)
        if os.path.isdir("/proc"):
            threading.Thread(target=watch, args=(process.pid, done, found), daemon=True).start()
        if hasattr(os, "wait4"):
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode, largest = (
                os.waitstatus_to_exitcode(status),
                usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
            )
        else:
            process.wait()
            largest = 0
        seconds = time.perf_counter() - start
        done.set()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed with {process.returncode}")
    return (
        log.read_text(encoding="utf-8").splitlines(),
        seconds,
        max(max(found), largest) / 1e6,
        largest / 1e6,
    )


def plan(jobs):
    "(job, repeat, script, contenders whose rows it gives): a repetition of every job, then the next; the contenders change places from one to the next"
    for repeat, job in (
        (repeat, job)
        for repeat in range(max(REPEATS.values()))
        for job in jobs
        if repeat < REPEATS[job]
    ):
        if job.startswith("boundary"):
            yield job, repeat, "boundary.py", ("with cache", "without cache")
        else:
            for name in CONTENDERS[repeat % 3 :] + CONTENDERS[: repeat % 3]:
                yield (
                    job,
                    repeat,
                    f"{name}_job.py",
                    (name, "pytorch, batches of 64")
                    if (job, name) == ("extract", "pytorch")
                    else (name,),
                )


def warm_up(pythons):
    "Import everything once, so that no contender's first run alone compiles and reads its packages from a cold disk"
    for script, python in pythons.items():
        subprocess.run(
            [python, "-c", f"import sys; sys.path.insert(0, 'bench'); import {script[:-3]}"],
            check=True,
            cwd=BENCH.parent,
        )


def main(*args):
    jobs = [a for a in args if a != "--fresh"] or [job for job in REPEATS if job != "whole"]
    if unknown := set(jobs) - set(REPEATS):
        raise SystemExit(f"no jobs of these names: {sorted(unknown)}; there are {list(REPEATS)}")
    rows = [row for row in stored() if not ("--fresh" in args and row["job"] in jobs)]
    pythons = {
        script: sys.executable for script in ("tlcourse_job.py", "pytorch_job.py", "boundary.py")
    } | {"fastai_job.py": fastai_python()}
    files, environment = (
        prepare(),
        {k: v for k, v in os.environ.items() if k != "IN_TEST"},
    )  # in tests tlcourse loads without helpers
    warm_up(pythons)
    for job, repeat, script, contenders in plan(jobs):
        if {(job, c, repeat) for c in contenders} <= {
            (r["job"], r["contender"], r["repeat"]) for r in rows
        }:
            continue
        printed, seconds, peak, largest = run(
            [pythons[script], str(BENCH / script), job, *files, str(repeat)], environment
        )
        for contender, found in zip(contenders, json.loads(printed[-1])):
            measured = {
                "seconds": round(seconds, 2),
                "peak_mb": round(peak),
                "largest_process_mb": round(largest),
            }
            rows.append(
                {"job": job, "contender": contender, "repeat": repeat}
                | measured
                | found
                | {"machine": machine()}
            )
            print(
                f"{job}, repetition {repeat}, {contender}: {seconds:.1f} s, { ({k: v for k, v in found.items() if isinstance(v, (int, float))}) }",
                flush=True,
            )
        write(RESULTS, rows)
    print(text(table(rows)))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
