"""Swapped arguments, a learner for a network, and settings that no function takes."""

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision.transforms import v2

from attacks.rows import add_all, row
from attacks.things import image_learner, images, mlp, picture, tiny, vectors
from tlcourse.activations import capture, layer_table, receptive_field
from tlcourse.attribution import (
    explore_layers,
    gradcam,
    gradient,
    guided_backprop,
    occlusion,
    rank_correlation,
)
from tlcourse.core.cache import FeatureCache
from tlcourse.core.reports import frozen_report
from tlcourse.data import from_split, split_items
from tlcourse.features import extract, knn_probe
from tlcourse.figures import show_bars, show_curves
from tlcourse.freezing import explore_freezing, freeze
from tlcourse.hierarchy import show_filters, strongest_patches, tuning_curves
from tlcourse.synthesis import synthesize

_XB = torch.zeros(2, 3, 32, 32)
_LAYER = "body.net.conv1.0"

_ASKED = {  # each function with a network, or what stands in its place, and the rest swapped
    "gradient": lambda model, other: gradient(model, other),
    "guided_backprop": lambda model, other: guided_backprop(model, other),
    "gradcam": lambda model, other: gradcam(model, other),
    "occlusion": lambda model, other: occlusion(model, other),
    "layer_table": lambda model, other: layer_table(model, other),
    "receptive_field": lambda model, other: receptive_field(model, other),
    "capture": lambda model, other: capture(model, other).__enter__(),
    "synthesize": lambda model, other: synthesize(model, other, 0, steps=1),
    "show_filters": lambda model, other: show_filters(model),
    "tuning_curves": lambda model, other: tuning_curves(model, other),
    "strongest_patches": lambda model, other: strongest_patches(model, other, 0, [picture()]),
    "frozen_report": lambda model, other: frozen_report(model),
    "explore_freezing": lambda model, other: explore_freezing(model),
    "explore_layers": lambda model, other: explore_layers(model, other),
}
_SWAPPED = {
    f"{k} swapped": (lambda f=f: f(_XB, tiny()), "network|model") for k, f in _ASKED.items()
}
_LEARNER = {
    f"{k} of a learner": (lambda f=f: f(image_learner(), _LAYER), "learner", "learn.model")
    for k, f in _ASKED.items()
}
add_all("swaps", _SWAPPED | _LEARNER)


def _knn(features=None, ks=(1,)):
    "A probe of random features, unless told otherwise"
    x, y = torch.randn(24, 4) if features is None else features, torch.arange(24) % 2
    return knn_probe(x, y, x, y, ks=ks)


def _cached(**options):
    return FeatureCache().extract(freeze(tiny().body).eval(), images(4), runtime="torch", **options)


add_all(
    "settings",
    {
        "show_filters without convolutions": (lambda: show_filters(mlp()), "no convolutions"),
        "explore_freezing without groups": (lambda: explore_freezing(mlp()), "groups"),
        "gradcam of an empty batch": (lambda: gradcam(tiny(), _XB[:0]), "empty"),
        "synthesize in -3 steps": (lambda: synthesize(tiny(), _LAYER, 0, steps=-3), "steps=-3"),
        "synthesize of size 0": (lambda: synthesize(tiny(), _LAYER, 0, size=0), "size=0"),
        "three neighbours and a half": (lambda: _knn(ks=(3.5,)), "3.5", "whole"),
        "features without a second axis": (lambda: _knn(torch.ones(24)), "(24,)", "n_features"),
        "views='2'": (lambda: _cached(views="2"), "views='2'", "whole"),
        "views=1.5": (lambda: _cached(views=1.5), "views=1.5", "whole"),
        "seed='a' of the cache": (lambda: _cached(seed="a"), "seed='a'", "whole"),
        "FeatureCache(3)": (lambda: FeatureCache(3), "3", "folder"),
        "from_split(None)": (lambda: from_split(None), "None", "folder"),
        "split_items of a DataLoader": (
            lambda: split_items(DataLoader(vectors())),
            "DataLoader",
            "dataset",
        ),
        "show_bars of nothing": (lambda: show_bars({}, xlabel=""), "{}", "dictionary"),
        "show_bars of numbers": (lambda: show_bars({"a": 3}, xlabel=""), "'a'", "low, high"),
        "show_curves of a list": (
            lambda: show_curves([1], xlabel="", ylabel=""),
            "[1]",
            "dictionary",
        ),
        "augment of one argument": (lambda: images(augment=lambda im: im), "image, generator"),
        "augment in nn.Sequential": (
            lambda: images(augment=nn.Sequential(v2.RandomHorizontalFlip())),
            "image, generator",
            "Compose",
        ),
        "a class to augment": (
            lambda: images(augment=v2.RandomHorizontalFlip),
            "class",
            "RandomHorizontalFlip()",
        ),
    },
)


@row("settings", right=True)
def _layer_table_of_an_image():
    return len(layer_table(tiny(), picture())) == len(list(tiny().modules())) - 1


@row("settings", right=True)
def _rank_correlation_of_lists():
    return abs(rank_correlation([1, 2, 3], np.array([3, 2, 1])) + 1) < 1e-9


@row("settings", right=True)
def _extract_without_parameters():
    data = vectors()
    return extract(nn.Flatten(), data, runtime="torch").equal(data.tensors[0])
