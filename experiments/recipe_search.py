"""Which rates should fine-tuning have by default? Found on validation: four tasks, two networks.

The head learns first, on four augmented looks at each image; then everything learns with
BatchNorm's statistics fixed, a tenth of warm-up, cosine, gradients clipped at 1 and an average of
the weights over about an epoch. Varied are the rate of the body and the ratio between head and
body. The test parts are not looked at; seeds 100 and 101 are in no other experiment. To be read by
lesson 11.
"""

from _recipes import TASKS, average_of_an_epoch, history_of, parts_of, run_recipe

from tlcourse.training import Phase

LITE0, LITE1 = "tf_efficientnet_lite0", "tf_efficientnet_lite1"
RUNS = ((100, LITE0), (101, LITE0), (100, LITE1), (101, LITE1))
RATES = (  # of the body; how many times that the head has
    (3e-5, 3),
    (1e-4, 1),
    (1e-4, 10),
    (3e-5, 10),
    (3e-4, 1),
    (1e-3, 1),
)

SETTINGS = [
    {"seed": seed, "arch": arch, "task": task, "lr": lr, "ratio": ratio}
    for seed, arch in RUNS
    for task in TASKS
    for lr, ratio in RATES
]


def run(seed, arch, task, lr, ratio):
    ema = average_of_an_epoch(parts_of(task, seed)[0])
    head = Phase(10, -1, 2e-3, augment=4)  # the same in all runs
    whole = Phase(10, 0, lr, head_lr=ratio * lr, pct_start=0.1, clip=1.0, ema=ema)
    learn, _, seconds = run_recipe(arch, task, seed, [head, whole])
    return history_of(learn) | {"train seconds": seconds, "n_train": len(learn.train)}
