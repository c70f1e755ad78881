"""Which networks `surgery.split` cuts with proof: each of torchvision's classifiers, and the
smallest network of each class of timm (from the experiment `timm_classes`), with random weights.
Read by lesson 07.
"""

import json
from pathlib import Path

import timm
import torch
import torchvision

from tlcourse.core.graph import CannotSplit
from tlcourse.surgery import split

CLASSES = Path(__file__).resolve().parent.parent / "nbs" / "results" / "timm_classes.json"


def rank(entry):
    "Networks with a classifier first, then by size"
    return not entry["classifier"], entry["parameters"]


def smallest():
    "class of timm -> its smallest network, those with a classifier before those without"
    entries = {}
    for row in json.loads(CLASSES.read_text(encoding="utf-8")):
        for name, entry in row["results"]["classes"].items():
            if name not in entries or rank(entry) < rank(entries[name]):
                entries[name] = entry
    return entries


def of_torchvision(arch):
    "The settings of one of torchvision's classifiers"
    module = torchvision.models.get_model_builder(arch).__module__.rsplit(".", 1)[-1]
    return {"source": "torchvision", "arch": arch, "class": module, "classifier": True, "seed": 0}


def of_timm(name, entry):
    "The settings of the smallest network of a class"
    known = {"arch": entry["arch"], "class": name, "classifier": entry["classifier"]}
    return {"source": "timm", **known, "seed": 0}


BY_SIZE = sorted(smallest().items(), key=lambda item: item[1]["parameters"])
SETTINGS = [of_torchvision(arch) for arch in torchvision.models.list_models(torchvision.models)]
SETTINGS += [of_timm(name, entry) for name, entry in BY_SIZE]


def build(source, arch, classifier):
    "The network with random weights"
    if source == "timm":
        return timm.create_model(arch, **({"num_classes": 1000} if classifier else {}))
    inception = arch in ("googlenet", "inception_v3")
    options = {"init_weights": False, "transform_input": True} if inception else {}
    return torchvision.models.get_model(arch, weights=None, **options)


def n_parameters(part):
    return sum(p.numel() for p in part.parameters())


def run(source, arch, classifier, seed, **_):
    "Proven, with what the cut is like, or refused, with the reason"
    torch.manual_seed(seed)
    model = build(source, arch, classifier)
    try:
        parts = split(model)
    except CannotSplit as error:
        return {"verdict": "refused", "reason": str(error)}
    grouped = [id(p) for group in parts.layer_groups for p in group.parameters()]
    if sorted(grouped) != sorted(id(p) for p in parts.body.parameters()):
        raise AssertionError(f"{arch}: the groups do not cover the body once")
    return {
        "verdict": "proven",
        "layout": parts.layout,
        "n_features": parts.n_features,
        "pool": parts.pool,
        "groups": len(parts.layer_groups),
        "parameters": {"body": n_parameters(parts.body), "head": n_parameters(parts.head)},
        "left_out": len(parts.left_out),
        "num_features": getattr(model, "num_features", None),  # the map's width, as timm says
    }
