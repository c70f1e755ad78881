"""Why does validation accuracy fall when the body wakes: its weights, or the statistics of its BatchNorm? Read by lesson 11.

The head alone learns for ten epochs; then the body wakes for three, in which its weights learn (1e-4 at the stem to 1e-3 at the head) or stand still, and its BatchNorm
takes the statistics of the batches in, or keeps those of ImageNet: two by two, with the same pictures, order and head. The rates were fixed beforehand.
"""

import tempfile

from _finetuning import BS, found, new_model, parts, settings
from torch.nn.modules.batchnorm import _BatchNorm

from tlcourse.core.cache import FeatureCache
from tlcourse.freezing import freeze
from tlcourse.training import Learner, Phase

SETTINGS = settings(
    [
        {"weights": weights, "statistics": statistics}
        for weights in ("still", "learn")
        for statistics in ("kept", "taken in")
    ]
)


class Waking(Learner):
    "A learner in which the body's BatchNorm keeps its statistics if so wished, while its weights learn"

    keep = False

    def _freeze(self, phase):
        super()._freeze(phase)
        if not self.keep or phase.train_from != 0:
            return
        for layer in self.model.body.modules():
            if isinstance(layer, _BatchNorm):
                for p in freeze(layer).parameters():
                    p.requires_grad_(True)


def run(task, seed, weights, statistics):
    data, model = parts(task, seed), new_model(task, seed)
    with tempfile.TemporaryDirectory() as folder:
        learn = Waking(
            model, *data[:2], bs=BS, seed=seed, precision="float32", cache=FeatureCache(folder)
        )
        learn.keep = statistics == "kept"
        learn.fit(
            [
                Phase(10, -1, 2e-3),
                Phase(3, 0, (1e-4, 1e-3) if weights == "learn" else 0.0, pct_start=0.3, div=5.0),
            ]
        )
    return found(learn, round(sum(row["seconds"] for row in learn.history), 1), data[2])
