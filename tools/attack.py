"""Attacks on the package's promises as a table of figures; `make attack` calls it.

python tools/attack.py            everything (ten minutes); fails unless all is as it should be
python tools/attack.py short      the quick rows only (seconds), which CI runs too
python tools/attack.py NAME ...   the rows whose kind/name contains one of the words, in words

Each row runs in a process of its own, in an empty folder, on one thread, with limits of time and
memory. "right": the right value. "clear": an error that names what was given and what to do.
"obscure": any other error. "silent": a wrong value without a word.
"""

import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from attacks.rows import ROWS, Row
from attacks.verdicts import VERDICTS, Verdict, judge

MAX_GROWTH = 1e9  # bytes above what the imports take
KILLED_AT = 2.5e9  # bytes
OBSCURE_SHARE = 0.03


class Running(NamedTuple):
    "A row that runs in the process `pid`"

    row: Row
    pid: int
    folder: Path
    started: float
    peak: list  # of one number: the largest growth seen so far, in bytes


def anonymous_bytes(pid) -> int:
    "The memory of the process `pid` that no file stands behind"
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))


def import_slow_things():
    "What every row needs, imported once: a fork costs milliseconds"
    import torch

    torch.set_num_threads(1)  # no thread may run when a process is forked
    os.environ |= {"OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"}
    from attacks import things  # noqa: F401

    import tlcourse.attribution
    import tlcourse.finetuning
    import tlcourse.training  # noqa: F401


def enter(folder: Path):
    "Make `folder` the place of all that this process writes"
    os.setsid()
    for name in ("cache", "tmp", "here"):
        (folder / name).mkdir(parents=True)
    os.environ |= {"TLCOURSE_CACHE": str(folder / "cache"), "TMPDIR": str(folder / "tmp")}
    tempfile.tempdir = None
    os.chdir(folder / "here")
    log = os.open(folder / "log.txt", os.O_WRONLY | os.O_CREAT)
    os.dup2(log, 1)
    os.dup2(log, 2)


def start(row: Row, folder: Path) -> Running:
    "Fork a process that runs `row` and writes its verdict to a file in `folder`"
    pid = os.fork()
    if not pid:
        try:
            enter(folder)
            verdict = judge(row)
            (folder / "verdict.json").write_text(json.dumps(verdict))
        finally:
            os._exit(0)
    return Running(row, pid, folder, time.monotonic(), [0])


def stop(pid):
    "End the process `pid` and all that it started"
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def is_over(running: Running, base: int) -> bool:
    "Whether the row has ended; it is ended when it takes too much"
    growth = anonymous_bytes(running.pid) - base
    running.peak[0] = max(running.peak[0], growth)
    if growth > KILLED_AT or time.monotonic() - running.started > running.row.seconds:
        stop(running.pid)
        os.waitpid(running.pid, 0)
        return True
    return os.waitpid(running.pid, os.WNOHANG)[0] != 0


def verdict_of(running: Running) -> Verdict:
    "What the row came to"
    if running.peak[0] > MAX_GROWTH:
        return Verdict("over 1 GB", f"{running.peak[0] / 1e9:.1f} GB")
    file = running.folder / "verdict.json"
    if file.exists():
        return Verdict(*json.loads(file.read_text()))
    if time.monotonic() - running.started > running.row.seconds:
        return Verdict("hang", f"more than {running.row.seconds:.0f} s")
    return Verdict("obscure", "the process died")


def run_alone(call, folder: Path):
    "Run `call(folder)` in a process of its own, and wait for it"
    pid = os.fork()
    if not pid:
        code = 1
        try:
            enter(folder.with_name(f"{folder.name} prepared"))
            call(folder)
            code = 0
        finally:
            os._exit(code)
    if os.waitpid(pid, 0)[1]:
        raise SystemExit(f"{call.__name__} could not prepare its rows: see {folder}")


def prepare(rows: list, top: Path):
    "What several rows share is made once, in a folder that the rows know by TLCOURSE_SHELF"
    os.environ["TLCOURSE_SHELF"] = str(top)
    for call in dict.fromkeys(row.prepare for row in rows if row.prepare):
        folder = top / call.__name__
        folder.mkdir()
        run_alone(call, folder)


def run_rows(rows: list, top: Path, n_at_once: int):
    "Yield (row, verdict) as they end"
    base = anonymous_bytes(os.getpid())
    waiting = list(enumerate(rows))[::-1]
    running = []
    while waiting or running:
        while waiting and len(running) < n_at_once:
            i, row = waiting.pop()
            running.append(start(row, top / f"row{i}"))
        time.sleep(0.005)
        for one in [r for r in running if is_over(r, base)]:
            running.remove(one)
            stop(one.pid)  # what it started and left behind
            yield one.row, verdict_of(one)


def table(results: list) -> str:
    "Tried and verdicts by kind"
    kinds = list(dict.fromkeys(row.kind for row, _ in results))
    lines = [f"{'kind':12}{'tried':>7}" + "".join(f"{v:>11}" for v in VERDICTS)]
    for kind in [*kinds, "all"]:
        found = [v.kind for row, v in results if kind in (row.kind, "all")]
        counts = "".join(f"{found.count(v):11}" for v in VERDICTS)
        lines.append(f"{kind:12}{len(found):7}{counts}")
    return "\n".join(lines)


def is_fine(row: Row, verdict: Verdict) -> bool:
    return verdict.kind == "right" or (verdict.kind == "clear" and not row.must_be_right)


def faults(results: list) -> list:
    "What must not be: anything silent, hanging, too large or dead; more obscure words than a few"
    lines, n_obscure = [], 0
    for row, verdict in results:
        excused = verdict.kind == "obscure" and not row.must_be_right
        n_obscure += excused
        if not excused and not is_fine(row, verdict):
            lines.append(f"{row.full_name()}: {verdict.kind}")
    if n_obscure > OBSCURE_SHARE * len(results):
        lines.append(f"{n_obscure} of {len(results)} errors are obscure")
    return lines


def wanted_rows(words) -> list:
    "The rows that `words` ask for, by kind"
    import attacks.all  # noqa: F401 - registers them

    if words == ("short",):
        return [row for row in ROWS if row.quick]
    return [row for row in ROWS if not words or any(w in row.full_name() for w in words)]


def main(*words) -> int:
    if not hasattr(os, "fork"):
        print("the attacks need a system that can fork a process: Linux or macOS")
        return 0
    import_slow_things()
    rows, started = wanted_rows(words), time.monotonic()
    chatty = bool(words) and words != ("short",)
    results = []
    with tempfile.TemporaryDirectory() as folder:
        prepare(rows, Path(folder))
        for row, verdict in run_rows(rows, Path(folder), min(os.cpu_count() or 1, 4)):
            results.append((row, verdict))
            if chatty or not is_fine(row, verdict):
                print(f"{verdict.kind:10} {row.full_name()}: {verdict.words}", flush=True)
    print(table(results))
    found = faults(results)
    print(f"{len(results)} rows, {len(found)} faults, {time.monotonic() - started:.0f} s")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
