"""One learning rate for all groups, all at once under a new head: how high may it be?

Does it depend on the number of epochs? The curves are drawn on the validation part; the test part
is read only for the rate that validation preferred. Read by lesson 11 and by the study of the
folklore.
"""

from _finetuning import one_run, settings

from tlcourse.finetuning import full

SETTINGS = settings(
    [
        {"epochs": epochs, "lr": lr}
        for epochs in (1, 5)
        for lr in (1e-5, 1e-4, 1e-3, 3e-3, 1e-2, 1e-1)
    ]
)


def run(task, seed, epochs, lr):
    return one_run(task, seed, full(epochs, lr))
