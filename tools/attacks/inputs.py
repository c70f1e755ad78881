"""Bad inputs to what trains: `Learner`, `Phase`, `fit`, `resume`, `lr_find`."""

import copy
import functools

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from attacks.rows import add, add_all, row, told
from attacks.things import (
    Items,
    bits,
    images,
    learner,
    mlp,
    picture,
    quiet,
    tiny,
    train_once,
    vectors,
)
from tlcourse.finetuning import fine_tune, gradual_unfreezing, show_schedule
from tlcourse.training import Learner, Phase, lr_find

_add_all = functools.partial(add_all, every=5)


def _fit(**phase):
    "One epoch with these settings of its phase"
    return learner().fit([Phase(**{"epochs": 1} | phase)])


def _fit_labels(labels, k=3):
    "Train a network of `k` classes on these labels, one for each of 32 vectors"
    return train_once(learner(mlp(k=k), vectors(labels=labels), vectors(labels=labels)))


_add_all(
    "learner",
    {
        "a list of paths for a dataset": (
            lambda: learner(tiny(), ["a.png", "b.png"] * 8),
            "list|str",
            "dataset",
        ),
        "a DataLoader for a dataset": (
            lambda: train_once(learner(train=DataLoader(vectors(), 8))),
            "DataLoader",
            "dataset",
        ),
        "a DataLoader to validate": (
            lambda: train_once(learner(valid=DataLoader(vectors(), 8))),
            "DataLoader",
            "dataset",
        ),
        "a generator for a dataset": (
            lambda: train_once(learner(train=(item for item in vectors()))),
            "generator",
            "dataset",
        ),
        "a tensor for a dataset": (
            lambda: train_once(learner(train=torch.randn(32, 8))),
            "tensor",
            "dataset",
        ),
        "a path for a dataset": (lambda: learner(tiny(), "photos"), "'photos'|str", "from_folder"),
        "None for a dataset": (lambda: Learner(mlp(), None, vectors(), bs=8), "None", "dataset"),
        "None to validate": (lambda: Learner(mlp(), vectors(), None, bs=8), "None", "valid"),
        "no model": (lambda: Learner(None, vectors(), vectors(), bs=8), "None", "model"),
        "the name of a model": (
            lambda: Learner("resnet18", vectors(), vectors(), bs=8),
            "resnet18|str",
            "transfer_model",
        ),
        "a learner for a model": (
            lambda: Learner(learner(), vectors(), vectors(), bs=8),
            "Learner",
            "model",
        ),
        "swapped model and data": (
            lambda: Learner(vectors(), mlp(), vectors(), bs=8),
            "TensorDataset",
            "model",
        ),
        "a class for a model": (
            lambda: Learner(nn.Linear, vectors(), vectors(), bs=8),
            "model",
            "class",
        ),
        "nothing to train on": (
            lambda: train_once(learner(train=vectors(0))),
            "empty|0 samples|nothing",
        ),
        "nothing to validate on": (lambda: learner(valid=vectors(0)), "validat", "empty|nothing"),
        "one sample": (lambda: train_once(learner(train=vectors(1))), "1 sample|one sample|two"),
        "samples as dicts": (
            lambda: train_once(
                learner(train=Items([{"image": x, "label": y} for x, y in vectors()]))
            ),
            "dict",
            "image, label|pair",
        ),
        "samples of three": (
            lambda: train_once(learner(train=Items([(x, y, 0) for x, y in vectors()]))),
            "3|three",
            "image, label|pair",
        ),
        "samples without labels": (
            lambda: train_once(learner(train=Items([x for x, _ in vectors()]))),
            "label",
            "pair",
        ),
        "arrays for tensors": (
            lambda: train_once(learner(train=Items([(x.numpy(), int(y)) for x, y in vectors()]))),
            "ndarray|array",
            "tensor|preprocess",
        ),
        "images without a preprocess": (
            lambda: train_once(learner(mlp(), images(), images(), bs=4)),
            "preprocess",
        ),
        "bs=0": (lambda: train_once(learner(bs=0)), "bs=0", "two|2"),
        "bs=1": (lambda: train_once(learner(bs=1)), "bs=1", "two|2"),
        "bs=-4": (lambda: train_once(learner(bs=-4)), "bs=-4", "two|2"),
        "bs=2.5": (lambda: train_once(learner(bs=2.5)), "bs=2.5", "whole|integer|int"),
        "bs='8'": (lambda: train_once(learner(bs="8")), "bs='8'", "whole|integer|int|number"),
        "clip=-1": (
            lambda: train_once(learner(clip=-1.0)),
            "clip=-1",
            "positive|above 0|None|at least 0",
        ),
        "clip=nan": (lambda: train_once(learner(clip=float("nan"))), "clip=nan"),
        "clip='1'": (lambda: train_once(learner(clip="1")), "clip='1'", "number"),
        "wd=-1": (lambda: train_once(learner(wd=-1.0)), "wd=-1"),
        "wd=nan": (lambda: train_once(learner(wd=float("nan"))), "wd=nan"),
        "seed=-1": (lambda: train_once(learner(seed=-1)), "seed=-1"),
        "seed='x'": (lambda: train_once(learner(seed="x")), "seed='x'"),
        "precision='fp16'": (lambda: train_once(learner(precision="fp16")), "fp16", "bfloat16"),
        "runtime='tensorflow'": (
            lambda: learner(runtime="tensorflow"),
            "tensorflow",
            "onnxruntime",
        ),
        "device='gpu'": (lambda: learner(device="gpu"), "gpu", "cuda|cpu"),
        "device of which there is none": (
            lambda: learner(device="cuda:77"),
            "cuda:77|cuda",
            "cpu|GPU|no such device",
        ),
        "metrics as a list": (
            lambda: train_once(learner(metrics=[lambda logits, y: 0.0])),
            "metrics",
            "dict|name",
        ),
        "a metric called loss": (
            lambda: train_once(learner(metrics={"loss": lambda logits, y: 0.5})),
            "loss",
            "name",
        ),
        "a metric that is a number": (
            lambda: train_once(learner(metrics={"mine": 0.5})),
            "mine",
            "function|call",
        ),
        "a metric that is a text": (
            lambda: train_once(learner(metrics={"mine": "accuracy"})),
            "mine",
            "function|call",
        ),
        "a metric that gives a vector": (
            lambda: train_once(learner(metrics={"mine": lambda logits, y: y})),
            "mine",
            "number|scalar",
        ),
        "callbacks not in a list": (
            lambda: train_once(learner(callbacks=quiet)),
            "callbacks",
            "list",
        ),
        "a callback that is none": (
            lambda: train_once(learner(callbacks=[quiet])),
            "quiet|function",
            "Callback",
        ),
        "a loss without a reduction": (
            lambda: train_once(learner(loss=nn.CrossEntropyLoss(reduction="none"))),
            "loss",
            "one number|a number|mean|reduction",
        ),
        "the class of a loss": (
            lambda: train_once(learner(loss=nn.CrossEntropyLoss)),
            "CrossEntropyLoss",
            "()|instance|call",
        ),
        "the name of a loss": (
            lambda: train_once(learner(loss="cross_entropy")),
            "cross_entropy|str",
            "function|call",
        ),
        "a loss for one logit": (
            lambda: train_once(learner(loss=nn.BCEWithLogitsLoss())),
            "loss|labels",
            "BCE|shape|(8,)|(1,)",
        ),
        "a class weight too few": (
            lambda: train_once(
                learner(
                    mlp(k=3), vectors(k=3), vectors(k=3), loss=nn.CrossEntropyLoss(torch.ones(2))
                )
            ),
            "weight",
            "2",
            "3",
        ),
        "an optimiser already made": (
            lambda: train_once(learner(optimizer=torch.optim.SGD(mlp().parameters(), lr=0.1))),
            "optimizer",
            "function|(model, phase, wd)",
        ),
        "the name of an optimiser": (
            lambda: train_once(learner(optimizer="sgd")),
            "optimizer",
            "sgd|str",
        ),
        "a cache that is a path": (lambda: learner(cache="here"), "cache", "FeatureCache"),
        "a log that is none": (lambda: learner(tiny(), images(), images(), bs=4, log="x"), "log"),
        "history before fit": (lambda: learner().show_history(), "fit"),
    },
)


_add_all(
    "labels",
    {
        "from 1": (lambda: _fit_labels(torch.arange(32) % 3 + 1), "3", "0"),
        "-1": (lambda: _fit_labels(torch.arange(32) % 3 - 1), "-1"),
        "-100": (lambda: _fit_labels(torch.where(torch.arange(32) % 2 > 0, -100, 1)), "-100"),
        "too large": (lambda: _fit_labels(torch.arange(32)), "31", "3"),
        "floats": (lambda: _fit_labels(torch.rand(32)), "label", "float|0."),
        "words": (
            lambda: train_once(learner(train=Items([(x, "cat") for x, _ in vectors()]))),
            "cat",
            "label",
        ),
        "None": (
            lambda: train_once(learner(train=Items([(x, None) for x, _ in vectors()]))),
            "None",
            "label",
        ),
        "NaN": (lambda: _fit_labels(torch.full((32,), float("nan"))), "nan", "label"),
        "one-hot": (
            lambda: _fit_labels(torch.eye(3)[torch.arange(32) % 3]),
            "one-hot|(32, 3)|shape|(3,)",
        ),
        "one-hot integers": (
            lambda: _fit_labels(torch.eye(3)[torch.arange(32) % 3].long()),
            "one-hot|(32, 3)|shape|(3,)",
        ),
        "wrong only in validation": (
            lambda: train_once(
                learner(mlp(k=3), vectors(k=3), vectors(labels=torch.arange(32) % 3 + 1))
            ),
            "3",
            "valid",
        ),
        ".9 of a dataset": (lambda: images_of_labels([0.9, 0, 1]), "0.9", "label"),
        "a word of a dataset": (lambda: images_of_labels(["cat", "dog"]), "cat", "label|number"),
        "NaN of a dataset": (lambda: images_of_labels([float("nan"), 1]), "nan", "label"),
        "-1 of a dataset": (lambda: images_of_labels([-1, 1]), "-1"),
        "True of a dataset with three": (lambda: images_of_labels([5, 1]), "5", "2"),
    },
)


def images_of_labels(labels):
    from tlcourse.data import ImageDataset

    return ImageDataset([(picture(i), y) for i, y in enumerate(labels)], ["a", "b"])


def _same_as_int64(labels) -> bool:
    "Whether training with these labels gives the history that int64 gives"
    plain = torch.as_tensor(np.asarray(labels)).reshape(32, -1)[:, 0].long()
    wanted = _fit_labels(plain, 2).history[0]
    given = _fit_labels(labels, 2).history[0]
    return {k: v for k, v in given.items() if k != "seconds"} == {
        k: v for k, v in wanted.items() if k != "seconds"
    }


for _name, _labels in {
    "int32": (torch.arange(32) % 2).int(),
    "uint8": (torch.arange(32) % 2).to(torch.uint8),
    "bool": torch.arange(32) % 2 > 0,
    "(n, 1)": (torch.arange(32) % 2)[:, None],
}.items():
    add("labels", _name, functools.partial(_same_as_int64, _labels), "label", _name.split("int")[0])


_add_all(
    "phases",
    {
        "fit(0)": (lambda: learner().fit(0), "0", "epoch"),
        "fit(-1)": (lambda: learner().fit(-1), "-1", "epoch"),
        "fit('3')": (lambda: learner().fit("3"), "'3'", "Phase|number"),
        "fit(1.5)": (lambda: learner().fit(1.5), "1.5", "epoch|whole"),
        "fit(None)": (lambda: learner().fit(None), "None", "Phase"),
        "fit([])": (lambda: learner().fit([]), "Phase|phases"),
        "fit([3])": (lambda: learner().fit([3]), "3", "Phase"),
        "fit of a dict": (lambda: learner().fit({"epochs": 3}), "dict|{'epochs'", "Phase"),
        "epochs=.5": (lambda: _fit(epochs=0.5), "0.5", "epoch"),
        "epochs='2'": (lambda: _fit(epochs="2"), "'2'", "epoch"),
        "epochs=0": (lambda: _fit(epochs=0), "0", "epoch"),
        "epochs=-2": (lambda: _fit(epochs=-2), "-2", "epoch"),
        "epochs=nan": (lambda: _fit(epochs=float("nan")), "nan", "epoch"),
        "lr=-1e-3": (lambda: _fit(lr=-1e-3), "lr=-0.001"),
        "lr='1e-3'": (lambda: _fit(lr="1e-3"), "lr='1e-3'", "number|learning rate"),
        "lr=nan": (lambda: _fit(lr=float("nan")), "lr=nan"),
        "lr=inf": (lambda: _fit(lr=float("inf")), "lr=inf"),
        "lr=None": (lambda: _fit(lr=None), "lr=None"),
        "three rates": (lambda: _fit(lr=(1e-5, 1e-4, 1e-3)), "lr=", "two|(shallowest, deepest)"),
        "one rate in a tuple": (lambda: _fit(lr=(1e-3,)), "lr=", "two|(shallowest, deepest)"),
        "a negative rate of two": (lambda: _fit(lr=(-1e-3, 1e-3)), "lr=", "above 0|positive"),
        "pct_start=2": (lambda: _fit(pct_start=2), "pct_start=2"),
        "pct_start=-.1": (lambda: _fit(pct_start=-0.1), "pct_start=-0.1"),
        "div=0": (lambda: _fit(div=0), "div=0"),
        "div=-25": (lambda: _fit(div=-25.0), "div=-25"),
        "div_final=0": (lambda: _fit(div_final=0), "div_final=0"),
        "schedule='linear'": (lambda: _fit(schedule="linear"), "linear", "cosine"),
        "bn='frozen'": (lambda: _fit(bn="frozen"), "frozen", "fixed"),
        "update_bn of fixed": (lambda: _fit(update_bn=True), "update_bn=True", "bn='train'"),
        "update_bn='yes'": (lambda: _fit(bn="train", update_bn="yes"), "update_bn='yes'", "True"),
        "carry='yes'": (lambda: _fit(carry="yes"), "carry"),
        "train_from=1.5": (
            lambda: learner(tiny(), images(), images(), bs=4).fit([Phase(1, 1.5)]),
            "1.5",
            "group",
        ),
        "train_from=99": (
            lambda: learner(tiny(), images(), images(), bs=4).fit([Phase(1, 99)]),
            "99",
            "groups",
        ),
        "train_from='heads'": (
            lambda: learner(tiny(), images(), images(), bs=4).fit([Phase(1, "heads")]),
            "heads",
            "head",
        ),
        "nothing learns": (
            lambda: learner(tiny(), images(), images(), bs=4).fit([Phase(1, 6)]),
            "frozen|learn",
        ),
        "no such column for best": (lambda: learner().fit(1, best="accuracy"), "accuracy", "valid"),
        "best that is a number": (lambda: learner().fit(1, best=3), "3", "valid"),
        "patience without best": (lambda: learner().fit(1, patience=3), "patience", "best"),
        "patience=-1": (lambda: learner().fit(1, patience=-1, best="valid loss"), "patience=-1"),
        "patience=0": (lambda: learner().fit(1, patience=0, best="valid loss"), "patience=0"),
        "patience='2'": (lambda: learner().fit(1, patience="2", best="valid loss"), "patience='2'"),
        "every=-1": (lambda: learner().fit(1, checkpoint="run", every=-1.0), "every=-1"),
        "every='1'": (lambda: learner().fit(1, checkpoint="run", every="1"), "every='1'"),
        "checkpoint=3": (lambda: learner().fit(1, checkpoint=3), "3", "folder"),
        "fine_tune of a plain model": (lambda: fine_tune(learner(), 1), "groups", "transfer_model"),
        "fine_tune(0)": (
            lambda: fine_tune(learner(tiny(), images(), images(), bs=4), 0, freeze_epochs=0),
            "epoch",
        ),
        "fine_tune of a model": (lambda: fine_tune(tiny(), 1), "Sequential|model", "Learner"),
        "gradual unfreezing of a learner": (
            lambda: gradual_unfreezing(learner(), 3),
            "Learner",
            "model|groups",
        ),
        "show_schedule of a plain model": (lambda: show_schedule(learner(), 3), "groups"),
    },
)


_add_all(
    "lr_find",
    {
        "low above high": (lambda: lr_find(learner(), low=1.0, high=1e-3), "low", "high"),
        "low equal to high": (lambda: lr_find(learner(), low=1e-3, high=1e-3), "low", "high"),
        "low=0": (lambda: lr_find(learner(), low=0.0), "low=0"),
        "low negative": (lambda: lr_find(learner(), low=-1e-3), "low=-0.001"),
        "high=inf": (lambda: lr_find(learner(), high=float("inf")), "high=inf"),
        "low='1e-7'": (lambda: lr_find(learner(), low="1e-7"), "low='1e-7'"),
        "n=5": (lambda: lr_find(learner(), n=5), "n=5", "20"),
        "n=-5": (lambda: lr_find(learner(), n=-5), "n=-5", "20"),
        "n=20.5": (lambda: lr_find(learner(), n=20.5), "n=20.5"),
        "n='100'": (lambda: lr_find(learner(), n="100"), "n='100'"),
        "stop=0": (lambda: lr_find(learner(), stop=0), "stop=0"),
        "stop=.5": (lambda: lr_find(learner(), stop=0.5), "stop=0.5"),
        "a model": (lambda: lr_find(mlp()), "Sequential|model", "Learner"),
        "a list of phases": (lambda: lr_find(learner(), [Phase(1)]), "list|[Phase", "Phase"),
        "a number for a phase": (lambda: lr_find(learner(), 3), "3", "Phase"),
        "three rates": (lambda: lr_find(learner(), Phase(1, lr=(1, 2, 3))), "lr="),
        "every rate 0": (lambda: lr_find(learner(), Phase(1, None, 0.0)), "rate", "above 0"),
        "labels from 1": (
            lambda: lr_find(learner(train=vectors(labels=torch.arange(32) % 2 + 1))),
            "2",
            "label",
        ),
    },
)


def _random_vectors(n=256):
    g = torch.Generator().manual_seed(1)
    return TensorDataset(torch.randn(n, 8, generator=g), torch.randint(2, (n,), generator=g))


@row("lr_find", "nothing was learned|no suggestion|never fell", quick=True)
def random_labels():
    "Labels that cannot be learned: no suggestion, and a sentence that says so"
    with told() as words:
        curve = lr_find(learner(train=_random_vectors(), bs=32))
    if curve.suggestions:
        return f"suggestions for random labels: {curve.suggestions}"
    return words.says("learn|fell|fall")


@row("lr_find", "nothing was learned|no suggestion|never fell")
def a_range_in_which_nothing_is_learned():
    with told() as words:
        curve = lr_find(learner(train=vectors(256), bs=32), low=1e-12, high=1e-9)
    if curve.suggestions:
        return f"suggestions where the loss never fell: {curve.suggestions}"
    return words.says("learn|fell|fall")


@row("lr_find", quick=True)
def labels_that_can_be_learned():
    "Suggestions as before"
    curve = lr_find(learner(train=vectors(256), bs=32))
    return set(curve.suggestions) == {"steepest", "valley", "minimum / 10"}


@row("learner", "mine", "metric")
def a_metric_that_fails():
    "It is named, before anything has been trained"
    learn = learner(metrics={"mine": lambda logits, y: 1 / 0})
    before = bits(learn.model)
    try:
        learn.fit(1)
    finally:
        if bits(learn.model) != before:
            raise AssertionError("trained before the metric failed")
    return "a metric that fails went unnoticed"


@row("learner", "not finite|nan")
def validation_that_is_not_finite():
    "`best` must not be chosen by NaN"
    x, y = vectors().tensors
    bad = TensorDataset(x.clone().fill_(float("nan")), y)
    learn = learner(valid=bad)
    with told() as words:
        learn.fit(1, best="valid loss")
    return words.says("not finite|nan")


@row("learner", "36", quick=True)
def the_default_batch_of_a_small_set():
    "Thirty-six samples and no word about `bs`: trained all the same"
    learn = Learner(mlp(), vectors(36), vectors(36), device="cpu", precision="float32")
    return train_once(learn).epochs == 1


@row("phases", "Phase", "list")
def a_bare_phase():
    "Either as a list of one, or refused"
    wanted = learner().fit([Phase(2)]).history
    given = learner().fit(Phase(2)).history
    return [r["valid loss"] for r in wanted] == [r["valid loss"] for r in given]


@row("learner", "equal|same|groups|parameter")
def a_model_whose_parameters_were_replaced():
    "What was replaced by hand learns, and `fit` trains it"
    model = tiny()
    model.head = copy.deepcopy(model.head)
    before = bits(model.head)
    learner(model, images(), images(), bs=4, log=quiet).fit([Phase(1, -1)])
    return bits(model.head) != before or "the new head did not learn"
