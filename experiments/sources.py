"""Do scores that train nothing know what fine-tuning will give? EfficientNet-Lite0, -1 and -2,
whole or cut in the middle, from ImageNet or untrained. Read by lesson 12 and studies/sources.

Two targets at 96 px: solar cells (as many sound as defective, no pseudo-module on both sides) and
spectrograms of five signals; 300 images to train on, 150 to choose on, 374 to 420 and 500 to report
on. Each candidate gets the specified head and about 100 steps in batches of 16 at each of two rates
(higher ones for the untrained); validation chooses. The scores see the training part, before any
training; an untrained network's BatchNorm has met it.
"""

from collections import OrderedDict
from functools import lru_cache

import torch
from _domains import SIZES, balanced_parts, prepared_parts, whole_images
from torch import nn

from tlcourse.features import boundary, extract
from tlcourse.pretrained import load_pretrained, zoo
from tlcourse.studies.datasets import signal_images
from tlcourse.studies.kit import best_rate, rounded, update_bn
from tlcourse.studies.sources import all_scores
from tlcourse.surgery import LayerGroup, create_head, transfer_model
from tlcourse.training import Phase

ARCHS = ("tf_efficientnet_lite0", "tf_efficientnet_lite1", "tf_efficientnet_lite2")
RATES = {"pretrained": (1e-3, 3e-3), "untrained": (3e-3, 1e-2)}
SETTINGS = [
    {"seed": seed, "target": target, "arch": arch, "start": start}
    for seed in range(3)
    for target in ("cells", "signals")
    for arch in ARCHS
    for start in RATES
]
TOP1 = {row["arch"]: row["top-1 (%)"] for row in zoo()}


@lru_cache(maxsize=1)
def parts(target, seed):
    "The parts as prepared tensors; the three networks want the same numbers"
    images = signal_images(seed, SIZES) if target == "signals" else balanced_parts("cells", seed)
    return prepared_parts(images, whole_images(transfer_model(ARCHS[0], 2)).preprocess)


def network(load, train, start, seed):
    "The network that `load` gives for a weights name, as `seed` draws it, for whole images"
    torch.manual_seed(seed)
    net = whole_images(load("default" if start == "pretrained" else None))
    return net if start == "pretrained" else update_bn(net, train)


def cut_in_the_middle(model, n_classes):
    "The lower half of the layer groups of `model` under a new head"
    k = len(model.layer_groups) // 2
    lower, _, shape = boundary(model, k)
    half = nn.Sequential(OrderedDict(body=lower, head=create_head(shape[0], n_classes)))
    half.layer_groups = [*model.layer_groups[:k], LayerGroup("head", {"head": half.head})]
    half.preprocess, half.classes = model.preprocess, model.classes
    return half


def before_training(model, labels, logits, train):
    "What can be said of a candidate before any training: its row so far"
    features = extract(boundary(model, -1).lower, train, runtime="torch")
    size = {
        "parameters (M)": sum(p.numel() for p in model.body.parameters()) / 1e6,
        "features": features.shape[1],
        "top-1 (%)": TOP1[labels["arch"]] if labels["start"] == "pretrained" else 0.1,
    }
    return labels | size | all_scores(features, logits, train.tensors[1])


def candidates(seed, target, arch, start):
    "(how it is made, its row so far) of the whole network and of its lower half"
    train, *_ = parts(target, seed)
    n_classes = int(train.tensors[1].max()) + 1

    def whole():
        def load(weights):
            return transfer_model(arch, n_classes, weights=weights)

        return network(load, train, start, seed)

    def middle():
        return cut_in_the_middle(whole(), n_classes)

    original = network(lambda weights: load_pretrained(arch, weights), train, start, seed)
    logits = extract(original, train, runtime="torch")
    for cut, make in (("whole", whole), ("middle", middle)):
        labels = {"arch": arch, "start": start, "cut": cut, "seed": seed}
        yield make, before_training(make(), labels, logits if cut == "whole" else None, train)


def run(seed, target, arch, start):
    data, rows = parts(target, seed), []
    for make, row in candidates(seed, target, arch, start):
        learn, lr = best_rate(make, data, Phase(5, 0, bn="train"), RATES[start], seed, 16, False)
        valid = 100 * learn.history[-1]["valid accuracy"]
        accuracy = round(100 * learn.evaluate(data[2])["accuracy"], 3)
        row |= {"lr": lr, "valid": valid, "accuracy": accuracy, "n": len(data[2])}
        rows += rounded([row], {k: 5 for k, v in row.items() if isinstance(v, float)})
    return {"rows": rows}
