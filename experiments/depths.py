"""What can be read at which depth of EfficientNet-Lite0, on four kinds of pictures, and on a task whose answer is a place? Read by lesson 12c.

Linear probes on what leaves each layer group, from ImageNet and untrained (its BatchNorm has met the training pictures), and on the pixels. 300 grey pictures to learn
from, 150 to choose the penalty on, 500 to report on (or as many cells as there are), at 96 px, whole pictures. Tiles of one piece of a photo, and cells of one pseudo-module, stay in
one part; digits are dealt anew for each seed from the same 5,000; signals and blips are drawn anew.
"""

import torch
from _domains import SIZES, dealt, whole_pictures
from _finetuning import ARCH

from tlcourse.studies.datasets import blip_images, photo_tiles, signal_images
from tlcourse.studies.domains import depth_probes
from tlcourse.studies.kit import update_bn
from tlcourse.surgery import transfer_model

SETTINGS = [
    {"seed": seed, "domain": domain, "start": start, "grid": grid}
    for seed in range(3)
    for domain, grid in (
        ("photos", 1),
        ("cells", 1),
        ("signals", 1),
        ("digits", 1),
        ("blips", 1),
        ("blips", 3),
    )
    for start in ("pretrained", "untrained")
]


def parts(domain, seed):
    made = {"photos": photo_tiles, "signals": signal_images, "blips": blip_images}
    return made[domain](seed, SIZES) if domain in made else dealt(domain, seed)


def network(start, seed, train):
    torch.manual_seed(seed)
    model = whole_pictures(
        transfer_model(ARCH, 2, weights="default" if start == "pretrained" else None)
    )
    return model if start == "pretrained" else update_bn(model, train)


def run(seed, domain, start, grid):
    own = parts(domain, seed)
    table = depth_probes(
        lambda seed: network(start, seed, own[0]), lambda seed: own, seeds=[seed], grid=grid
    )
    return {
        "rows": [
            row | {"accuracy": round(row["accuracy"], 3), "valid": round(row["valid"], 3)}
            for row in table.rows
        ]
    }
