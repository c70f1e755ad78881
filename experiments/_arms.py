"""The arms of the folklore experiments: ways to fine-tune, each as a list of phases.

All train everything for 400 steps (about; whole epochs) with BatchNorm's statistics fixed unless
the arm is about them, with a tenth of warm-up, gradients clipped at 1 and an average of the weights
over about an epoch. `lr` is the highest rate of the body. The best validation epoch is kept, those
of the head alone included.
"""

from pathlib import Path

from _recipes import history_of, parts_of, run_recipe

from tlcourse.core.callbacks import Callback
from tlcourse.training import Phase

TASKS = ("digits", "photos", "small photos")
BS = {"digits": 16, "photos": 8, "small photos": 8}
STEPS = 400
RATIO = 3  # of the rates of head and body
RATES = (1e-5, 3e-5, 1e-4, 3e-4)
ARCH = "tf_efficientnet_lite0"
RESULTS = Path(__file__).resolve().parent.parent / "nbs" / "results"


def _head(epochs=10):
    return Phase(epochs, -1, 2e-3, augment=4)


def head_first(lr, epochs, **common):
    return [_head(), Phase(epochs, 0, lr, head_lr=RATIO * lr, **common)]


def at_once(lr, epochs, **common):
    "No head alone; the new head has the rate that it has alone"
    return [Phase(epochs, 0, lr, head_lr=2e-3, **common)]


def spread(lr, epochs, **common):
    "Discriminative rates: the stem learns ten times more slowly than the last block"
    return [_head(), Phase(epochs, 0, (lr / 10, lr), head_lr=RATIO * lr, **common)]


def gradual(lr, epochs, **common):
    "Four stages of equal length, more groups in each; the moments are carried, the last one falls"
    options = common | dict(lr=lr, head_lr=RATIO * lr, carry=True)
    stages = [Phase(epochs // 4, k, schedule="constant", **options) for k in (-3, -5, -8)]
    rest = epochs - 3 * (epochs // 4)
    return [_head(), *stages, Phase(rest, 0, schedule="cosine", **options)]


def lp_ft(lr, epochs, **common):
    "The head alone until it has converged, then everything with one small rate"
    return [_head(30), Phase(epochs, 0, lr, **common)]


def moving(lr, epochs, **common):
    "BatchNorm's statistics move, and are taken again before each look at the validation part"
    whole = Phase(epochs, 0, lr, head_lr=RATIO * lr, bn="train", update_bn=True, **common)
    return [_head(), whole]


def head(lr, epochs, **common):
    "The head alone, as in the first phase of the others; `lr` and `epochs` do not matter"
    return [_head()]


def head_longer(lr, epochs, **common):
    "The head alone for as many epochs as the others have in all"
    return [_head(10 + epochs)]


TUNED = {  # arms whose rate is chosen on pilot seeds
    "head first": head_first,
    "at once": at_once,
    "spread": spread,
    "gradual": gradual,
    "LP-FT": lp_ft,
    "moving": moving,
}
ARMS = TUNED | {"head": head, "head, longer": head_longer}


class FirstLook(Callback):
    "Notes the validation loss before the first step of each phase"

    def __init__(self):
        self.losses = []

    def before_phase(self, learn):
        self.losses.append(round(learn.evaluate(learn.valid)["loss"], 4))


def run_arm(task, seed, arm, lr, test=True):
    "Train by `arm`; its history, what it began with, and the score on the test part if asked"
    n_steps = len(parts_of(task, seed)[0]) // BS[task]
    common = dict(pct_start=0.1, clip=1.0, ema=1 - 1 / n_steps)
    phases = ARMS[arm](lr, round(STEPS / n_steps), **common)
    look = FirstLook()
    options = dict(bs=BS[task], callbacks=[look])
    learn, test_part, seconds = run_recipe(ARCH, task, seed, phases, **options)
    result = history_of(learn) | {"first looks": look.losses, "train seconds": seconds}
    if test:
        result["test accuracy"] = round(learn.evaluate(test_part)["accuracy"], 4)
        result["n_test"] = len(test_part)
    return result
