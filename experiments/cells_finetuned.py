"""How much does fine-tuning gain on all solar cells, at random and by module? Read by lesson 11.

EfficientNet-Lite0 sees the whole cell; `fine_tune` with its defaults, mirror images and quarter
turns, against its own head alone (the same learner without the second phase). `random`: three
random splits 60/15/25, as for the published figure (88.42 %, VGG-19, 100 epochs; Deitsch and
others 2019, on their own variant of the target). `module`: five folds, so that every cell is
tested once by a network that has seen no cell of its solar module. What is kept is the best
validation epoch; a test part is looked at once by each of the two. Fifteen epochs of all layers:
after ten, the validation accuracy of the first split still rose (its row is stored, too).
"""

import tempfile
from functools import lru_cache

import numpy as np
import torch
from _recipes import head_and_all
from PIL import Image
from sklearn.model_selection import StratifiedGroupKFold

from tlcourse.core.cache import FeatureCache
from tlcourse.data import ImageDataset, augment, solar_cells, split_items
from tlcourse.pretrained import Preprocess
from tlcourse.surgery import transfer_model
from tlcourse.training import Learner

SIZE, EPOCHS, BS = 224, 15, 32

SETTINGS = [{"split": "random", "seed": seed, "epochs": EPOCHS} for seed in range(3)]
SETTINGS += [{"split": "module", "seed": fold, "epochs": EPOCHS} for fold in range(5)]


@lru_cache
def small_cells():
    "The solar cells at `SIZE` pixels, kept in memory, so that they are resized once"
    cells = solar_cells()
    resized = [
        (image.resize((SIZE, SIZE), Image.Resampling.BICUBIC), label) for image, label in cells
    ]
    data = ImageDataset(resized, cells.classes)
    data.sample_groups = cells.sample_groups
    return data


def fold_of(cells, fold):
    "Positions (train, valid, test): no solar module in two parts, every cell in one test part"
    labels, modules = np.asarray(cells.labels), np.asarray(cells.sample_groups)
    folds = StratifiedGroupKFold(5, shuffle=True, random_state=0).split(labels, labels, modules)
    rest, test = list(folds)[fold]
    inner = StratifiedGroupKFold(6, shuffle=True, random_state=fold)
    train, valid = next(iter(inner.split(rest, labels[rest], modules[rest])))
    return rest[train], rest[valid], test


def positions_of(cells, split, seed):
    "Positions (train, valid, test) of one split"
    return tuple(split_items(cells, seed=seed)) if split == "random" else fold_of(cells, seed)


def new_learner(train, valid, seed, folder):
    "A learner whose network sees the whole cell"
    torch.manual_seed(seed)
    model = transfer_model("tf_efficientnet_lite0", classes=train.classes)
    config = model.preprocess.at(SIZE).config | {"crop_pct": 1.0}
    model.preprocess = model.body.preprocess = Preprocess(**config)
    quiet = dict(precision="float32", log=lambda line: None)
    return Learner(model, train, valid, bs=BS, seed=seed, cache=FeatureCache(folder), **quiet)


def run(split, seed, epochs):
    cells = small_cells()
    positions = positions_of(cells, split, seed)
    train, valid, test = (cells.subset(part) for part in positions)
    train.augment = augment(flips=True, turns=True)
    with tempfile.TemporaryDirectory() as folder:
        results = head_and_all(lambda: new_learner(train, valid, seed, folder), test, epochs)
    modules = np.asarray(cells.sample_groups)[positions[2]]  # of each cell of the test part
    return results | {"n_train": len(train), "modules": [int(module) for module in modules]}
