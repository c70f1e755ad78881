"""Which rates does `lr_find` advise where everything learns? Read by lesson 11, beside the search.

Asked twice in each task: with a new head, and after the head has learned alone, as `fine_tune` has
it. Body and head rise together, in the proportion that the phase has: 1 to 10. Two of the tasks of
`recipe_search`, on the parts of the seeds 0 to 4.
"""

import tempfile
from itertools import product

from _recipes import BS, new_model, parts_of

from tlcourse.core.cache import FeatureCache
from tlcourse.finetuning import fine_tune_phases
from tlcourse.training import Learner, lr_find

TASKS = ("digits", "small photos")
WHEN = ("new head", "after the head")
SETTINGS = [
    {"seed": seed, "task": task, "when": when}
    for seed, task, when in product(range(5), TASKS, WHEN)
]


def run(seed, task, when):
    train, valid, _ = parts_of(task, seed)
    options = dict(bs=BS, seed=seed, precision="float32", log=lambda line: None)
    with tempfile.TemporaryDirectory() as folder:
        model = new_model("tf_efficientnet_lite0", task, seed)
        learn = Learner(model, train, valid, cache=FeatureCache(folder), **options)
        head, whole = fine_tune_phases(10)
        if when == "after the head":
            learn.fit([head])
        curve = lr_find(learn, whole)
    return {
        "advice": {name: curve.advice(name) for name in curve.suggestions},
        "losses": [round(loss, 4) for loss in curve.losses],
        "rates": [float(f"{rate:.3g}") for rate in curve.lrs],
    }
