"""Rows of a table from bench/accuracy.json. Nothing to install, so that a notebook can read it.

table(json.loads(Path("bench/accuracy.json").read_text()))
"""

from math import inf
from statistics import median

TARGETS = {"solar cells": 0.80, "ants and bees": 0.95}
PARTS = ("head", "fine-tuning")
CONTENDERS = ("tlcourse", "pytorch", "fastai", "keras", "timm")


def _seconds(rows) -> float:
    "The median of the seconds to the target; infinite where half of the runs did not reach it"
    return median(inf if row["to_target"] is None else row["to_target"] for row in rows)


def _of(results, task, part, contender) -> list:
    wanted = (task, part, contender)
    return [row for row in results if (row["task"], row["part"], row["contender"]) == wanted]


def _row(results, task, part, contender) -> dict:
    "A row of the table: medians over the seeds"
    named = {"task": task, "part": part, "contender": contender}
    rows = _of(results, task, part, contender)
    if "cannot" in rows[0]:
        return named | {"cannot": rows[0]["cannot"]}
    seconds, base = _seconds(rows), _of(results, task, part, "tlcourse")
    ours = _seconds(base) if base else inf
    is_reached = seconds < inf
    return named | {
        "runs": len(rows),
        "reached": sum(row["to_target"] is not None for row in rows),
        "target": rows[0]["target"],
        "seconds": seconds if is_reached else None,
        "ratio": seconds / ours if is_reached and ours < inf else None,
        "best_accuracy": median(row["best_accuracy"] for row in rows),
        "epochs": median(len(row["epochs"]) for row in rows),
        "seen": median(row["seen"] for row in rows),
        "spent": median(row["epochs"][-1]["seconds"] for row in rows),
        "ended": [row["ended"] for row in rows],
        "peak_mb": median(row["peak_mb"] for row in rows),
    }


def table(results) -> list:
    "A dictionary per task, part and contender"
    return [
        _row(results, task, part, name)
        for task in TARGETS
        for part in PARTS
        for name in CONTENDERS
        if _of(results, task, part, name)
    ]


def cell(row: dict) -> str:
    "Seconds to the target and their ratio to tlcourse's, or how far it came, or why it cannot run"
    if "cannot" in row:
        return f"cannot run: {row['cannot']}"
    counted = f" ({row['reached']} of {row['runs']} runs)" if row["reached"] < row["runs"] else ""
    if row["seconds"] is None:
        how = "stopped" if "limit" in row["ended"] else "recipe over"
        return f"not reached{counted}: {row['best_accuracy']:.3f}, {how} after {row['spent']:.0f} s"
    ratio = row["ratio"]
    compared = f", {ratio:.1f}×" if ratio is not None and row["contender"] != "tlcourse" else ""
    return f"{row['seconds']:.0f} s{compared}{counted}"


def cost_rows(rows) -> list:
    "A row per task and part, a column per contender"
    found = {(row["task"], row["part"], row["contender"]): cell(row) for row in rows}
    return [
        {"to": f"{part}, {task}, {target:.0%}"}
        | {name: found.get((task, part, name)) for name in CONTENDERS}
        for task, target in TARGETS.items()
        for part in PARTS
        if (task, part, "tlcourse") in found
    ]


def _line(row: dict) -> str:
    words = f"{row['task']:14} {row['part']:12} {row['contender']:9} {cell(row):44}"
    if "cannot" in row:
        return words.rstrip()
    return (
        f"{words} {row['epochs']:4.0f} epochs  {row['seen']:7.0f} images seen"
        f"  {row['peak_mb']:6.0f} MB"
    )


def text(rows) -> str:
    "The table for a terminal: medians; images and epochs up to the target, or to the end"
    return "\n".join(map(_line, rows))
