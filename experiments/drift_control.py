"""What does fine-tuning change, and where? Weights, features and CKA of EfficientNet-Lite0, group
by group, before and after. To be read by lesson 12 and studies/drift, in place of drift.json.

Two tasks, digits (far) and small photographs (near), five seeds, the recipe of `fine_tune`: `fixed`
as it is by default; `moving` with BatchNorm's statistics updated in training; and as the control
`statistics alone`, in which nothing learns and BatchNorm meets the training images (`update_bn`).
The measures are taken on at most 200 test images; labels of the test part serve accuracy alone.
"""

from dataclasses import replace
from itertools import product

from _domains import prepared_part
from _recipes import average_of_an_epoch, new_model, parts_of, run_recipe

from tlcourse.finetuning import fine_tune_phases
from tlcourse.studies.drift import drift
from tlcourse.studies.kit import rounded, update_bn

ARCH, TASKS = "tf_efficientnet_lite0", ("digits", "small photos")
ARMS = {"fixed": "fixed", "moving": "train"}  # name -> what BatchNorm's statistics do
CONTROL = "statistics alone"
SETTINGS = [
    {"task": task, "seed": seed, "arm": arm}
    for task, seed, arm in product(TASKS, range(5), [CONTROL, *ARMS])
]
COLUMNS = ("weights moved", "features moved", "CKA", "null low", "null high")


def trained(task, seed, arm):
    "The network after fine-tuning, and its accuracy on the test part"
    ema = average_of_an_epoch(parts_of(task, seed)[0])
    head, whole = fine_tune_phases(10, ema=ema)
    learn, test, _ = run_recipe(ARCH, task, seed, [head, replace(whole, bn=ARMS[arm])])
    score = {"test": round(learn.evaluate(test)["accuracy"], 4), "n_test": len(test)}
    return learn.model, score


def run(task, seed, arm):
    train, _, test = parts_of(task, seed)
    before = new_model(ARCH, task, seed)
    if arm == CONTROL:
        train.augment = None
        data = prepared_part(train, before.preprocess)
        after, score = update_bn(new_model(ARCH, task, seed), data), {}
    else:
        after, score = trained(task, seed, arm)
    some = prepared_part(test.subset(range(min(200, len(test)))), before.preprocess)
    rows = drift(before, after, some)
    return {"rows": rounded(rows, dict.fromkeys(COLUMNS, 4))} | score
