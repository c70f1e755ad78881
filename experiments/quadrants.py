"""The four quadrants: few or many images, near or far; probe, probe at the best depth, fine-tuned,
scratch, and controls. EfficientNet-Lite0. Read by lesson 12 and studies/quadrants.

Near: grey tiles of eight photos; far: spectrograms of five signals; both whole, at 96 px. 10 or 100
training images per class, 150 to choose on, 500 to report on. About 100 steps in batches of 16 at
the best of three rates, for fine-tuning and scratch; with 100 per class both once more, at that
rate, with four times the steps. The best probe chooses its depth, all probes their penalty. Each
arm, size and seed has one test figure, and the test part chooses nothing.
"""

from functools import lru_cache

from _domains import prepared_parts, whole_images
from _finetuning import ARCH

from tlcourse.studies.datasets import photo_tiles, signal_images
from tlcourse.studies.kit import Spec
from tlcourse.studies.quadrants import quadrants
from tlcourse.surgery import transfer_model

PER_CLASS = (10, 100)
CLASSES = {"photos": 8, "signals": 5}
DRAWN = {"photos": photo_tiles, "signals": signal_images}


def network(weights):
    def make(n_classes, seed):
        return whole_images(transfer_model(ARCH, n_classes, weights=weights))

    return make


@lru_cache(maxsize=1)
def parts(domain, seed):
    images = DRAWN[domain](seed, (PER_CLASS[-1] * CLASSES[domain], 150, 500))
    return prepared_parts(images, network(None)(2, 0).preprocess)


def task(seed, domain):
    return {
        "pretrained": network("default"),
        "scratch": network(None),
        "domains": {domain: lambda seed: parts(domain, seed)},
        "per_class": PER_CLASS,
        "retune": False,
    }


SPEC = Spec(quadrants, task, range(3), {"domain": tuple(CLASSES)})
