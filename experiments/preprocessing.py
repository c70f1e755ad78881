"""What the wrong normalisation costs a linear probe.

EfficientNet-Lite0's frozen features of 2,624 solar cells, read with the statistics of its weights,
with others, and, as a control, by random weights. Choices are made on the validation part; the test
part is used once per run. Each run reports two splits: `random` (cells of one solar module fall on
both sides) and `by module` (they never do). Read by lesson 02.
"""

from functools import cache

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tlcourse.data import solar_cells, split_items
from tlcourse.features import extract
from tlcourse.pretrained import Preprocess
from tlcourse.surgery import transfer_model

ARCH, SIZE, STRENGTHS = "tf_efficientnet_lite0", 128, (1e-4, 1e-3, 1e-2, 1e-1, 1)
STATISTICS = {  # variant -> mean, std of [0, 1] values
    "right": (0.5, 0.5),
    "ImageNet's": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "none (0 to 1)": (0.0, 1.0),
    "none (0 to 255)": (0.0, 1 / 255),
    "right, twice": (0.75, 0.25),
}  # ((x - .5) / .5 - .5) / .5
VARIANTS = [*STATISTICS, "random weights", "grey mean and spread"]
SETTINGS = [{"variant": variant, "seed": seed} for variant in VARIANTS for seed in range(3)]


@cache
def cells():
    return solar_cells()


def grey_statistics():
    "Mean and standard deviation of each image's grey values (n, 2)"
    return np.array([(np.asarray(image).mean(), np.asarray(image).std()) for image, _ in cells()])


@cache
def features(variant, init):
    "What `variant` sees of every image (n, features); `init` seeds random weights"
    if variant == "grey mean and spread":
        return grey_statistics()
    torch.manual_seed(init)
    body = transfer_model(ARCH, 2, weights=None if variant == "random weights" else "default").body
    mean, std = (np.broadcast_to(v, 3) for v in STATISTICS.get(variant, STATISTICS["right"]))
    body.preprocess = Preprocess(
        **{**body.preprocess.config, "size": SIZE, "mean": mean, "std": std}
    )
    return extract(body, cells(), runtime="torch-bf16").numpy()


def probe(x, split):
    "Strength chosen on valid, then test once: the two accuracies and the choice"
    y = cells().labels
    fits = {
        c: make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=2000)).fit(
            x[split.train], y[split.train]
        )
        for c in STRENGTHS
    }
    best = max(
        STRENGTHS, key=lambda c: fits[c].score(x[split.valid], y[split.valid])
    )  # the strongest penalty of equals
    scores = {
        name: round(float(fits[best].score(x[part], y[part])), 4)
        for name, part in (("valid", split.valid), ("test", split.test))
    }
    return {"C": best} | scores


def run(variant, seed):
    "One probe under each split; `seed` draws the split and, where they are random, the weights"
    x = features(variant, seed if variant == "random weights" else 0)
    return {
        "random": probe(x, split_items(cells(), seed=seed)),
        "by module": probe(x, split_items(cells(), sample_groups=cells().sample_groups, seed=seed)),
        "n_test": len(split_items(cells(), seed=seed).test),
    }
