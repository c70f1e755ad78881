"""Curves of the learning-rate finder where something can be learned, and where nothing can.

A head on features of EfficientNet-Lite0 (96 px): solar cells and digits, few images and many,
classes of unequal size, small batches, labels of which three in ten are drawn at random. Each of
them also with its labels shuffled, and with learning rates too low to change anything. The rule of
`lr_find` was chosen on other seeds. Read by core/lr_curve.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch.nn.functional import interpolate
from torch.utils.data import TensorDataset

from tlcourse.core.digits import read_digits
from tlcourse.core.lr_curve import diverged, range_test
from tlcourse.data import solar_cells
from tlcourse.features import extract
from tlcourse.surgery import create_head, transfer_model
from tlcourse.training import Learner, Phase


class Task(NamedTuple):
    domain: str
    n: int  # images
    rare: float = None  # share of the class 1; None: as it comes
    noise: float = 0.0  # share of labels drawn at random
    bs: int = 32


TASKS = {
    "cells, many": Task("cells", 1600),
    "cells": Task("cells", 500),
    "cells, a tenth defective": Task("cells", 700, rare=0.1),
    "cells, random labels among them": Task("cells", 800, noise=0.3),
    "cells, small batches": Task("cells", 800, bs=8),
    "digits": Task("digits", 1000),
    "cells, few": Task("cells", 60),
}
RANGES = {"real": (1e-7, 10.0), "shuffled": (1e-7, 10.0), "low rates": (1e-7, 1e-5)}
SETTINGS = [
    {"task": task, "labels": labels, "seed": seed}
    for task in TASKS
    for labels in RANGES
    for seed in range(30, 36)
]


def _body():
    torch.manual_seed(0)
    model = transfer_model("tf_efficientnet_lite0", 2)
    model.preprocess = model.body.preprocess = model.preprocess.at(96)
    return model.body.eval()


def _digit_features(n=1500):
    "Features (n, 1280) and labels of digits, grey levels from -1 to 1"
    x, y = read_digits()
    chosen = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))[:n]
    images = interpolate(x[chosen] / 127.5 - 1, size=96, mode="bilinear").expand(-1, 3, -1, -1)
    body = _body()
    with torch.no_grad():
        maps = [body(part) for part in images.split(50)]
    return torch.cat(maps).flatten(2).mean(2), y[chosen]


@lru_cache
def features_of(domain):
    "Features (n, 1280) and labels (n,)"
    if domain == "digits":
        return _digit_features()
    cells = solar_cells()
    return extract(_body(), cells, runtime="torch"), torch.tensor(cells.labels)


def _chosen(labels, n, rare, rng):
    "The positions of `n` samples, of which the share `rare` has the label 1"
    order = rng.permutation(len(labels))
    if rare is None:
        return order[:n]
    is_rare = labels.numpy()[order] == 1
    k = round(rare * n)
    return rng.permutation([*order[is_rare][:k], *order[~is_rare][: n - k]])


def data_of(task, seed, shuffled):
    "The training set of `task`, and the number of its classes"
    x, y = features_of(task.domain)
    rng = np.random.default_rng(seed)
    chosen = _chosen(y, task.n, task.rare, rng)
    n_classes, labels = int(y.max()) + 1, y[chosen].numpy()
    is_random = rng.random(task.n) < task.noise
    labels = np.where(is_random, rng.integers(0, n_classes, task.n), labels)
    if shuffled:
        labels = rng.permutation(labels)
    return TensorDataset(x[chosen], torch.tensor(labels)), n_classes


def run(task, labels, seed):
    data, n_classes = data_of(TASKS[task], seed, labels == "shuffled")
    torch.manual_seed(seed)
    head = create_head(data.tensors[0].shape[1], n_classes, layout="NCHW")[2:]
    options = dict(bs=TASKS[task].bs, seed=seed, precision="float32", cache=False)
    learn = Learner(head, data, data, **options)
    losses, controls = [], []
    for loss, control, _ in range_test(learn, Phase(1, None), np.geomspace(*RANGES[labels], 100)):
        losses.append(loss)
        controls.append(control)
        if diverged(losses, 4.0):
            break
    return {
        "losses": [float(f"{loss:.3g}") for loss in losses],
        "controls": [float(f"{control:.3g}") for control in controls],
        "visits": len(losses) * learn.bs / len(data),
    }
