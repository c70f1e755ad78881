"""What the cache is worth when part of the body learns.

Seconds of an epoch from stored activations of the frozen part, and without them:

python bench/boundary.py boundary_last|boundary_half DATA.json WEIGHTS REPEAT
"""

import statistics
from time import perf_counter

import torch
from common import job, report
from tlcourse_job import checked_model
from torch.utils.data import TensorDataset

from tlcourse.core.decoding import load_image
from tlcourse.features import boundary, extract
from tlcourse.freezing import freeze_to
from tlcourse.training import Learner, Phase

TRAIN, VALID, SMALL_BS, EPOCHS = 160, 32, 32, 3
GIVEN = [
    f"the same model, phase and {TRAIN} training and {VALID} validation images, "
    "decoded and prepared beforehand",
    "an epoch is training and validation; the first is a warm-up",
    "the extraction is not counted: it happens once, however many epochs follow",
]


def model_of(asked):
    """The model with all but the last group of its body frozen, or half of its groups.

    Returns it, with the same head each time, and the number of the first group that learns.
    """
    torch.manual_seed(asked.seed)
    model = checked_model(asked)
    n = len(model.layer_groups)
    k = n - 2 if asked.task == "boundary_last" else n // 2
    return freeze_to(model, k), k


def prepared(asked, preprocess):
    "Training and validation tensors, and their labels"
    pairs = asked.train[:TRAIN] + asked.valid[:VALID]
    return TensorDataset(
        torch.stack([preprocess(load_image(path)) for path, _ in pairs]),
        torch.tensor([label for _, label in pairs]),
    )


def halves(data):
    "`data` cut into training and validation"
    slices = slice(None, -VALID), slice(-VALID, None)
    return [TensorDataset(*(t[at] for t in data.tensors)) for at in slices]


def epoch(model, data, asked):
    "Median seconds of an epoch of `model`, and the last loss on the validation images"
    learn = Learner(model, *halves(data), bs=SMALL_BS, seed=asked.seed, cache=False)
    learn.fit([Phase(EPOCHS, None, lr=1e-3)])
    return {
        "inner": statistics.median(row["seconds"] for row in learn.history[1:]),
        "valid_loss": learn.history[-1]["valid loss"],
    }


def with_cache(asked, data):
    "From the stored activations of what is frozen"
    model, k = model_of(asked)
    lower, upper, _ = boundary(model, k)
    start = perf_counter()
    activations = TensorDataset(extract(lower, data, pool=False), data.tensors[1])
    return {"extraction_seconds": perf_counter() - start} | epoch(upper, activations, asked)


def without_cache(asked, data):
    return epoch(model_of(asked)[0], data, asked)


def main():
    asked = job()
    model, k = model_of(asked)
    data = prepared(asked, model.preprocess)
    ways = [with_cache, without_cache]
    in_turn = ways if asked.seed % 2 else ways[::-1]  # which is first changes with the repetition
    measured = {way: way(asked, data) for way in in_turn}
    report(
        *(
            {
                **measured[way],
                "n": TRAIN,
                "images_per_second": TRAIN / measured[way]["inner"],
                "frozen_groups": f"{k} of {len(model.layer_groups)}",
                "given": GIVEN,
            }
            for way in ways
        )
    )


if __name__ == "__main__":
    main()
