"""Swapped arguments, a learner for a network, and settings that no function takes."""

import numpy as np
import torch
from torch import nn

from attacks.rows import add_all, row
from attacks.things import image_learner, mlp, picture, tiny, vectors
from tlcourse.activations import capture, layer_table, receptive_field
from tlcourse.attribution import (
    explore_layers,
    gradcam,
    gradient,
    guided_backprop,
    occlusion,
    rank_correlation,
)
from tlcourse.core.reports import frozen_report
from tlcourse.features import extract
from tlcourse.freezing import explore_freezing
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

add_all(
    "settings",
    {
        "show_filters without convolutions": (lambda: show_filters(mlp()), "no convolutions"),
        "explore_freezing without groups": (lambda: explore_freezing(mlp()), "groups"),
        "gradcam of an empty batch": (lambda: gradcam(tiny(), _XB[:0]), "empty"),
        "synthesize in -3 steps": (lambda: synthesize(tiny(), _LAYER, 0, steps=-3), "steps=-3"),
        "synthesize of size 0": (lambda: synthesize(tiny(), _LAYER, 0, size=0), "size=0"),
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
