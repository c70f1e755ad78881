"""Which networks `surgery.split` cuts with proof: each of torchvision's classifiers, and the smallest network of each class of timm
(from the experiment `timm_classes`), with random weights. Read by lesson 07.
"""

import json
from pathlib import Path

import timm
import torch
import torchvision

from tlcourse.core.graph import CannotSplit
from tlcourse.surgery import split

CLASSES = Path(__file__).resolve().parent.parent / "nbs" / "results" / "timm_classes.json"


def smallest():
    "The smallest network of each class, those with a classifier before those without"
    found = {}
    for row in json.loads(CLASSES.read_text(encoding="utf-8")):
        for name, entry in row["results"]["classes"].items():
            rank = lambda e: (not e["classifier"], e["parameters"])
            if name not in found or rank(entry) < rank(found[name]):
                found[name] = entry
    return found


SETTINGS = [
    {"source": "torchvision", "arch": arch, "class": type_, "classifier": True, "seed": 0}
    for arch in torchvision.models.list_models(module=torchvision.models)
    for type_ in [torchvision.models.get_model_builder(arch).__module__.rsplit(".", 1)[-1]]
]
SETTINGS += [
    {
        "source": "timm",
        "arch": entry["arch"],
        "class": name,
        "classifier": entry["classifier"],
        "seed": 0,
    }
    for name, entry in sorted(smallest().items(), key=lambda item: item[1]["parameters"])
]


def build(source, arch, classifier):
    "The network with random weights"
    if source == "timm":
        return timm.create_model(arch, **({"num_classes": 1000} if classifier else {}))
    return torchvision.models.get_model(
        arch,
        weights=None,
        **(
            {"init_weights": False, "transform_input": True}
            if arch in ("googlenet", "inception_v3")
            else {}
        ),
    )


def run(source, arch, classifier, seed, **_):
    "Proven, with what the cut is like, or refused, with the reason"
    torch.manual_seed(seed)
    model = build(source, arch, classifier)
    try:
        parts = split(model)
    except CannotSplit as error:
        return {"verdict": "refused", "reason": str(error)}
    of_body, of_head = (
        sum(p.numel() for p in part.parameters()) for part in (parts.body, parts.head)
    )
    grouped = [id(p) for group in parts.layer_groups for p in group.parameters()]
    if sorted(grouped) != sorted(id(p) for p in parts.body.parameters()):
        raise AssertionError(f"{arch}: the groups do not cover the body once")
    return {
        "verdict": "proven",
        "layout": parts.layout,
        "n_features": parts.n_features,
        "pool": parts.pool,
        "groups": len(parts.layer_groups),
        "parameters": {"body": of_body, "head": of_head},
        "left_out": len(parts.left_out),
        "num_features": getattr(model, "num_features", None),
    }  # what timm itself says of the map's width
