"""The four quadrants: few or many pictures, near or far; probe, probe at the best depth, fine-tuned, scratch, and controls. EfficientNet-Lite0. Read by lesson 12f.

Near: grey tiles of eight photos; far: spectrograms of five signals; both whole, at 96 px. 10 or 100 training pictures per class, 150 to choose on, 500 to report on.
About 100 steps in batches of 16 at the best of three rates, for fine-tuning and scratch; with 100 per class both once more, at that rate, with four times the steps.
The best probe chooses its depth, all probes their penalty. Each arm, size and seed has one test figure, and the test part chooses nothing.
"""

from functools import lru_cache

from _domains import prepared_parts, whole_pictures
from _finetuning import ARCH

from tlcourse.studies.datasets import photo_tiles, signal_images
from tlcourse.studies.quadrants import quadrants
from tlcourse.surgery import transfer_model

PER_CLASS, CLASSES = (10, 100), {"photos": 8, "signals": 5}
SETTINGS = [{"seed": seed, "domain": domain} for seed in range(3) for domain in CLASSES]


def network(weights):
    def make(n_classes, seed):
        return whole_pictures(transfer_model(ARCH, n_classes, weights=weights))

    return make


@lru_cache(maxsize=1)
def parts(domain, seed):
    made = (photo_tiles if domain == "photos" else signal_images)(
        seed, (PER_CLASS[-1] * CLASSES[domain], 150, 500)
    )
    return prepared_parts(made, network(None)(2, 0).preprocess)


def run(seed, domain):
    table = quadrants(
        network("default"),
        network(None),
        {domain: lambda seed: parts(domain, seed)},
        PER_CLASS,
        seeds=[seed],
        retune=False,
    )
    return {
        "rows": [
            row | {"accuracy": round(row["accuracy"], 3), "valid": round(row["valid"], 3)}
            for row in table.rows
        ]
    }
