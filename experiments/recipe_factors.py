"""What does each part of the recipe give? One change at a time, on validation: four tasks.

The base is the default recipe of `fine_tune`; each run changes one thing. EfficientNet-Lite0, the
pilot seeds 100 and 101, which are in no other experiment; the test parts are not looked at. To be
read by lesson 11.
"""

from dataclasses import replace

from _recipes import TASKS, average_of_an_epoch, history_of, parts_of, run_recipe
from torch import nn

from tlcourse.finetuning import fine_tune_phases

CHANGES = {  # of the second phase
    "none": {},
    "no average of the weights": {"ema": None},
    "no warm-up": {"pct_start": 0.0},
    "warm-up of .3": {"pct_start": 0.3},
    "no clipping": {"clip": 1e9},
    "the stem ten times slower": {"lr": "spread"},
    "20 epochs": {"epochs": 20},
    "statistics move": {"bn": "train"},
}
OPTIONS = {  # of the learner
    "batches of 32": {"bs": 32},
    "weight decay of .1": {"wd": 0.1},
    "label smoothing of .1": {"loss": nn.CrossEntropyLoss(label_smoothing=0.1)},
}
HEADS = {  # of the first phase
    "head for 3 epochs": {"epochs": 3},
    "head without augmentation": {"augment": False},
}

SETTINGS = [
    {"seed": seed, "task": task, "change": change}
    for seed in (100, 101)
    for task in TASKS
    for change in [*CHANGES, *OPTIONS, *HEADS]
]


def changed(phase, changes):
    "`phase` with `changes`; 'spread' stands for rates that fall tenfold from head to stem"
    if changes.get("lr") == "spread":
        changes = changes | {"lr": (phase.lr / 10, phase.lr)}
    return replace(phase, **changes)


def run(seed, task, change):
    ema = average_of_an_epoch(parts_of(task, seed)[0])
    head, whole = fine_tune_phases(10, ema=ema)
    phases = [changed(head, HEADS.get(change, {})), changed(whole, CHANGES.get(change, {}))]
    options = OPTIONS.get(change, {})
    learn, _, seconds = run_recipe("tf_efficientnet_lite0", task, seed, phases, **options)
    return history_of(learn) | {"train seconds": seconds}
