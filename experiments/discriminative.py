"""Learning rates that rise a hundredfold from the stem to the head, five epochs of all groups.

One rate for all is lr_sweep.json. Each arm has its rate chosen on the validation part of its own
run; the test part is read for that one only. A step of either arm costs the same. Read by the study
of the folklore.
"""

from _finetuning import one_run, settings

from tlcourse.finetuning import full

SETTINGS = settings([{"lr": lr} for lr in (1e-3, 3e-3, 1e-2)])


def run(task, seed, lr):
    return one_run(task, seed, full(5, (lr / 100, lr)))
