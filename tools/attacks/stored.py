"""Bad inputs to what stores a model or a run: saving, loading, resuming."""

import copy
import json
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import nn

from attacks.rows import add_all, row
from attacks.things import image_learner, learner, mlp, picture, renamed, tiny, vectors
from tlcourse.pretrained import Preprocess
from tlcourse.surgery import load_model, predict, save_model


def _saved(change=None, folder="saved"):
    "A saved model, its model.json changed by `change`"
    save_model(tiny(), folder)
    path = Path(folder) / "model.json"
    if change:
        data = json.loads(path.read_text())
        change(data)
        path.write_text(json.dumps(data))
    return load_model(folder)


def _written(name, data: bytes):
    "A saved model, one file of which is replaced by `data`"
    save_model(tiny(), "saved")
    (Path("saved") / name).write_bytes(data)
    return load_model("saved")


def _labelled(model) -> list:
    "The labels of eight images by `model`"
    return [p.label for p in predict(model, [picture(i) for i in range(8)])]


add_all(
    "saving",
    {
        "a plain model": (lambda: save_model(mlp(), "out"), "Sequential", "transfer_model"),
        "a learner": (lambda: save_model(image_learner(), "out"), "Learner", "model"),
        "swapped arguments": (lambda: save_model("out", tiny()), "model", "str|out"),
        "into a file": (lambda: (Path("f").write_text(""), save_model(tiny(), "f")), "f"),
        "into None": (lambda: save_model(tiny(), None), "None", "folder"),
        "with too many names": (lambda: save_model(renamed(["a", "b", "c"]), "out"), "3", "2"),
        "load from nowhere": (lambda: load_model("nowhere"), "nowhere", "model.json"),
        "load a file": (lambda: (_saved(), load_model("saved/model.json")), "model.json", "folder"),
        "load None": (lambda: load_model(None), "None", "folder"),
        "json that is cut": (
            lambda: _written("model.json", b'{"arch": "te'),
            "model.json",
            "damaged|JSON",
        ),
        "json that is a list": (lambda: _written("model.json", b"[1, 2]"), "model.json"),
        "json without arch": (lambda: _saved(lambda d: d.pop("arch")), "arch", "model.json|saved"),
        "json without preprocess": (
            lambda: _saved(lambda d: d.pop("preprocess")),
            "preprocess",
            "model.json",
        ),
        "json of another network": (
            lambda: _saved(lambda d: d.update(arch="test_efficientnet")),
            "model.safetensors|saved",
            "test_efficientnet",
        ),
        "json of an unknown network": (lambda: _saved(lambda d: d.update(arch="nope9")), "nope9"),
        "json with a class more": (
            lambda: _saved(lambda d: d.update(classes=["a", "b", "c"])),
            "3",
            "2",
        ),
        "json with a path for arch": (
            lambda: _saved(lambda d: d.update(arch="../../etc/passwd")),
            "etc/passwd",
        ),
        "json with an odd option": (
            lambda: _saved(lambda d: d.update(head_options={"evil": 1})),
            "evil",
        ),
        "json with a size of words": (
            lambda: _saved(lambda d: d["preprocess"].update(size="big")),
            "big",
        ),
        "weights that are cut": (lambda: _cut_weights(), "model.safetensors", "damaged|whole|cut"),
        "weights that are empty": (lambda: _written("model.safetensors", b""), "model.safetensors"),
        "weights that are a pickle": (
            lambda: _written("model.safetensors", b"\x80\x04\x95" + bytes(100)),
            "model.safetensors",
        ),
    },
)


def _cut_weights():
    save_model(tiny(), "saved")
    path = Path("saved/model.safetensors")
    path.write_bytes(path.read_bytes()[:-1000])
    return load_model("saved")


def _changed_and_saved(change):
    "What is saved after this `change` gives the same answers when it is loaded, or is refused"
    model = tiny()
    change(model)
    save_model(model, "out")
    return _probabilities(load_model("out")) == _probabilities(model)


def _probabilities(model) -> list:
    return [p.probabilities for p in predict(model, [picture(i) for i in range(3)])]


class ReLU(nn.ReLU):
    "Printed as torch's, but for the calculation"

    def forward(self, x):
        return super().forward(x) - 1


class Inverted(Preprocess):
    def __call__(self, image):
        return -super().__call__(image)


def _other_activations(model):
    for layer in list(model.body.modules()):
        for name, part in layer.named_children():
            if type(part) is nn.ReLU:
                setattr(layer, name, ReLU())


CHANGES = {
    "a hook": (lambda m: m.head.register_forward_hook(lambda *a: 5 * a[2]), "changed since"),
    "a hook that looks on": (lambda m: m.head.register_forward_hook(lambda *a: None),),
    "the head's forward": (
        lambda m: setattr(m.head, "forward", lambda fmap: -nn.Sequential.forward(m.head, fmap)),
        "changed since",
    ),
    "the model's forward": (
        lambda m: setattr(m, "forward", lambda xb: m.head(-m.body(xb))),
        "changed since",
    ),
    "a class that prints the same": (_other_activations, "changed since"),
    "its own preprocessing": (
        lambda m: setattr(m, "preprocess", Inverted(**m.preprocess.config)),
        "Inverted",
        "Preprocess",
    ),
    "a function for preprocessing": (lambda m: setattr(m, "preprocess", torch.sin), "preprocess"),
    "no preprocessing": (lambda m: setattr(m, "preprocess", None), "preprocess"),
    "no classes": (lambda m: setattr(m, "classes", None), "classes=None"),
    "activation='relu'": (lambda m: setattr(m, "activation", "relu"), "activation='relu'"),
}
add_all("saving", {name: (partial(_changed_and_saved, c), *w) for name, (c, *w) in CHANGES.items()})


@row("saving", quick=True)
def names_that_are_numpy_integers():
    "Saved and loaded, with plain names"
    model = tiny(classes=list(np.unique([3, 5])))
    save_model(model, "out")
    return [str(c) for c in load_model("out").classes] == ["3", "5"]


@row("saving", "compile")
def a_compiled_model():
    "What was saved can be loaded, and is the same"
    model = tiny()
    save_model(torch.compile(model), "out")
    return _labelled(load_model("out")) == _labelled(model)


@row("saving")
def a_failed_save_leaves_the_old_model():
    "Both files are the old ones, or both the new ones"
    old = tiny()
    save_model(old, "out")
    new = copy.deepcopy(old)
    for p in new.parameters():
        p.data.mul_(-1)
    new.weights = {1, 2}  # not JSON
    try:
        save_model(new, "out")
    except Exception:
        pass
    return _labelled(load_model("out")) in (_labelled(old), _labelled(new)) and not list(
        Path("out").glob("*.part")
    )


def _resume(change_learner):
    "A run kept in a folder, and another learner that wants to go on with it"
    from attacks.kills import OPTIONS, PHASES, run_learner

    run_learner().fit(PHASES, checkpoint="run", **OPTIONS)
    learn = change_learner()
    learn.resume("run")
    return "resumed without a word"


def _learner(**changes):
    from attacks.kills import net

    options = {"model": net(), "train": vectors(48), "valid": vectors(16), "bs": 8}
    return learner(**options | changes, log=lambda line: None)


def _other_dropout():
    model = _learner().model
    model[3].p = 0.1
    return _learner(model=model)


def _other_images():
    x, y = vectors(48).tensors
    return _learner(train=torch.utils.data.TensorDataset(x + 1, y))


def _other_labels():
    x, y = vectors(48).tensors
    return _learner(train=torch.utils.data.TensorDataset(x, 1 - y))


add_all(
    "resuming",
    {
        "with other labels": (lambda: _resume(_other_labels), "label|image|data"),
        "with other images": (lambda: _resume(_other_images), "image|data|sample"),
        "with another loss": (
            lambda: _resume(lambda: _learner(loss=nn.CrossEntropyLoss(label_smoothing=0.1))),
            "loss",
        ),
        "with another dropout": (
            lambda: _resume(_other_dropout),
            "dropout|head|model|p=0.1|layers",
        ),
        "with another bs": (lambda: _resume(lambda: _learner(bs=4)), "bs"),
        "with another wd": (lambda: _resume(lambda: _learner(wd=0.5)), "wd"),
        "with another model": (
            lambda: _resume(lambda: _learner(model=mlp())),
            "model|layer|parameter",
        ),
        "with another optimiser": (
            lambda: _resume(
                lambda: _learner(optimizer=lambda m, p, wd: torch.optim.SGD(m.parameters(), lr=0.1))
            ),
            "optimi",
        ),
        "of nothing": (lambda: _learner().resume("nowhere"), "nowhere"),
        "of an empty folder": (
            lambda: (Path("e").mkdir(), _learner().resume("e")),
            "e",
            "run|checkpoint",
        ),
        "of a damaged checkpoint": (lambda: _resume(_damage_checkpoint), "checkpoint.safetensors"),
        "of a cut checkpoint": (lambda: _resume(_cut_checkpoint), "checkpoint.safetensors"),
        "into a file": (lambda: _fit_into_file(), "f"),
        "of None": (lambda: _learner().resume(None), "None", "folder"),
    },
)


def _damage_checkpoint():
    Path("run/checkpoint.safetensors").write_bytes(b"damaged" * 100)
    return _learner()


def _cut_checkpoint():
    path = Path("run/checkpoint.safetensors")
    path.write_bytes(path.read_bytes()[:-500])
    return _learner()


def _fit_into_file():
    Path("f").write_text("")
    _learner().fit(1, checkpoint="f")


class OwnLoss(nn.CrossEntropyLoss):
    "A loss with attributes that do not print"

    def __init__(self, **settings):
        super().__init__()
        vars(self).update(settings)


def _goes_on(first: dict, second: dict, **options):
    "A run of a learner with the options `first`, and one with `second` that wants to go on"
    from attacks.kills import PHASES

    _learner(**first).fit(PHASES, checkpoint="run", every=0.0)
    _learner(**second).resume("run", **options)
    return "resumed without a word"


def _pairs(changed=(), flipped=False):
    "A list of pairs; the images `changed` are others, all labels `flipped`"
    x, y = vectors(48).tensors
    return [(v + (i in changed), int(k) ^ flipped) for i, (v, k) in enumerate(zip(x, y))]


def _first_logit(logits, targets):
    return float(logits[0, 0])


def _second_logit(logits, targets):
    return float(logits[0, 1])


DETAILS = {
    "hidden number of a loss": ("loss", OwnLoss(_g=1), OwnLoss(_g=2), "loss"),
    "list of a loss": ("loss", OwnLoss(g=[1]), OwnLoss(g=[2]), "loss"),
    "function of a metric": ("metrics", {"a": _first_logit}, {"a": _second_logit}, "metrics"),
    "set of metrics": ("metrics", {"a": _first_logit}, {}, "metrics"),
    "image of a list": ("train", _pairs(), _pairs({2}), "training images"),
    "label of each of a list": ("train", _pairs(), _pairs(flipped=True), "training labels"),
}

add_all(
    "resuming",
    {
        f"with another {what}": (
            lambda n=name, a=one, b=other: _goes_on({n: a}, {n: b}),
            "cannot be resumed",
            word,
        )
        for what, (name, one, other, word) in DETAILS.items()
    }
    | {"with every=-1": (lambda: _goes_on({}, {}, every=-1), "every=-1", "seconds")},
)
