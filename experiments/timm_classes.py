"""Every network that timm knows, by class: which classes there are, and the smallest network of
each. Read by the experiment `coverage`.

The networks are built on the meta device: shapes without numbers, so that the largest cost nothing.
"""

import timm
import torch
from torch import nn

SETTINGS = [{"module": module} for module in timm.list_modules()]


def has_classifier(model):
    "Whether `model` ends in a layer of its own for classes"
    try:
        classifier = model.get_classifier()
    except (AttributeError, NotImplementedError):
        return False
    layers = classifier if isinstance(classifier, (tuple, list)) else [classifier]
    return any(isinstance(m, nn.Module) and list(m.parameters()) for m in layers)


def build(name):
    "The network `name` with 1,000 classes, or, if it takes no classes, as it is"
    try:
        return timm.create_model(name, num_classes=1000)
    except TypeError:
        return timm.create_model(name)


def rank(entry):
    "Networks with a classifier first, then by size"
    return not entry["classifier"], entry["parameters"]


def run(module):
    "Class -> its smallest network in timm's `module`; and the names that could not be built"
    names, classes, failed = timm.list_models(module=module), {}, {}
    for name in names:
        try:
            with torch.device("meta"):
                model = build(name)
        except Exception as error:  # a network that this machine cannot build is reported by name
            failed[name] = f"{type(error).__name__}: {error}"[:200]
            continue
        size = sum(p.numel() for p in model.parameters())
        entry = {"arch": name, "parameters": size, "classifier": has_classifier(model)}
        kind = type(model).__name__
        classes[kind] = min(classes.get(kind, entry), entry, key=rank)
    return {"networks": len(names), "classes": classes, "failed": failed}
