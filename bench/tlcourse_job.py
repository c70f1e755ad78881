"""The job in tlcourse: what is frozen is computed once.

python bench/tlcourse_job.py TASK DATA.json WEIGHTS REPEAT
"""

from statistics import median
from time import perf_counter

import torch
from common import ARCH, BS, EPOCHS, MEAN, SHORTER_SIDE, SIZE, STD, job, report
from torch.utils.data import TensorDataset

from tlcourse.core.decoding import load_image
from tlcourse.core.engines import default_bs, first_batch, make_runner, prepare
from tlcourse.core.fastest import choose_runtime
from tlcourse.core.memory import reuse_memory
from tlcourse.core.state import eval_mode
from tlcourse.core.threads import in_threads
from tlcourse.data import ImageDataset
from tlcourse.features import boundary, extract
from tlcourse.freezing import freeze_to
from tlcourse.surgery import transfer_model
from tlcourse.training import Learner, Phase

ROUNDS = 5  # warm passes, each followed by the bare loop
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
        "runtime chosen by extract, its export counted; warm passes reported beside it, in turn "
        "with a bare loop: the same batches and threads decode, prepare and compute, keep nothing"
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


def timed_extract(lower, dataset):
    "Images per second of one pass over `dataset`, and its seconds"
    start = perf_counter()
    n = len(extract(lower, dataset))
    seconds = perf_counter() - start
    return n / seconds, seconds


def bare_rate(lower, dataset):
    """Images per second of a loop that only decodes, prepares and computes.

    The same batches in the same threads, side by side as in `extract`; nothing is kept.
    """
    first = first_batch(lower, dataset)
    run = make_runner(lower, choose_runtime(lower, first, len(dataset)).runtime, first)
    bs = default_bs(lower)
    paths = [path for path, _ in dataset.items]
    chunks = [paths[i : i + bs] for i in range(0, len(paths), bs)]

    def work(chunk):
        run(prepare(lower.preprocess, [load_image(path) for path in chunk]))

    with eval_mode(lower), reuse_memory():
        start = perf_counter()
        for _ in in_threads(work, chunks):
            pass
        return len(paths) / (perf_counter() - start)


def in_turn(lower, dataset):
    "Warm passes of `extract`, and the bare loop in turn with them: medians, and the share of it"
    rounds = [(timed_extract(lower, dataset)[0], bare_rate(lower, dataset)) for _ in range(ROUNDS)]
    warm, bare = zip(*rounds)
    return {
        "warm_per_second": median(warm),
        "bare_per_second": median(bare),
        "share_of_bare": median(w / b for w, b in rounds),
        "shares_of_bare": [round(w / b, 3) for w, b in rounds],
    }


def extraction(job):
    "A first pass (export counted), and warm ones beside the bare loop of the same parts"
    lower = boundary(freeze_to(checked_model(job), -1), -1).lower
    dataset = ImageDataset(job.train + job.valid, job.classes)
    cold, seconds = timed_extract(lower, dataset)
    counted = {"inner": seconds, "n": len(dataset), "images_per_second": cold}
    return counted | in_turn(lower, dataset)


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
