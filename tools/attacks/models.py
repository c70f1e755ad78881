"""Bad inputs to models and what uses them: building, freezing, saving, predicting, explaining."""

import copy
import io
import json
from pathlib import Path

import numpy as np
import torch
from torch import nn

from attacks.rows import add, row, told
from attacks.things import (
    ARCH,
    CLASSES,
    folder_of,
    image_learner,
    images,
    learner,
    mlp,
    picture,
    tiny,
    train_once,
    vectors,
)
from tlcourse.attribution import gradcam, occlusion
from tlcourse.core.cache import FeatureCache
from tlcourse.features import boundary, extract, knn_probe, linear_probe
from tlcourse.freezing import freeze, freeze_to
from tlcourse.pretrained import Preprocess, load_pretrained
from tlcourse.surgery import create_head, load_model, predict, save_model, transfer_model


def add_all(kind: str, rows: dict):
    "Rows as name -> (call, words of the refusal); every eighth is part of the short form"
    for i, (name, (call, *words)) in enumerate(rows.items()):
        add(kind, name, call, *words, quick=i % 8 == 0)


def _build(**options):
    return transfer_model(ARCH, **{"n_classes": 2, "weights": None} | options)


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
        "pairs": (lambda: predict(tiny(), [(picture(), 0)]), "tuple|pair", "image"),
        "an unknown activation": (
            lambda: predict(tiny(), picture(), activation="tanh"),
            "tanh",
            "sigmoid",
        ),
        "NaN in the weights": (lambda: predict(_spoilt(), picture()), "nan|not finite"),
        "more outputs than names": (
            lambda: predict(_renamed(["a", "b", "c"]), picture()),
            "3",
            "2",
        ),
        "fewer names than outputs": (lambda: predict(_renamed(["a"]), picture()), "1", "2"),
    },
)


def _spoilt():
    model = tiny()
    next(model.head.parameters()).data.fill_(float("nan"))
    return model


def _renamed(classes):
    model = tiny()
    model.classes = classes
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
        "with too many names": (lambda: save_model(_renamed(["a", "b", "c"]), "out"), "3", "2"),
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


_XB = torch.zeros(2, 3, 32, 32)

add_all(
    "explaining",
    {
        "a class by a wrong name": (lambda: gradcam(tiny(), _XB, "cat"), "cat", "disc"),
        "class 99": (lambda: gradcam(tiny(), _XB, 99), "99", "2"),
        "class -1": (lambda: gradcam(tiny(), _XB, -1), "-1"),
        "class 1.5": (lambda: gradcam(tiny(), _XB, 1.5), "1.5"),
        "three targets for two images": (lambda: gradcam(tiny(), _XB, [0, 1, 0]), "3", "2"),
        "an unknown layer": (lambda: gradcam(tiny(), _XB, layer="nope"), "nope"),
        "many layers": (lambda: gradcam(tiny(), _XB, layer="body.**"), "one"),
        "a layer without a map": (
            lambda: gradcam(tiny(), _XB, layer="head.linear2"),
            "head.linear2",
            "map",
        ),
        "None": (lambda: gradcam(tiny(), None), "None", "image"),
        "integers": (lambda: gradcam(tiny(), _XB.int()), "int", "float|preprocess"),
        "five dimensions": (lambda: gradcam(tiny(), _XB[None]), "(1, 2, 3, 32, 32)|5"),
        "two channels": (lambda: gradcam(tiny(), _XB[:, :2]), "2", "3", "channel"),
        "a body for a model": (lambda: gradcam(tiny().body, _XB), "score|class"),
        "swapped arguments": (lambda: gradcam(_XB, tiny()), "model"),
        "occlusion of size 0": (lambda: occlusion(tiny(), _XB, size=0), "size=0"),
        "occlusion larger than the image": (
            lambda: occlusion(tiny(), _XB, size=99),
            "size=99",
            "32",
        ),
    },
)


def _same_cam(x, target=0) -> bool:
    model = tiny()
    wanted = gradcam(model, model.preprocess(picture())[None], 0)[0]
    return torch.allclose(gradcam(model, x, target).squeeze(), wanted.squeeze(), atol=1e-5)


for _name, _make in {
    "a single tensor": lambda: _same_cam(tiny().preprocess(picture())),
    "an image": lambda: _same_cam(picture()),
    "a class by its name": lambda: _same_cam(tiny().preprocess(picture())[None], "disc"),
}.items():
    add("explaining", _name, _make, "image|batch|class", quick=_name == "an image")


def _body():
    body = freeze(tiny().body)
    return body.eval()


add_all(
    "features",
    {
        "bs=-4": (lambda: extract(_body(), images(), bs=-4), "bs=-4"),
        "bs=0": (lambda: extract(_body(), images(), bs=0), "bs=0"),
        "bs=1.5": (lambda: extract(_body(), images(), bs=1.5), "bs=1.5"),
        "an unknown runtime": (lambda: extract(_body(), images(), runtime="tpu"), "tpu", "torch"),
        "an unknown runtime of a cache": (
            lambda: FeatureCache("c").extract(_body(), images(), runtime="tpu"),
            "tpu",
            "torch",
        ),
        "no images": (lambda: extract(_body(), images(0)), "empty|no image|0"),
        "no images for a cache": (
            lambda: FeatureCache("c").extract(_body(), images(0)),
            "empty|no image|0",
        ),
        "images without labels": (
            lambda: extract(_body(), [picture(i) for i in range(4)]),
            "label|pair",
        ),
        "a path": (lambda: extract(_body(), "images"), "'images'|str", "dataset|from_folder"),
        "None": (lambda: extract(_body(), None), "None", "dataset"),
        "swapped arguments": (lambda: extract(images(), _body()), "body|model"),
        "no preprocess": (lambda: extract(nn.Flatten(), images()), "preprocess"),
        "a body that learns, cached": (
            lambda: FeatureCache("c").extract(tiny().body, images(), runtime="torch"),
            "learn",
            "freeze",
        ),
        "max_gb=-1": (lambda: FeatureCache("c", max_gb=-1).extract(_body(), images()), "max_gb=-1"),
        "max_gb='8'": (lambda: FeatureCache("c", max_gb="8"), "max_gb='8'"),
        "max_gb=nan": (lambda: FeatureCache("c", max_gb=float("nan")), "max_gb=nan"),
        "a cache in a file": (
            lambda: (Path("c").write_text(""), FeatureCache("c").extract(_body(), images())),
            "c",
        ),
        "views=-1": (lambda: FeatureCache("c").rows(_body(), images(), views=-1), "views=-1"),
        "views without augmentation": (
            lambda: FeatureCache("c").rows(_body(), images(), views=2),
            "augment",
        ),
        "dtype='half'": (
            lambda: FeatureCache("c").rows(_body(), images(), dtype="half"),
            "half",
            "dtype",
        ),
        "dtype of integers": (
            lambda: FeatureCache("c").rows(_body(), images(), dtype=torch.int8, runtime="torch"),
            "int8",
        ),
    },
)

_F, _T = torch.randn(24, 4, generator=torch.Generator().manual_seed(0)), torch.arange(24) % 2


def _probe(f=_F, t=_T, vf=_F, vt=_T, **options):
    return linear_probe(f, t, vf, vt, **options)


add_all(
    "probes",
    {
        "ks=(100,)": (lambda: knn_probe(_F, _T, _F, _T, ks=(100,)), "100", "24"),
        "ks=(0,)": (lambda: knn_probe(_F, _T, _F, _T, ks=(0,)), "0"),
        "ks=(-1,)": (lambda: knn_probe(_F, _T, _F, _T, ks=(-1,)), "-1"),
        "ks=()": (lambda: knn_probe(_F, _T, _F, _T, ks=()), "ks"),
        "ks=5": (lambda: knn_probe(_F, _T, _F, _T, ks=5), "ks=5|5"),
        "strengths=()": (lambda: _probe(strengths=()), "strengths"),
        "strengths of 0": (lambda: _probe(strengths=(0.0,)), "0"),
        "strengths negative": (lambda: _probe(strengths=(-1.0,)), "-1"),
        "fewer targets": (lambda: _probe(t=_T[:10]), "24", "10"),
        "fewer targets to validate": (lambda: _probe(vt=_T[:10]), "24", "10"),
        "one class": (lambda: _probe(t=_T * 0, vt=_T * 0), "one class|two"),
        "NaN": (lambda: _probe(f=_F * float("nan")), "nan|finite"),
        "infinity to validate": (lambda: _probe(vf=_F / 0), "inf|finite"),
        "words": (lambda: _probe(t=["a", "b"] * 12), "'a'|str|words", "number|integer"),
        "negative targets": (lambda: _probe(t=_T - 1), "-1"),
        "half numbers": (lambda: _probe(t=_T + 0.5), "0.5|whole|class numbers"),
        "another width": (lambda: _probe(vf=_F[:, :3]), "3", "4"),
        "images for features": (lambda: _probe(f=[picture()] * 24), "Image|features"),
        "nothing": (lambda: _probe(f=_F[:0], t=_T[:0]), "empty|0"),
    },
)

add_all(
    "preprocess",
    {
        "size=0": (lambda: Preprocess(0), "size", "0"),
        "size=-5": (lambda: Preprocess(-5), "size", "-5"),
        "size='224'": (lambda: Preprocess("224x"), "224x", "size"),
        "size=None": (lambda: Preprocess(None), "None", "size"),
        "crop_pct=0": (lambda: Preprocess(crop_pct=0), "crop_pct", "0"),
        "crop_pct=5": (lambda: Preprocess(crop_pct=5), "crop_pct", "5"),
        "crop_pct=nan": (lambda: Preprocess(crop_pct=float("nan")), "crop_pct", "nan"),
        "two means": (lambda: Preprocess(mean=(0.5, 0.5)), "mean", "three|3"),
        "std of zero": (lambda: Preprocess(std=(0, 1, 1)), "std", "0"),
        "mean of NaN": (lambda: Preprocess(mean=(float("nan"), 0, 0)), "mean", "nan|finite"),
        "mean in bytes": (
            lambda: Preprocess(mean=(123.7, 116.3, 103.5)),
            "123.7",
            "[0, 1]|between 0 and 1",
        ),
        "interpolation='cubic'": (lambda: Preprocess(interpolation="cubic"), "cubic", "bicubic"),
        "crop_mode='pad'": (lambda: Preprocess(crop_mode="pad"), "pad", "squash"),
        "channels=2": (lambda: Preprocess(channels=2)(picture()), "2", "channels"),
        "value_range of one": (
            lambda: Preprocess(value_range=(5, 5)),
            "5",
            "differ|(black, white)",
        ),
        "value_range=255": (lambda: Preprocess(value_range=255), "value_range", "255"),
        "at('96')": (lambda: Preprocess().at("96"), "96", "size"),
        "at(0)": (lambda: Preprocess().at(0), "size", "0"),
    },
)


def _test_accuracy(learn, data) -> float:
    return learn.evaluate(data)["accuracy"]


@row("names", "square", "disc", quick=True)
def classes_in_another_order():
    "Mapped by name, or refused"
    learn = image_learner()
    same = images(8)
    swapped = images(8, classes=CLASSES[::-1])
    swapped = type(same)([(s, 1 - y) for s, y in same.items], CLASSES[::-1])
    return _test_accuracy(learn, swapped) == _test_accuracy(learn, same)


@row("names", "square", "disc")
def a_class_less():
    learn = image_learner()
    discs = [(s, y) for s, y in images(8).items if y == 1]
    wanted = _test_accuracy(learn, type(images())(discs, CLASSES))
    found = type(images())([(s, 0) for s, _ in discs], ["square"])
    return _test_accuracy(learn, found) == wanted


@row("names", "star", "disc", quick=True)
def a_class_that_the_model_does_not_know():
    other = images(8, classes=["square", "star"])
    return f"evaluated to {_test_accuracy(image_learner(), other)}"


@row("names", "star")
def training_on_other_classes():
    learner(
        tiny(), images(8, classes=["square", "star"]), images(8, classes=["square", "star"]), bs=4
    )


@row("names", "preprocess|prepared|normalis")
def tensors_for_a_model_with_a_preprocess():
    "Three-channel tensors given to a model that has its own preprocessing: a warning"
    from attacks.things import Items

    data = Items([(torch.rand(3, 32, 32), i % 2) for i in range(8)])
    with told() as words:
        learner(tiny(), data, data, bs=4).fit(1)
    return words.says("preprocess|prepar")


@row("names", quick=True)
def evaluating_nothing():
    try:
        image_learner().evaluate(images(0))
    except ValueError as e:
        return "empty" in str(e) or "nothing" in str(e) or f"{e}"
    return "an empty dataset was evaluated"


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
