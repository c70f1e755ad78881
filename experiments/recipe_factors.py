"""What does each part of the recipe give? One change at a time, on the seeds 0 to 4 of `gains`.

The base is the default recipe of `fine_tune`, whose runs stand in gains.json; each run here changes
one thing, and is compared with the base on the same seed, on validation. EfficientNet-Lite0,
batches of 16. To be read by lesson 11.
"""

from dataclasses import replace
from itertools import product

from _recipes import average_of_an_epoch, history_of, parts_of, run_recipe

from tlcourse.finetuning import fine_tune_phases

CHANGES = {  # of the second phase
    "statistics move": {"bn": "train"},
    "20 epochs": {"epochs": 20},
    "no average of the weights": {"ema": None},
    "no warm-up, no clipping": {"pct_start": 0.0, "clip": 1e9},
}
PLAIN = "no augmentation"  # in both phases; digits have none

SETTINGS = [
    {"task": task, "seed": seed, "change": change}
    for task, changes in (("digits", list(CHANGES)), ("small photos", [*CHANGES, PLAIN]))
    for seed, change in product(range(5), changes)
]


def run(task, seed, change):
    ema = average_of_an_epoch(parts_of(task, seed)[0])
    head, whole = fine_tune_phases(10, ema=ema)
    if change == PLAIN:
        phases = [replace(head, augment=False), replace(whole, augment=False)]
    else:
        phases = [head, replace(whole, **CHANGES[change])]
    learn, _, seconds = run_recipe("tf_efficientnet_lite0", task, seed, phases)
    return history_of(learn) | {"train seconds": seconds}
