"""Why does validation accuracy fall when the body is unfrozen: its weights, or its statistics?

The head alone learns for ten epochs. Then the body is unfrozen for three, in which its weights
learn (1e-4 at the stem to 1e-3 at the head) or stay fixed, and its BatchNorm takes the statistics
of the batches in, or keeps those of ImageNet: two by two, with the same images, order and head. The
rates were fixed beforehand. In the stored runs the head's own BatchNorm updated its statistics in
all four ways. Read by the study of the folklore.
"""

import tempfile

from _finetuning import BS, new_model, parts, results_of, settings

from tlcourse.core.cache import FeatureCache
from tlcourse.training import Learner, Phase

SETTINGS = settings(
    [
        {"weights": weights, "statistics": statistics}
        for weights in ("still", "learn")
        for statistics in ("kept", "taken in")
    ]
)


def phases(weights, statistics):
    "The head for ten epochs, then everything for three"
    body = Phase(3, 0, (1e-4, 1e-3) if weights == "learn" else 0.0, pct_start=0.3, div=5.0)
    body.bn = "fixed" if statistics == "kept" else "train"
    return [Phase(10, -1, 2e-3), body]


def run(task, seed, weights, statistics):
    data, model = parts(task, seed), new_model(task, seed)
    with tempfile.TemporaryDirectory() as folder:
        options = dict(bs=BS, seed=seed, precision="float32", cache=FeatureCache(folder))
        learn = Learner(model, *data[:2], **options).fit(phases(weights, statistics))
    seconds = sum(row["seconds"] for row in learn.history)
    return results_of(learn, round(seconds, 1), data[2])
