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

READY = 256  # images whose decoding, preprocessing and runtime are timed alone
GIVEN = [
    "its own copy of the same weights, the same pixels",
    "no augmentation, as no other contender has any",
    f"its defaults: batches of {BS} in training, of 8 in extraction, loading processes or threads "
    "as there are cores, AdamW, its own head with two linear layers",
    "what extract and fit do by themselves: channels_last, and memory that is freed is kept "
    "for the next tensor (glibc's mallopt)",
]
OF_TASK = {
    "head": [
        "features extracted once per process, runtime chosen by extract, nothing kept on disk",
        f"Phase({EPOCHS}, None, lr=2e-3) on the features, validation after each epoch",
    ],
    "all": ["Phase(1, 0, lr=(1e-5, 1e-3)), from the pretrained body and a new head"],
    "extract": [
        "runtime chosen by extract, its export counted; a second, warm pass reported beside it"
    ],
}


def checked_model(job):
    "A transfer model with the weights of the file and the preprocessing of the others"
    model = transfer_model(ARCH, classes=job.classes)
    config = model.preprocess.config
    wanted = (SIZE, SIZE / SHORTER_SIDE, "bicubic", MEAN, STD)
    if tuple(config[k] for k in ("size", "crop_pct", "interpolation", "mean", "std")) != wanted:
        raise ValueError(f"the preprocessing differs from the others': {config}")
    theirs = torch.load(job.weights, weights_only=True)
    if not torch.equal(model.body.net.conv_stem.weight, theirs["conv_stem.weight"]):
        raise ValueError("the weights differ from the others'")
    return model


def train_head(job):
    "Five epochs of the head on features extracted once; returns the validation accuracy"
    model = freeze_to(checked_model(job), -1)
    pairs = job.train + job.valid
    lower, upper, _ = boundary(model, -1)
    features = extract(lower, ImageDataset(pairs, job.classes))  # (n, n_features)
    data = TensorDataset(features, torch.tensor([label for _, label in pairs]))
    n = len(job.train)
    train, valid = TensorDataset(*data[:n]), TensorDataset(*data[n:])
    learn = Learner(upper, train, valid, bs=BS, seed=job.seed)
    learn.fit([Phase(EPOCHS, None, lr=2e-3)])
    return learn.evaluate(valid)["accuracy"]


def train_all(job):
    "One epoch of all layers; returns the validation accuracy"
    train, valid = (ImageDataset(pairs, job.classes) for pairs in (job.train, job.valid))
    learn = Learner(checked_model(job), train, valid, bs=BS, seed=job.seed)
    learn.fit([Phase(1, 0, lr=(1e-5, 1e-3), bn="train")])
    return learn.history[-1]["valid accuracy"]


def on_one_core(function, inputs):
    "The outputs of `function` for each of `inputs`, and the seconds of all of them on one core"
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    start = perf_counter()
    outputs = [function(x) for x in inputs]
    seconds = perf_counter() - start
    torch.set_num_threads(threads)
    return outputs, seconds


def limit(lower, dataset):
    """Images per second if nothing ever waits, from parts measured here.

    The runtime has all cores; decoding and preprocessing are timed on one.
    """
    n = min(READY, len(dataset))
    bs = 8  # extract's batch
    images, decode = on_one_core(lambda i: dataset[i][0], range(n))
    chunks = [images[i : i + bs] for i in range(0, n, bs)]
    batches, prepared = on_one_core(lambda chunk: prepare(lower.preprocess, chunk), chunks)
    rate, _ = timed_extract(lower, TensorDataset(torch.cat(batches), torch.zeros(n)))
    return {
        "runtime_per_second": rate,
        "decode_seconds": decode / n,
        "preprocess_seconds": prepared / n,
        "limit_per_second": 1 / (1 / rate + (decode + prepared) / n / (os.cpu_count() or 1)),
    }


def timed_extract(lower, dataset):
    "Images per second of one pass over `dataset`, and its seconds"
    start = perf_counter()
    n = len(extract(lower, dataset))
    seconds = perf_counter() - start
    return n / seconds, seconds


def extraction(job):
    "A first pass (export counted), a second one, and the limit beside them"
    lower = boundary(freeze_to(checked_model(job), -1), -1).lower
    dataset = ImageDataset(job.train + job.valid, job.classes)
    cold, seconds = timed_extract(lower, dataset)
    warm, _ = timed_extract(lower, dataset)
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
    start = perf_counter()
    asked = job()
    torch.manual_seed(asked.seed)
    given = GIVEN + OF_TASK["head" if asked.task == "whole" else asked.task]
    if asked.task == "extract":
        report(extraction(asked) | {"given": given})
    else:
        accuracy = train_all(asked) if asked.task == "all" else train_head(asked)
        seconds = perf_counter() - start
        n = len(asked.valid)
        report({"inner": seconds, "n": n, "accuracy": accuracy, "given": given})


if __name__ == "__main__":
    main()
