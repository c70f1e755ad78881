"""Labels, images and metrics that would be taken for something else without a word."""

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import TensorDataset
from torchvision.transforms import v2

from attacks.rows import add, row, told
from attacks.things import (
    ARCH,
    CLASSES,
    Items,
    image_learner,
    images,
    learner,
    mlp,
    picture,
    tiny,
    train_once,
    vectors,
)
from tlcourse.attribution import gradcam
from tlcourse.features import linear_probe
from tlcourse.surgery import load_model, predict, save_model, transfer_model
from tlcourse.training import Learner, accuracy


def augmented(change):
    "A learner whose training images are augmented by `change`"
    options = {"bs": 4, "device": "cpu", "precision": "float32"}
    return Learner(tiny(), images(8, augment=change), images(8), **options)


PAST_PREPROCESS = {
    "augment gives a tensor of another size": lambda image, generator: torch.rand(3, 9, 9),
    "augment ends with ToImage": v2.ToImage(),
    "augment normalises": v2.Compose(
        [
            v2.Resize((32, 32)),
            v2.PILToTensor(),
            v2.ToDtype(torch.float32, True),
            v2.Normalize((0.3,) * 3, (0.7,) * 3),
        ]
    ),
}
for name, change in PAST_PREPROCESS.items():
    add("labels", name, lambda c=change: train_once(augmented(c)), "augment", "tensor", "image")


@row("labels", quick=True)
def an_augmentation_of_images():
    "Trains as before"
    return train_once(augmented(v2.RandomHorizontalFlip())).epochs == 1


@row("labels", right=True)
def a_model_without_names():
    "It takes those of its training data, so the next data are mapped by name"
    model = transfer_model(ARCH, 2, weights=None)
    model.preprocess = model.body.preprocess = model.preprocess.at(32)
    train_once(image_learner(model))
    save_model(model, "saved")
    model = load_model("saved")
    turned = images(8, CLASSES[::-1])
    swapped = Learner(model, turned, turned, bs=4, device="cpu", precision="float32")
    return [y for _, y in swapped.train] == [1, 0] * 4 and model.classes == CLASSES


@row("labels", "3 classes", "has 2")
def three_outputs_for_two_classes():
    model = transfer_model(ARCH, 3, weights=None)
    model.preprocess = model.body.preprocess = model.preprocess.at(32)
    return train_once(image_learner(model))


@row("labels", right=True)
def data_given_to_a_learner_later():
    "Are mapped by name like those it was built with"
    learn = image_learner()
    before = learn.evaluate(learn.valid)
    turned = images(8, CLASSES[::-1])
    turned.items = [(image, 1 - label) for image, label in turned.items]
    learn.valid = turned
    return learn.evaluate(learn.valid) == before


def changed(**settings):
    learn = learner()
    for name, value in settings.items():
        setattr(learn, name, value)
    return train_once(learn)


for setting in ({"clip": -1.0}, {"wd": -9}, {"seed": -1}):
    ((name, value),) = setting.items()
    add("labels", f"{name}={value} set later", lambda s=setting: changed(**s), f"{name}={value}")
add("labels", "metrics={'loss'} set later", lambda: changed(metrics={"loss": accuracy}), "'loss'")
add("labels", "metrics of a list set later", lambda: changed(metrics=[accuracy]), "dict")
add("labels", "valid=None set later", lambda: changed(valid=None), "valid", "dataset")


def scripted(scores, best, name="error"):
    "The best state's epoch of a run whose metric gives `scores`, one after the other"
    values = iter([0.0, *scores])  # the first for the rehearsal
    learn = learner(metrics={name: lambda logits, targets: next(values)})
    with told() as words:
        learn.fit(len(scores), best=best)
    return learn.run.score, words


@row("labels", right=True)
def the_lowest_error_is_the_best():
    return scripted([0.3, 0.1, 0.2], "valid error")[0] == -0.1


@row("labels", right=True)
def a_metric_called_lossless():
    return scripted([0.3, 0.9, 0.2], "valid lossless", "lossless")[0] == 0.9


@row("labels", right=True)
def the_lowest_of_a_metric_by_a_minus():
    return scripted([0.3, 0.1, 0.2], "-valid gap", "gap")[0] == -0.1


@row("labels", right=True)
def a_metric_whose_name_says_nothing():
    "The highest is taken, with a word"
    return scripted([0.3, 0.1], "valid gap", "gap")[1].says("highest", "-valid gap")


def with_loss(loss, labels, k=2):
    "A learner of vectors with these `labels`, `k` outputs and `loss`, trained"
    data = vectors(labels=labels)
    return train_once(learner(mlp(k=k), data, data, loss=loss))


def numbers(*shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(1))


def with_gaps():
    "Class numbers, two of which are -100"
    labels = torch.arange(32) % 2
    labels[5:7] = -100
    return labels


def unlisted(labels):
    "Vectors and labels that the dataset does not list"
    x, _ = vectors().tensors
    return Items(zip(x, labels.tolist()))


def own_loss(logits, targets):
    return F.cross_entropy(logits, targets)


for name, (loss, labels, k, *words) in {
    "MSELoss of a column and (n,)": (nn.MSELoss(), numbers(32), 1, "(n, 1)", "y[:, None]"),
    "mse_loss of a column and (n,)": (F.mse_loss, numbers(32), 1, "(n, 1)", "y[:, None]"),
    "MSELoss on class numbers": (nn.MSELoss(), None, 2, "CrossEntropyLoss"),
    "L1Loss of two outputs and (n,)": (nn.L1Loss(), numbers(32), 2, "(n, 2)", "shape"),
    "SmoothL1Loss of two and (n,)": (nn.SmoothL1Loss(), numbers(32), 2, "(n, 2)", "shape"),
    "NLLLoss on logits": (nn.NLLLoss(), None, 2, "NLLLoss", "LogSoftmax"),
    "a loss that is a sum": (nn.CrossEntropyLoss(reduction="sum"), None, 2, "sum", "mean"),
    "-100 and a loss of one's own": (own_loss, with_gaps(), 2, "-100", "leave"),
}.items():
    add("labels", name, lambda a=(loss, labels, k): with_loss(*a), *words)


@row("labels", "-100", "leave")
def unlisted_labels_of_minus_100():
    return train_once(learner(train=unlisted(with_gaps())))


@row("labels", right=True)
def default_metrics_of_numbers_and_tags():
    "No accuracy where labels are no class numbers"
    data = [vectors(labels=numbers(32, 2)), vectors(labels=numbers(32, 2).round())]
    for loss, part in zip((nn.MSELoss(), nn.BCEWithLogitsLoss()), data):
        row = train_once(learner(train=part, valid=part, loss=loss)).history[0]
        if "valid accuracy" in row:
            return f"{loss} has an accuracy of {row['valid accuracy']}"
    return True


@row("labels", right=True)
def a_metric_that_writes():
    "Does not change what the next one sees"
    metrics = {"zero": lambda logits, y: logits.zero_().sum(), "accuracy": accuracy}
    learn = learner()
    wanted = learn.evaluate(learn.valid)["accuracy"]
    return learner(metrics=metrics).evaluate(learn.valid)["accuracy"] == wanted


def with_classes(classes):
    model = tiny()
    model.classes = classes
    return predict(model, picture())


for names in (["a", "a"], {"a", "b"}, "ab", {0: "a", 1: "b"}, [None, "b"]):
    kind = type(names).__name__
    add("labels", f"names of a model: {kind} {sorted(map(str, names))}",
        lambda c=names: with_classes(c), "class", "name")  # fmt: skip


@row("labels", "NaN", "images")
def gradcam_of_nan():
    return gradcam(tiny(), torch.full((1, 3, 32, 32), torch.nan))


@row("labels", "[2]", "learn")
def a_class_only_to_choose_by():
    x = numbers(20, 4)
    return linear_probe(x, torch.arange(20) % 2, x, torch.arange(20) % 3)


class Pair(nn.Linear):
    "A model that returns two things"

    def forward(self, x):
        return super().forward(x), x


def of_type(dtype):
    x, y = vectors().tensors
    return train_once(learner(train=TensorDataset(x.to(dtype), y)))


def optimized(optimizer):
    return train_once(learner(optimizer=optimizer))


class Table:
    "What a DataFrame looks like"

    iloc = ()

    def __len__(self):
        return 3

    def __getitem__(self, key):
        raise KeyError(key)


elsewhere = {"params": list(nn.Linear(2, 2).parameters()), "top": 0.1}
for name, (call, *words) in {
    "a model that returns two": (lambda: train_once(learner(Pair(8, 2))), "tuple", "[0]"),
    "a detached loss": (lambda: with_loss(lambda z, y: own_loss(z.detach(), y), None), "detach"),
    "int tensors to train on": (lambda: of_type(torch.int64), "int64", ".float()"),
    "uint8 tensors to train on": (lambda: of_type(torch.uint8), "uint8", ".float()"),
    "complex tensors to train on": (lambda: of_type(torch.complex64), "complex64"),
    "optimizer without return": (lambda: optimized(lambda m, p, wd: None), "None", "return"),
    "optimizer of two arguments": (lambda: optimized(lambda m, p: None), "three", "wd"),
    "optimizer of another model": (
        lambda: optimized(lambda m, p, wd: torch.optim.SGD([elsewhere], lr=0.1)),
        "no parameter of this model",
    ),
    "a table as a dataset": (lambda: learner(train=Table()), "table", "ImageDataset"),
}.items():
    add("labels", name, call, *words)
