"""Bad inputs to what uses a model: explaining, features, probes, preprocessing, evaluating."""

from pathlib import Path

import torch
from torch import nn

from attacks.rows import add, add_all, row, told
from attacks.things import CLASSES, Items, image_learner, images, learner, picture, tiny
from tlcourse.attribution import gradcam, occlusion
from tlcourse.core.cache import FeatureCache
from tlcourse.features import extract, knn_probe, linear_probe
from tlcourse.freezing import freeze
from tlcourse.pretrained import Preprocess

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
