"""How much is a pretrained start worth, from 5 to 300 images per class? EfficientNet-Lite0 on solar
cells. Read by lesson 12 and studies/curves.

Sound or defective, as many of each in every part, at 96 px; no solar module is on both sides of a
split. About 150 steps of the optimiser in batches of 16 for every arm and size, few images several
times in a batch; an arm with four times the steps shows, on the largest set, what scratch lacks in
steps. Each arm, size and seed chooses its learning rate on 120 validation cells; the test part
(380, or as many as there are: 374 for seed 1) is used once by each. The head is the specified one;
fine-tuning trains all layers at one rate from the start, which in lesson 11 was no worse than a
head first. The BatchNorm of the untrained body has met all 600 training images.
"""

from functools import lru_cache

import numpy as np
from _domains import balanced_parts
from _finetuning import ARCH, SIZE, prepared

from tlcourse.studies.curves import learning_curve
from tlcourse.studies.kit import Arm, Spec, update_bn
from tlcourse.surgery import transfer_model

PER_CLASS, VALID, TEST = (5, 20, 100, 300), 60, 190  # of each class


def network(weights):
    def make(n_classes, seed):
        model = transfer_model(ARCH, n_classes, weights=weights)
        model.preprocess = model.body.preprocess = model.preprocess.at(SIZE)
        return model

    return make


@lru_cache(maxsize=1)
def parts(seed):
    "Training, validation and test part, as many of each class, as datasets of tensors"
    preprocess = network(None)(2, 0).preprocess
    split = balanced_parts("cells", seed, (2 * PER_CLASS[-1], 2 * VALID, 2 * TEST))
    return [prepared(part, np.arange(len(part)), preprocess) for part in split]


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


def task(seed, arm, per_class):
    return {"arms": {arm: ARMS[arm]}, "parts": parts, "per_class": (per_class,), "steps": 150}


def control_of_a_smaller_set(seed, arm, per_class):
    return "times" in arm and per_class < PER_CLASS[-1]


OPTIONS = {"arm": tuple(ARMS), "per_class": PER_CLASS}
SPEC = Spec(learning_curve, task, range(3), OPTIONS, control_of_a_smaller_set, cached=True)
