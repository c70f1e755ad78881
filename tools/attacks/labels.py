"""Labels, images and metrics that would be taken for something else without a word."""

import torch
from torchvision.transforms import v2

from attacks.rows import add, row, told
from attacks.things import ARCH, CLASSES, image_learner, images, learner, tiny, train_once
from tlcourse.surgery import load_model, save_model, transfer_model
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
