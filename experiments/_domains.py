"""What the experiments on far domains share: whole images of 96 px, and balanced parts of the
solar cells and the digits."""

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


def whole_images(model):
    "`model` with a preprocess that takes whole images at 96 px"
    config = model.preprocess.config
    model.preprocess = Preprocess(
        96, 1.0, config["interpolation"], config["mean"], config["std"], "squash"
    )
    if hasattr(model, "body"):
        model.body.preprocess = model.preprocess
    return model


def balanced(data, index, n, seed):
    "About `n` of the positions `index`, as many of each class"
    labels = data.labels[index]
    per_class = min(n // len(set(labels)), *np.bincount(labels))
    return data.subset(index[nested_subsets(labels, (per_class,), seed)[per_class]])


def balanced_parts(domain, seed, sizes=SIZES):
    "Balanced parts of the solar cells or the digits; no pseudo-module of cells is in two parts"
    data = task_images(domain)
    sample_groups = getattr(data, "sample_groups", None)
    split = split_items(data, sample_groups=sample_groups, seed=seed)
    return [balanced(data, np.array(part), n, seed) for part, n in zip(split, sizes)]


def prepared_part(part, preprocess):
    "`part` as a dataset of tensors"
    xs = [prepare(preprocess, [part[i][0]]) for i in range(len(part))]
    return TensorDataset(torch.cat(xs), targets_of(part))


def prepared_parts(parts, preprocess):
    "Each of `parts` as a dataset of tensors"
    return [prepared_part(part, preprocess) for part in parts]
