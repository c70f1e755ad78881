"""Bad inputs to models: building, freezing, predicting."""

import io

import numpy as np
import torch
from torch import nn

from attacks.rows import add, add_all, row
from attacks.things import (
    ARCH,
    folder_of,
    image_learner,
    images,
    learner,
    mlp,
    picture,
    renamed,
    tiny,
    train_once,
)
from tlcourse.features import boundary
from tlcourse.freezing import freeze, freeze_to
from tlcourse.pretrained import load_pretrained
from tlcourse.surgery import create_head, predict, transfer_model


def _build(**options):
    return transfer_model(ARCH, **{"n_classes": 2, "weights": None} | options)


add_all(
    "models",
    {
        "classes=3": (lambda: _build(n_classes=None, classes=3), "classes=3", "n_classes|list"),
        "classes='cat'": (lambda: _build(n_classes=None, classes="cat"), "'cat'", "list"),
        "classes of one": (lambda: _build(n_classes=None, classes=["cat"]), "two"),
        "equal classes": (lambda: _build(n_classes=None, classes=["a", "a"]), "different|twice"),
        "classes of lists": (
            lambda: _build(n_classes=None, classes=[["a"], ["b"]]),
            "class",
            "['a']",
        ),
        "n_classes=1": (lambda: _build(n_classes=1), "n_classes=1", "two"),
        "n_classes=0": (lambda: _build(n_classes=0), "n_classes=0", "two"),
        "n_classes=-3": (lambda: _build(n_classes=-3), "n_classes=-3"),
        "n_classes=2.5": (lambda: _build(n_classes=2.5), "n_classes=2.5"),
        "n_classes='3'": (lambda: _build(n_classes="3"), "n_classes='3'"),
        "n_classes of a list": (
            lambda: _build(n_classes=["a", "b"]),
            "n_classes=['a', 'b']",
            "classes=",
        ),
        "number and names differ": (lambda: _build(n_classes=3, classes=["a", "b"]), "3", "2"),
        "neither number nor names": (lambda: _build(n_classes=None), "n_classes", "classes"),
        "arch='resnet_18'": (
            lambda: transfer_model("resnet_18", 2, weights=None),
            "resnet_18",
            "resnet18",
        ),
        "arch='ResNet18'": (
            lambda: transfer_model("ResNet18", 2, weights=None),
            "ResNet18",
            "resnet18",
        ),
        "arch='resnet50.a1_in1k'": (
            lambda: transfer_model("resnet50.a1_in1k", 2),
            "resnet50",
            "weights=|a1_in1k",
        ),
        "arch=None": (lambda: transfer_model(None, 2, weights=None), "None", "name|arch"),
        "arch of a model": (
            lambda: transfer_model(mlp(), 2, weights=None),
            "Sequential",
            "name|arch",
        ),
        "an arch that is no classifier": (
            lambda: transfer_model("raft_large", 2, weights=None),
            "raft_large",
        ),
        "weights='imagenet'": (
            lambda: transfer_model("resnet18", 2, weights="imagenet"),
            "imagenet",
            "IMAGENET1K_V1",
        ),
        "weights=True": (lambda: transfer_model("resnet18", 2, weights=True), "True", "default"),
        "in_channels=0": (lambda: _build(in_channels=0), "in_channels=0"),
        "in_channels='3'": (lambda: _build(in_channels="3"), "in_channels='3'"),
        "size=-1": (lambda: _build(size=-1), "size=-1"),
        "size='96'": (lambda: _build(size="96"), "size='96'"),
        "size=0": (lambda: _build(size=0), "size=0"),
        "width=-5": (lambda: _build(width=-5), "width=-5"),
        "width=2.5": (lambda: _build(width=2.5), "width=2.5"),
        "dropouts=.5": (lambda: _build(dropouts=0.5), "dropouts=0.5", "two"),
        "dropouts of one": (lambda: _build(dropouts=(0.5,)), "dropouts=(0.5,)", "two"),
        "dropouts above one": (lambda: _build(dropouts=(1.5, 0.5)), "1.5", "dropout"),
        "pool='max'": (lambda: _build(pool="max"), "max", "concat"),
        "an unknown option": (lambda: _build(hidden=3), "hidden", "width|dropouts"),
        "a head of no features": (lambda: create_head(0, 2), "n_features=0"),
        "a head of -8 features": (lambda: create_head(-8, 2), "n_features=-8"),
        "a head for maps, given tokens": (
            lambda: create_head(96, 2)(torch.zeros(2, 26, 96)),
            "(2, 26, 96)",
            "layout='tokens'",
        ),
        "a head for maps, given pooled features": (
            lambda: create_head(96, 2)(torch.zeros(2, 96)),
            "(2, 96)",
            "[:, :, None, None]",
        ),
        "a learner of pooled features": (
            lambda: train_once(learner(create_head(8, 2))),
            "(n, 8)",
            "[:, :, None, None]",
            "boundary",
        ),
        "load_pretrained(3)": (lambda: load_pretrained(3), "3", "name|arch"),
        "load_pretrained('')": (lambda: load_pretrained(""), "''"),
    },
)


add_all(
    "freezing",
    {
        "k=99": (lambda: freeze_to(tiny(), 99), "99", "groups"),
        "k=-99": (lambda: freeze_to(tiny(), -99), "-99", "groups"),
        "k=1.5": (lambda: freeze_to(tiny(), 1.5), "1.5", "number|name"),
        "k=None": (lambda: freeze_to(tiny(), None), "None", "number|name"),
        "k='heads'": (lambda: freeze_to(tiny(), "heads"), "heads", "head"),
        "k=[1]": (lambda: freeze_to(tiny(), [1]), "[1]", "number|name"),
        "bn='fixed'": (lambda: freeze_to(tiny(), -1, bn="fixed"), "fixed", "stats"),
        "a plain model": (lambda: freeze_to(mlp(), 1), "groups", "transfer_model"),
        "a learner": (lambda: freeze_to(image_learner(), -1), "Learner", "model"),
        "freeze of a learner": (lambda: freeze(image_learner()), "Learner", "module|model"),
        "boundary of 0": (lambda: boundary(tiny(), 0), "0", "first"),
        "boundary of a name": (lambda: boundary(tiny(), "heads"), "heads"),
        "boundary of a plain model": (lambda: boundary(mlp(), 1), "groups"),
    },
)


@row("freezing", "group", quick=True)
def a_head_of_your_own():
    "A head put on by hand: it learns, and the body does not"
    model = tiny()
    model.head = create_head(model.n_features, 2)
    freeze_to(model, -1)
    heads = [p.requires_grad for p in model.head.parameters()]
    return (all(heads) and not any(p.requires_grad for p in model.body.parameters())) or (
        "the new head is frozen"
    )


@row("freezing", "group|parameter")
def parameters_of_your_own():
    model = tiny()
    layer = next(m for m in model.body.modules() if isinstance(m, nn.Conv2d))
    layer.weight = nn.Parameter(layer.weight.detach().clone())
    freeze_to(model, -1)
    return not layer.weight.requires_grad or "a replaced parameter of the body learns"


add_all(
    "predict",
    {
        "swapped arguments": (lambda: predict(picture(), tiny()), "model"),
        "a plain model": (lambda: predict(mlp(), picture()), "preprocess", "classes"),
        "a learner": (lambda: predict(image_learner(), picture()), "Learner", "model"),
        "a file that is missing": (lambda: predict(tiny(), "no.png"), "no.png"),
        "a folder": (lambda: predict(tiny(), str(folder_of())), "images", "folder|directory"),
        "None": (lambda: predict(tiny(), None), "None", "image"),
        "a number": (lambda: predict(tiny(), 3), "3|int", "image"),
        "a dict": (lambda: predict(tiny(), {"image": picture()}), "dict", "image"),
        "bs=0": (lambda: predict(tiny(), picture(), bs=0), "bs=0"),
        "bs=-1": (lambda: predict(tiny(), picture(), bs=-1), "bs=-1"),
        "bs='2'": (lambda: predict(tiny(), picture(), bs="2"), "bs='2'"),
        "views=3": (lambda: predict(tiny(), picture(), views=3), "views=3", "mirror"),
        "views=0": (lambda: predict(tiny(), picture(), views=0), "views=0", "mirror"),
        "views='2'": (lambda: predict(tiny(), picture(), views="2"), "views='2'", "mirror"),
        "views=True": (lambda: predict(tiny(), picture(), views=True), "views=True", "mirror"),
        "views=None": (lambda: predict(tiny(), picture(), views=None), "views=None", "mirror"),
        "pairs": (lambda: predict(tiny(), [(picture(), 0)]), "tuple|pair", "image"),
        "an unknown activation": (
            lambda: predict(tiny(), picture(), activation="tanh"),
            "tanh",
            "sigmoid",
        ),
        "NaN in the weights": (lambda: predict(_spoilt(), picture()), "nan|not finite"),
        "more outputs than names": (
            lambda: predict(renamed(["a", "b", "c"]), picture()),
            "3",
            "2",
        ),
        "fewer names than outputs": (lambda: predict(renamed(["a"]), picture()), "1", "2"),
    },
)


def _spoilt():
    model = tiny()
    next(model.head.parameters()).data.fill_(float("nan"))
    return model


@row("predict", "1000|1,000", "3")
def names_of_imagenet():
    "`net.fc` replaced by hand keeps ImageNet's names"
    net = load_pretrained("resnet18", weights=None)
    net.fc = nn.Linear(512, 3)
    return f"{predict(net, picture())[0].label} of 3 outputs"


def _labels(predictions) -> list:
    return [(p.label, round(p.probability, 5)) for p in predictions]


for _name, _make in {
    "bytes of a file": lambda: _png_bytes(),
    "an open file": lambda: io.BytesIO(_png_bytes()),
    "a generator": lambda: (im for im in [picture()]),
    "an array": lambda: np.asarray(picture()),
    "an array of images": lambda: np.stack([np.asarray(picture())]),
}.items():
    add("predict", _name,
        lambda make=_make: _labels(predict(tiny(), make())) == _labels(predict(tiny(), picture())),
        "bytes|file|generator|array|list", quick=_name == "a generator")  # fmt: skip


def _png_bytes() -> bytes:
    file = io.BytesIO()
    picture().save(file, "png")
    return file.getvalue()


@row("predict", quick=True)
def nothing_to_predict():
    return predict(tiny(), []) == []


@row("predict", "half|float16")
def half_precision():
    "The same classes, or a refusal"
    wanted = predict(tiny(), [picture(i) for i in range(3)])
    found = predict(tiny().half(), [picture(i) for i in range(3)])
    return all(abs(a.probability - b.probability) < 0.01 for a, b in zip(wanted, found))


@row("predict")
def a_dataset():
    "Its images, one by one, without their labels"
    data = images()
    one_by_one = [predict(tiny(), data[i][0])[0] for i in range(len(data))]
    return _labels(predict(tiny(), data)) == _labels(one_by_one)
