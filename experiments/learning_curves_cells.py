"""How much is a pretrained start worth, from 5 to 300 pictures per class? EfficientNet-Lite0 on solar cells. Read by lesson 12a.

Sound or defective, as many of each in every part, at 96 px; no solar module is on both sides of a split. About 150 steps of the optimiser in batches of 16 for
every arm and size, few pictures several times in a batch; an arm with four times the steps shows, on the largest set, what scratch lacks in steps. Each arm, size and seed
chooses its learning rate on 120 validation cells; the test part (380, or as many as there are: 374 for seed 1) is used once by each. The head is the specified one; fine-tuning trains all layers at one rate
from the start, which in lesson 11 was no worse than a head first. The BatchNorm of the untrained body has met all 600 training pictures.
"""

import tempfile
from functools import lru_cache

import numpy as np
from _domains import dealt
from _finetuning import ARCH, SIZE, prepared

from tlcourse.core.cache import FeatureCache
from tlcourse.studies.curves import learning_curve
from tlcourse.studies.kit import Arm, update_bn
from tlcourse.surgery import transfer_model

PER_CLASS, VALID, TEST = (5, 20, 100, 300), 60, 190  # of each class


def network(weights):
    def make(n_classes, seed):
        model = transfer_model(ARCH, n_classes, weights=weights)
        model.preprocess = model.body.preprocess = model.preprocess.at(SIZE)
        return model

    return make


def untrained(n_classes, seed):
    return update_bn(network(None)(n_classes, seed), parts(seed)[0])


ARMS = {
    "scratch": Arm(network(None)),
    "linear probe": Arm(network("default"), None),
    "untrained body, probe": Arm(untrained, None),
    "frozen + head": Arm(network("default"), -1),
    "fine-tuned": Arm(network("default"), 0, (3e-4, 1e-3, 3e-3)),
    "scratch, 4 times the steps": Arm(network(None), 0, (1e-3, 3e-3), 4.0),
}
SETTINGS = [
    {"seed": seed, "arm": arm, "per_class": k}
    for seed in range(3)
    for arm in ARMS
    for k in PER_CLASS
    if k == PER_CLASS[-1] or "times" not in arm
]


@lru_cache(maxsize=1)
def parts(seed):
    "Training, validation and test part, as many of each class, as datasets of tensors"
    preprocess = network(None)(2, 0).preprocess
    return [
        prepared(part, np.arange(len(part)), preprocess)
        for part in dealt("cells", seed, (2 * PER_CLASS[-1], 2 * VALID, 2 * TEST))
    ]


def run(seed, arm, per_class):
    with tempfile.TemporaryDirectory() as folder:
        table = learning_curve(
            {arm: ARMS[arm]},
            parts,
            (per_class,),
            seeds=[seed],
            steps=150,
            cache=FeatureCache(folder),
        )
    return {
        "rows": [
            row
            | {
                "accuracy": round(row["accuracy"], 3),
                "valid": round(row["valid"], 3),
                "seconds": round(row["seconds"], 1),
            }
            for row in table.rows
        ]
    }
