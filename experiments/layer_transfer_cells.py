"""How well do the first n layer groups of EfficientNet-Lite0 serve solar cells, the groups above drawn anew? Read by lesson 12.

480 cells to train on, 120 for validation, 400 to report on, at 96 px; no solar module is on both sides of a split. Kept groups come from ImageNet, frozen (AnB) or
learning on (AnB+), or are random and frozen, their BatchNorm having met the training pictures. Ten epochs in batches of 16 at one learning rate for all,
the one at which lesson 11's sweep (lr_sweep.json) was best on these cells for the pretrained network; none was chosen for the untrained one.
"""

import tempfile

from _finetuning import ARCH, SIZE, parts

from tlcourse.core.cache import FeatureCache
from tlcourse.studies.layer_transfer import layer_transfer
from tlcourse.surgery import transfer_model
from tlcourse.training import Phase

SETTINGS = [{"seed": seed} for seed in range(3)]
KEPT = (2, 5, 7, 9)  # of nine groups below the head


def network(n_classes, weights=None):
    model = transfer_model(ARCH, n_classes, weights=weights)
    model.preprocess = model.body.preprocess = model.preprocess.at(SIZE)
    return model


def run(seed):
    with tempfile.TemporaryDirectory() as folder:
        table = layer_transfer(
            network,
            network(2, "default"),
            lambda seed: parts("cells", seed, (480, 120, 400)),
            KEPT,
            arms=("AnB", "AnB+", "random"),
            seeds=[seed],
            phase=Phase(10, 0, 3e-3),
            bs=16,
            cache=FeatureCache(folder),
        )
    return {"rows": [row | {"accuracy": round(row["accuracy"], 3)} for row in table.rows]}
