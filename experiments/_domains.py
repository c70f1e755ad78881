"""What the experiments on far domains share: whole pictures of 96 px, and parts of the solar cells and the digits with as many of each class."""

import numpy as np
import torch
from _finetuning import task_images
from torch.utils.data import TensorDataset

from tlcourse.core.cache import targets_of
from tlcourse.core.engines import prepare
from tlcourse.data import split_items
from tlcourse.pretrained import Preprocess
from tlcourse.studies.kit import nested_subsets

SIZES = (300, 150, 500)  # to learn from, to choose on, to report on, or as many as there are


def whole_pictures(model):
    "`model` with a preprocess that takes whole pictures at 96 px"
    config = model.preprocess.config
    model.preprocess = Preprocess(
        96, 1.0, config["interpolation"], config["mean"], config["std"], "squash"
    )
    if hasattr(model, "body"):
        model.body.preprocess = model.preprocess
    return model


def dealt(domain, seed, sizes=SIZES):
    "Parts of the solar cells or the digits, as many of each class; no pseudo-module of cells is in two parts"
    data = task_images(domain)
    split = [
        np.array(part)
        for part in split_items(data, sample_groups=getattr(data, "sample_groups", None), seed=seed)
    ]

    def even(part, n):
        labels = data.labels[part]
        n = min(n // len(set(labels)), *np.bincount(labels))
        return part[nested_subsets(labels, (n,), seed)[n]]

    return [data.subset(even(part, n)) for part, n in zip(split, sizes)]


def prepared_parts(parts, preprocess):
    "Each of `parts` as a dataset of tensors"
    return [
        TensorDataset(
            torch.cat([prepare(preprocess, [part[i][0]]) for i in range(len(part))]),
            targets_of(part),
        )
        for part in parts
    ]
