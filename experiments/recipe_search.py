"""Which rates should fine-tuning have by default? Found on validation: four tasks, two networks.

The default recipe (head first, then everything with BatchNorm's statistics fixed, a tenth of
warm-up, cosine, gradients clipped at 1) with three rates of the body and three ratios between head
and body, one of the two varied at a time. The test parts are not looked at; seeds 100 and 101 are
in no other experiment. To be read by lesson 11.
"""

from itertools import product

from _recipes import TASKS, history_of, run_recipe

from tlcourse.finetuning import fine_tune_phases

ARCHS = ("tf_efficientnet_lite0", "tf_efficientnet_lite1")
RATES = ((1e-4, 3), (3e-5, 3), (3e-4, 3), (1e-4, 1), (1e-4, 10))  # of the body; head : body

SETTINGS = [
    {"seed": seed, "arch": arch, "task": task, "lr": lr, "ratio": ratio}
    for seed, arch, task, (lr, ratio) in product((100, 101), ARCHS, TASKS, RATES)
]


def run(seed, arch, task, lr, ratio):
    phases = fine_tune_phases(10, lr=lr, head_lr=ratio * lr)
    phases[0].lr = 2e-3  # the head alone is the same in all runs
    learn, _, seconds = run_recipe(arch, task, seed, phases)
    return history_of(learn) | {"train seconds": seconds, "n_train": len(learn.train)}
