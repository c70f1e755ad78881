"""What can be read at which depth of EfficientNet-Lite0, on four kinds of images, and on a task
whose answer is a position? Read by lesson 12 and studies/domains.

Linear probes on the output of each layer group, from ImageNet and untrained (its BatchNorm has met
the training images), and on the pixels. 300 grey images to learn from, 150 to choose the penalty
on, 500 to report on (or as many cells as there are), at 96 px, whole images. Tiles of one piece of
a photo, and cells of one pseudo-module, stay in one part; digits are split differently for each
seed from the same 5,000; signals and blips are drawn for each seed.
"""

from functools import lru_cache

import torch
from _domains import SIZES, balanced_parts, whole_images
from _finetuning import ARCH

from tlcourse.studies.datasets import blip_images, photo_tiles, signal_images
from tlcourse.studies.domains import depth_probes
from tlcourse.studies.kit import Spec, update_bn
from tlcourse.surgery import transfer_model

DRAWN = {"photos": photo_tiles, "signals": signal_images, "blips": blip_images}


@lru_cache(maxsize=1)
def parts(domain, seed):
    return DRAWN[domain](seed, SIZES) if domain in DRAWN else balanced_parts(domain, seed)


def network(start, seed, train):
    torch.manual_seed(seed)
    weights = "default" if start == "pretrained" else None
    model = whole_images(transfer_model(ARCH, 2, weights=weights))
    return model if start == "pretrained" else update_bn(model, train)


def task(seed, domain, start, grid):
    return {
        "make": lambda seed: network(start, seed, parts(domain, seed)[0]),
        "parts": lambda seed: parts(domain, seed),
        "grid": grid,
    }


def has_no_positions(seed, domain, start, grid):
    return grid > 1 and domain != "blips"


OPTIONS = {
    "domain": ("photos", "cells", "signals", "digits", "blips"),
    "grid": (1, 3),
    "start": ("pretrained", "untrained"),
}
SPEC = Spec(depth_probes, task, range(3), OPTIONS, has_no_positions)
