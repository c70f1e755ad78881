"""At which rate is each arm of the folklore experiments best? Two pilot seeds, validation only.

The seeds 100 and 101 are not reported anywhere; `folklore` takes the best rate of each arm and task
from here. To be read by studies/folklore.
"""

from itertools import product

from _arms import RATES, TASKS, TUNED, run_arm

SETTINGS = [
    {"seed": seed, "task": task, "arm": arm, "lr": lr}
    for seed, task, lr, arm in product((100, 101), TASKS, RATES, TUNED)
]


def run(seed, task, arm, lr):
    return run_arm(task, seed, arm, lr, test=False)
