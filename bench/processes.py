"""Each run a fresh process: where it runs, how long, and how much memory it takes."""

import json
import os
import subprocess
import sys
import sysconfig
import threading
import time
from importlib.metadata import version
from pathlib import Path

from machine import children_of, memory_of

BENCH = Path(__file__).resolve().parent
OUT = BENCH.parent / "out" / "bench"
OTHERS = ("fastai==2.8.*", "keras==3.*")  # what the project does not need itself


def write(path: Path, rows: list):
    "Replace the file at `path` in one step, so that a stop never leaves half of it"
    tmp = path.with_suffix(".part")
    tmp.write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n", encoding="utf-8")
    os.replace(tmp, path)


def python_of(folder: Path) -> Path:
    "The interpreter of the environment in `folder`"
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def _site_packages(python: Path) -> Path:
    "Where the environment of the interpreter `python` has its packages"
    code = "import sysconfig; print(sysconfig.get_paths()['purelib'])"
    return Path(subprocess.check_output([str(python), "-c", code], text=True).strip())


def others_python() -> str:
    """The interpreter of the environment of fastai and Keras, made if needed.

    It lies over ours, so that all that they share (torch, timm, …) is the same.
    """
    folder, ours = OUT / "others", sysconfig.get_paths()["purelib"]
    marker, wanted = folder / "made.txt", " ".join([*OTHERS, version("torch"), ours])
    python = python_of(folder)
    if not marker.exists() or marker.read_text(encoding="utf-8") != wanted:
        print("An environment for fastai and Keras: a minute, once ...", flush=True)
        command = [sys.executable, "-m", "venv", "--clear", "--without-pip", str(folder)]
        subprocess.run(command, check=True)
        (_site_packages(python) / "ours.pth").write_text(ours + "\n", encoding="utf-8")
        subprocess.run([str(python), "-m", "pip", "install", "-qq", *OTHERS], check=True)
        marker.write_text(wanted, encoding="utf-8")
    return str(python)


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
