"""One layer group more in each epoch, or all at once after the head; the same rates for both.

`epochs` 5 makes the same number of steps for both; 6 gives gradual unfreezing about the seconds of
the other, since its frozen parts are computed once. Read by the study of the folklore.
"""

from _finetuning import one_run, settings

from tlcourse.finetuning import gradual_unfreezing
from tlcourse.training import Phase

LR, FACTOR = 1e-3, 2.6
SETTINGS = settings(
    [
        {"how": "all at once", "epochs": 5},
        {"how": "gradual", "epochs": 5},
        {"how": "gradual", "epochs": 6},
    ]
)


def all_at_once(model, epochs):
    return [
        Phase(1, -1, LR),
        Phase(epochs - 1, 0, (LR / FACTOR ** (len(model.layer_groups) - 1), LR)),
    ]


def run(task, seed, how, epochs):
    return one_run(
        task,
        seed,
        lambda model: (
            gradual_unfreezing(model, epochs, lr=LR, factor=FACTOR)
            if how == "gradual"
            else all_at_once(model, epochs)
        ),
    )
