"""Do the rules of fine-tuning hold? Six arms, each at its best rate, on ten paired seeds.

Two claims are primary, named before the runs: (1) fine-tuning, the head first, scores higher on the
test part than its own head alone, on the far tasks; (2) with BatchNorm's statistics fixed it scores
higher than with statistics that move and are taken again. The smallest effect of interest is two
points. The others (at once, spread rates, gradual, LP-FT) are secondary, with Holm's correction.
Rates by `folklore_rates`. To be read by studies/folklore and lesson 11.
"""

import json
from itertools import product
from statistics import mean

from _arms import ARMS, RATES, RESULTS, TASKS, TUNED, run_arm


def best_rate(task, arm):
    "The rate of `arm` whose best epoch has the highest mean validation accuracy on `task`, if any"
    if arm not in TUNED:
        return None
    path = RESULTS / "folklore_rates.json"
    if not path.exists():
        raise SystemExit("the rates are chosen first: make experiments NAME=folklore_rates")
    rows = json.loads(path.read_text(encoding="utf-8"))

    def score(lr):
        wanted = {"task": task, "arm": arm, "lr": lr}
        runs = [row["results"] for row in rows if wanted.items() <= row["settings"].items()]
        return mean(max(run["valid accuracy"]) for run in runs)

    return max(RATES, key=score)


SETTINGS = [
    {"seed": seed, "task": task, "arm": arm} for seed, task, arm in product(range(10), TASKS, ARMS)
]


def run(seed, task, arm):
    lr = best_rate(task, arm)
    return {"lr": lr} | run_arm(task, seed, arm, lr)
