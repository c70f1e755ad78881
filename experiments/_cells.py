"""Solar cells as features for lesson 13's experiments: Lite0's frozen body at 96 px, once."""

from functools import cache

import numpy as np
import torch

from tlcourse.core.cache import FeatureCache
from tlcourse.core.solar import solar_rows
from tlcourse.data import solar_cells, split_items
from tlcourse.freezing import freeze
from tlcourse.surgery import transfer_model

ARCH, SIZE = "tf_efficientnet_lite0", 96


@cache
def cells():
    return solar_cells()


@cache
def features():
    "What the frozen body sees of every cell (2624, 1280)"
    body = freeze(transfer_model(ARCH, 2, size=SIZE).body)
    return FeatureCache().extract(body, cells(), runtime="onnxruntime")


@cache
def experts():
    "The probability of a defect that experts gave each cell (2624,)"
    return solar_rows()[1]


def split_of(seed):
    "Train, valid and test; no solar module is in two of them"
    groups = cells().sample_groups
    return split_items(cells(), valid=0.25, test=0.25, sample_groups=groups, seed=seed)


def thinned(index, share, seed):
    "Of the positions `index` all sound cells, and defective ones up to `share` of the whole"
    index, labels = np.asarray(index), cells().labels
    sound, defective = (index[labels[index] == c] for c in (0, 1))
    n = min(len(defective), round(share / (1 - share) * len(sound)))
    chosen = np.random.default_rng(seed).choice(defective, n, replace=False)
    return np.sort(np.concatenate([sound, chosen]))


def as_maps(index):
    "Features (n, 1280, 1, 1) for a head, and labels (n,), at the positions `index`"
    index = torch.as_tensor(np.asarray(index))
    return features()[index][:, :, None, None], torch.as_tensor(cells().labels)[index]
