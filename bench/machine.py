"""The machine in words, and the memory of a process and all processes below it."""

import os
import platform
from pathlib import Path


def cpu_flags() -> dict:
    "The first value of every field of /proc/cpuinfo; {} where there is none"
    try:
        info = Path("/proc/cpuinfo").read_text()
    except OSError:
        return {}
    pairs = (line.partition(":") for line in info.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def describe_cpu() -> str:
    "The name of the CPU, and which of the instructions that matter here it has"
    fields = cpu_flags()
    if not fields:
        return platform.processor() or platform.machine()
    flags = fields.get("flags", fields.get("Features", "")).split()
    has = {
        "AVX2": "avx2" in flags,
        "AVX-512": "avx512f" in flags,
        "bfloat16": bool({"avx512_bf16", "amx_bf16", "bf16"} & set(flags)),
    }
    name = fields.get("model name", platform.machine())
    return ", ".join([name] + [f"{'with' if has[k] else 'without'} {k}" for k in has])


def machine() -> str:
    "CPU, memory and system of this machine"
    words = [f"{os.cpu_count()} cores of {describe_cpu()}"]
    try:
        n_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        words.append(f"{n_bytes / 2**30:.0f} GB of memory")
    except (AttributeError, ValueError):
        pass
    return ", ".join([*words, platform.system()])


def children_of() -> dict:
    "Parent -> children of all processes, as /proc lists them"
    children = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            parent = int(Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue  # it ended meanwhile
        children.setdefault(parent, []).append(int(entry))
    return children


def own_memory(pid: int) -> int:
    """Bytes that the process `pid` holds in memory; 0 if it has ended.

    A page that k processes share, as after a fork, counts 1/k for each of them.
    """
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return 0


def memory_of(pid: int, children: dict) -> int:
    "Bytes that `pid` and all processes below it hold"
    return own_memory(pid) + sum(memory_of(child, children) for child in children.get(pid, ()))
