"""Bad inputs to what decides how often a class counts: weights of the loss."""

import torch

from attacks.rows import add_all, row
from attacks.things import Items, images, picture, vectors
from tlcourse.data import class_weights

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
