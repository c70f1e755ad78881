"""The job in tlcourse: what is frozen is computed once.

python bench/tlcourse_job.py TASK DATA.json WEIGHTS REPEAT
"""

import os
from time import perf_counter

import torch
from common import ARCH, BS, EPOCHS, MEAN, SHORTER_SIDE, SIZE, STD, job, report
from torch.utils.data import TensorDataset

from tlcourse.core.engines import prepare
from tlcourse.data import ImageDataset
from tlcourse.features import boundary, extract
from tlcourse.freezing import freeze_to
from tlcourse.surgery import transfer_model
from tlcourse.training import Learner, Phase

READY = 256  # pictures whose decoding, preprocessing and engine are timed alone
GIVEN = [
    "its own copy of the same weights, the same pixels",
    "no augmentation, as no other contender has any",
    f"its defaults: batches of {BS} in training, of 8 in extraction, loading processes or threads as there are cores, AdamW, its own head with two linear layers",
    "what extract and fit do by themselves: channels_last, and memory that is freed is kept for the next tensor (glibc's mallopt)",
]
OF_TASK = {
    "head": [
        "features extracted once per process, engine chosen by extract, nothing kept on disk",
        f"Phase({EPOCHS}, None, lr=2e-3) on the features, validation after each epoch",
    ],
    "all": ["Phase(1, 0, lr=(1e-5, 1e-3)), from the pretrained body and a new head"],
    "extract": [
        "engine chosen by extract, its export counted; a second, warm pass reported beside it"
    ],
}


def checked_model(job):
    "A transfer model with the weights of the file and the preprocessing of the others"
    model = transfer_model(ARCH, classes=job.classes)
    config, wanted = model.preprocess.config, (SIZE, SIZE / SHORTER_SIDE, "bicubic", MEAN, STD)
    if tuple(config[k] for k in ("size", "crop_pct", "interpolation", "mean", "std")) != wanted:
        raise ValueError(f"another preprocessing than the others': {config}")
    theirs = torch.load(job.weights, weights_only=True)
    if not torch.equal(model.body.net.conv_stem.weight, theirs["conv_stem.weight"]):
        raise ValueError("other weights than the others'")
    return model


def train_head(job):
    "Five epochs of the head on features that were extracted once; returns the accuracy on the validation pictures"
    model, pairs = freeze_to(checked_model(job), -1), job.train + job.valid
    lower, upper, _ = boundary(model, -1)
    features = extract(lower, ImageDataset(pairs, job.classes))  # (n, n_features)
    data, n = TensorDataset(features, torch.tensor([label for _, label in pairs])), len(job.train)
    train, valid = TensorDataset(*data[:n]), TensorDataset(*data[n:])
    return (
        Learner(upper, train, valid, bs=BS, seed=job.seed)
        .fit([Phase(EPOCHS, None, lr=2e-3)])
        .evaluate(valid)["accuracy"]
    )


def train_all(job):
    "One epoch of all layers; returns the accuracy on the validation pictures"
    train, valid = (ImageDataset(pairs, job.classes) for pairs in (job.train, job.valid))
    learn = Learner(checked_model(job), train, valid, bs=BS, seed=job.seed).fit(
        [Phase(1, 0, lr=(1e-5, 1e-3))]
    )
    return learn.history[-1]["valid accuracy"]


def on_one_core(function, things):
    "What `function` gives for each of `things`, and the seconds that all of them take on one core"
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    start = perf_counter()
    found = [function(thing) for thing in things]
    seconds = perf_counter() - start
    torch.set_num_threads(threads)
    return found, seconds


def limit(lower, dataset):
    "Pictures per second if nothing ever waits, from parts measured here: the engine with all cores, decoding and preprocessing with one"
    n, small = min(READY, len(dataset)), 8  # extract's batch
    images, decode = on_one_core(lambda i: dataset[i][0], range(n))
    batches, prepared = on_one_core(
        lambda i: prepare(lower.preprocess, images[i : i + small]), range(0, n, small)
    )
    rate, _ = timed_extract(lower, TensorDataset(torch.cat(batches), torch.zeros(n)))
    return {
        "engine_per_second": rate,
        "decode_seconds": decode / n,
        "preprocess_seconds": prepared / n,
        "limit_per_second": 1 / (1 / rate + (decode + prepared) / n / (os.cpu_count() or 1)),
    }


def timed_extract(lower, dataset):
    "Pictures per second of one pass over `dataset`, and its seconds"
    start = perf_counter()
    n = len(extract(lower, dataset))
    seconds = perf_counter() - start
    return n / seconds, seconds


def extraction(job):
    "A first pass (export counted), a second one, and the limit beside them"
    lower = boundary(freeze_to(checked_model(job), -1), -1).lower
    dataset = ImageDataset(job.train + job.valid, job.classes)
    (cold, seconds), (warm, _) = timed_extract(lower, dataset), timed_extract(lower, dataset)
    parts = limit(lower, dataset)
    return {
        "inner": seconds,
        "n": len(dataset),
        "images_per_second": cold,
        "warm_per_second": warm,
        **parts,
        "share_of_limit": warm / parts["limit_per_second"],
    }


def main():
    asked, start = job(), perf_counter()
    torch.manual_seed(asked.seed)
    given = GIVEN + OF_TASK["head" if asked.task == "whole" else asked.task]
    if asked.task == "extract":
        report(extraction(asked) | {"given": given})
    else:
        found = train_all(asked) if asked.task == "all" else train_head(asked)
        report(
            {
                "inner": perf_counter() - start,
                "n": len(asked.valid),
                "accuracy": found,
                "given": given,
            }
        )


if __name__ == "__main__":
    main()
