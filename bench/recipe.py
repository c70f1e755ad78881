"""What the recipes share: what is asked of them, and the record of their epochs.

python bench/recipe_NAME.py ASKED.json

It imports nothing that takes time.
"""

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from common import report

EPOCHS = 10  # where a recipe leaves the number to its user: as many as tlcourse has by default


@dataclass
class Asked:
    "One run: what is trained on which images, from which weights, and until when"

    part: str  # "head", or "fine-tuning"
    train: list  # pairs (path, label)
    valid: list
    classes: list
    weights: str  # a file, under timm's names
    seed: int
    target: float  # validation accuracy that ends the run
    limit: float  # seconds that end it, with the epoch in which they are over
    started: float  # time.time() just before the process began
    most_epochs: int | None  # of each phase, for a try; None: as many as the recipe has

    def epochs(self, n: int) -> int:
        "`n` epochs, or fewer in a try"
        return n if self.most_epochs is None else min(n, self.most_epochs)


class Ended(Exception):
    "The target is reached, or the time is over"


class Record:
    "The epochs of a run: seconds since the process began, validation accuracy, images seen"

    def __init__(self, asked: Asked):
        self.asked, self.epochs, self.ended = asked, [], "recipe"

    def epoch(self, accuracy: float, n_seen: int):
        "Note an epoch with `n_seen` training images; `Ended` if nothing is to follow"
        seconds = time.time() - self.asked.started
        seen = n_seen + (self.epochs[-1]["seen"] if self.epochs else 0)
        row = {"seconds": round(seconds, 2), "accuracy": round(float(accuracy), 4), "seen": seen}
        self.epochs.append(row)
        if row["accuracy"] >= self.asked.target:
            self.ended = "target"
        elif seconds >= self.asked.limit:
            self.ended = "limit"
        if self.ended != "recipe":
            raise Ended(self.ended)


def measured(record: Record) -> dict:
    "Seconds and images to the target, None where it was not reached, and all epochs"
    last = record.epochs[-1]
    is_reached = record.ended == "target"
    return {
        "to_target": last["seconds"] if is_reached else None,
        "seen": last["seen"],
        "best_accuracy": max(row["accuracy"] for row in record.epochs),
        "ended": record.ended,
        "epochs": record.epochs,
    }


def main(train, given: dict):
    "Run `train(asked, record)` as the command line asks; print the record as a line of JSON"
    asked = Asked(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    record = Record(asked)
    try:
        train(asked, record)
    except Ended:
        pass
    report(measured(record) | {"given": given["both"] + given[asked.part]})
