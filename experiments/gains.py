"""What does fine-tuning gain over its own head? Five tasks, ten seeds. Read by lesson 11.

`fine_tune` with its defaults and batches of 16 (EfficientNet-Lite0): ten epochs of the head alone,
ten of all layers, and the best validation epoch of both is kept. Beside it the head alone: the same
learner without the second phase. Each of the two looks at the test part once. The seed decides the
split, the head and the order; the seeds 0 to 9 had no part in the search for the rates.
"""

import tempfile

from _recipes import BS, SIZES, head_and_all, new_model, parts_of

from tlcourse.core.cache import FeatureCache
from tlcourse.training import Learner

TASKS = ("digits", "small photos", "photos", "spectrograms", "cropped small photos")
SETTINGS = [{"task": task, "seed": seed} for task in TASKS for seed in range(10)]


def run(task, seed):
    train, valid, test = parts_of(task, seed)
    options = dict(bs=BS, seed=seed, precision="float32", log=lambda line: None)
    with tempfile.TemporaryDirectory() as folder:

        def new_learner():
            model = new_model("tf_efficientnet_lite0", task, seed)
            return Learner(model, train, valid, cache=FeatureCache(folder), **options)

        results = head_and_all(new_learner, test)
    return results | {"n_train": len(train), "pixels": SIZES[task]}
