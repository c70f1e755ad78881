"""Bad inputs to what decides how often a class counts, and to what mixes a batch."""

import torch
from torch import nn
from torchvision.transforms import v2

from attacks.rows import add_all, row
from attacks.things import (
    Items,
    bits,
    image_learner,
    images,
    learner,
    picture,
    tiny,
    train_once,
    vectors,
)
from tlcourse.data import class_weights, train_loader
from tlcourse.training import Learner

_FLOATS = torch.rand(8, generator=torch.Generator().manual_seed(0))

add_all(
    "class weights",
    {
        "a class without an image": (lambda: class_weights(images(1)), "square", "image"),
        "a number without an image": (
            lambda: class_weights(vectors(8, labels=[0, 2] * 4)),
            "class 1",
        ),
        "an empty dataset": (lambda: class_weights(images(4).subset([])), "empty"),
        "labels of floats": (lambda: class_weights(vectors(8, labels=_FLOATS)), "class number"),
        "labels that nobody lists": (
            lambda: class_weights(Items([(picture(), 0)] * 4)),
            "lists none",
            "labels",
        ),
        "negative labels": (lambda: class_weights(vectors(4, labels=[0, -1, 1, 1])), "-1"),
        "unknown classes": (lambda: class_weights(images(), ["disc", "star"]), "square", "star"),
        "a path": (lambda: class_weights("images"), "labels|dataset"),
        "None": (lambda: class_weights(None), "None", "labels|dataset"),
    },
)


@row("class weights", right=True, quick=True)
def classes_in_the_order_of_the_model():
    few = images(8).subset([0, 1, 3, 5])
    return class_weights(few, ["square", "disc"]).tolist() == class_weights(few).tolist()[::-1]


def _sampled(sampler, train=None):
    return train_once(learner(train=train, sampler=sampler))


add_all(
    "samplers",
    {
        "a wrong word": (lambda: _sampled("weighted"), "weighted", "balanced"),
        "True": (lambda: _sampled(True), "True", "balanced"),
        "weights": (lambda: _sampled([1, 9]), "[1, 9]", "balanced"),
        "a sampler of torch": (
            lambda: _sampled(torch.utils.data.RandomSampler(vectors())),
            "RandomSampler",
            "balanced",
        ),
        "a wrong word for a loader": (lambda: train_loader(vectors(), 8, sampler="fair"), "fair"),
        "labels that nobody lists": (
            lambda: _sampled("balanced", Items([(torch.rand(8), i % 2) for i in range(8)])),
            "lists none",
            "labels",
        ),
        "targets that are numbers": (
            lambda: train_loader(vectors(8, labels=_FLOATS), 4, sampler="balanced"),
            "class number",
        ),
        "assigned later": (lambda: _set_later("sampler", "fair"), "fair", "balanced"),
    },
)


def _set_later(name, value):
    learn = learner()
    setattr(learn, name, value)
    return train_once(learn)


@row("samplers", right=True, quick=True)
def a_class_without_a_sample():
    "The others share the epoch"
    train = vectors(12, k=3, labels=[0] * 9 + [2] * 3)
    learn = learner(nn.Linear(8, 3), train, train, bs=4, sampler="balanced")
    drawn = torch.cat([yb for e in range(9) for _, yb in learn.batches(train, e)])
    return len(drawn) == 108 and 30 < int((drawn == 2).sum()) < 78


def _mixed(mix, **options):
    return train_once(image_learner(mix=mix, **options))


_TWO = v2.MixUp(num_classes=2)

add_all(
    "mix",
    {
        "the class": (lambda: _mixed(v2.MixUp), "class MixUp", "MixUp()"),
        "a word": (lambda: _mixed("mixup"), "mixup", "transform"),
        "a number": (lambda: _mixed(0.2), "0.2", "transform"),
        "without the number of classes": (lambda: _mixed(v2.MixUp()), "num_classes=2"),
        "another number of classes": (lambda: _mixed(v2.CutMix(num_classes=3)), "3", "2"),
        "another number in a choice": (
            lambda: _mixed(v2.RandomChoice([_TWO, v2.CutMix(num_classes=9)], p=[1, 1e-9])),
            "num_classes=9",
            "2",
        ),
        "of vectors": (lambda: train_once(learner(mix=_TWO)), "(n, 8)", "images"),
        "a loss of class numbers": (
            lambda: _mixed(_TWO, loss=lambda z, y: -z.log_softmax(1)[range(len(y)), y].mean()),
            "probabilities",
            "CrossEntropyLoss",
        ),
        "images alone": (lambda: _mixed(lambda xb, yb: xb), "pair"),
        "of one argument": (lambda: _mixed(lambda xb: xb), "mix=<lambda>", "argument"),
        "an error of its own": (lambda: _mixed(lambda xb, yb: 1 / 0), "zero", "mix"),
        "assigned later": (lambda: _set_later("mix", 3), "mix=3", "transform"),
    },
)


@row("mix", right=True, quick=True)
def both_with_weights_smoothing_and_parts():
    loss = nn.CrossEntropyLoss(torch.tensor([1.0, 3.0]), label_smoothing=0.1)
    mix = v2.RandomChoice([_TWO, v2.CutMix(num_classes=2)])
    once, again = (bits(_mixed(mix, loss=loss, micro_batch=3).model) for _ in range(2))
    return once == again


@row("mix", right=True)
def images_with_several_classes():
    y = torch.tensor([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.0, 0.0]])
    data = Items([(picture(i), y[i]) for i in range(4)])
    options = {"bs": 4, "device": "cpu", "precision": "float32", "loss": nn.BCEWithLogitsLoss()}
    return train_once(Learner(tiny(), data, data, mix=v2.MixUp(), **options)).epochs == 1
