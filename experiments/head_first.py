"""The head alone for an epoch, then all groups, at a large rate and at fine-tuning's rates.

The runs that unfreeze at once stand in lr_sweep.json (lr = 1e-2) and discriminative.json
(lr = 1e-3): five epochs of all groups. `epochs` 4 makes as many steps as those; 5 takes about as
many seconds, since the epoch of the frozen body is cheap. The rates were fixed beforehand.
`head only` never unfreezes the body: as many steps, or many more, which cost little. Read by the
study of the folklore.
"""

from _finetuning import one_run, settings

from tlcourse.finetuning import head_only
from tlcourse.training import Phase

RATES = {"large": 1e-2, "fine-tuning": (1e-5, 1e-3)}
SETTINGS = settings(
    [{"rates": rates, "epochs": epochs} for rates in RATES for epochs in (4, 5)]
    + [{"rates": "head only", "epochs": epochs} for epochs in (5, 30)]
)


def run(task, seed, rates, epochs):
    if rates == "head only":
        return one_run(task, seed, head_only(epochs, 3e-3))
    return one_run(
        task,
        seed,
        [Phase(1, -1, 1e-2 if rates == "large" else 2e-3), Phase(epochs, 0, RATES[rates])],
    )
