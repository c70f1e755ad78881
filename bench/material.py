"""The files that every contender reads: images, labels, splits, and one set of weights."""

import torch
from common import ARCH
from processes import OUT

from tlcourse.data import hymenoptera, solar_cells
from tlcourse.pretrained import load_pretrained


def choose(positions: list, size: int) -> list:
    "`size` of `positions`, evenly spaced; where they are sorted by class, each keeps its share"
    n = len(positions)
    return [p for i, p in enumerate(positions) if (i + 1) * size // n > i * size // n]


def split(labels: list, n_train: int, n_valid: int) -> dict:
    "Positions for training and validation, drawn once with seed 0, stratified by class"
    import numpy as np

    shuffled = np.random.default_rng(0).permutation(len(labels))
    by_class = np.argsort(np.asarray(labels)[shuffled], kind="stable")
    order = [int(i) for i in shuffled[by_class]]
    train = choose(order, n_train)
    rest = [i for i in order if i not in set(train)]
    return {"train": sorted(train), "valid": sorted(choose(rest, n_valid))}


def solar() -> dict:
    "Paths, labels and classes of the solar cells, and two splits of them"
    cells = solar_cells()
    labels = [int(label) for _, label in cells.items]
    return {
        "paths": [str(path) for path, _ in cells.items],
        "labels": labels,
        "classes": list(cells.classes),
        "subset": split(labels, 656, 328),
        "whole": split(labels, 1968, 656),
    }


def tasks() -> dict:
    "Name -> classes, and the pairs (path, label) of both parts: solar cells, ants and bees"
    cells = solar()
    pairs = list(zip(cells["paths"], cells["labels"]))
    parts = {part: [pairs[i] for i in where] for part, where in cells["subset"].items()}
    insects = hymenoptera()
    given = {
        part: [(str(path), int(label)) for path, label in dataset.items]
        for part, dataset in zip(("train", "valid"), insects)
    }
    return {
        "solar cells": {"classes": cells["classes"], **parts},
        "ants and bees": {"classes": list(insects[0].classes), **given},
    }


def weights() -> str:
    "A file of the network's weights, under timm's names"
    OUT.mkdir(parents=True, exist_ok=True)
    path = OUT / "weights.pth"
    torch.save(load_pretrained(ARCH).state_dict(), path)
    return str(path)
