"""Should the BatchNorm of a frozen body be frozen, and what does freezing first do?

EfficientNet-Lite0 and a new head on 400 solar cells at 96 px; no solar module is on both sides of a
split. Settings were fixed beforehand (fine-tuning's learning rates on the validation part of seed
100), and the test part is used once per run. Read by lesson 08.

`frozen`: the body's convolutions stay fixed; its BatchNorm statistics are fixed or updating, its
affine parameters frozen or trained, in batches of 4 or 32. `fine-tune`: all of the body learns, at
once or after two epochs of the head alone; its statistics are fixed, so that gradients alone move
the features; `longer` gives the run that did not freeze those two epochs as well.
"""

import copy
from functools import cache

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch.utils.data import TensorDataset

from tlcourse.core.callbacks import Callback
from tlcourse.core.state import eval_mode
from tlcourse.data import eval_loader, solar_cells, split_items
from tlcourse.freezing import freeze, unfreeze
from tlcourse.surgery import transfer_model
from tlcourse.training import Learner, Phase

ARCH, SIZE, N_TRAIN, N_VALID, EPOCHS, SEEDS = "tf_efficientnet_lite0", 96, 400, 200, 4, 5
LRS = {"adamw": 1e-3, "sgd": 1e-2}  # of the head
BODY = {"adamw": 0.1, "sgd": 0.01}  # fine-tune: the body's learning rate, as a share of the head's
FROZEN = [
    {"kind": "frozen", "statistics": s, "affine": a, "bs": bs}
    for bs in (4, 32)
    for s in ("fixed", "updating")
    for a in ("frozen", "trained")
]
FINE = [
    {"kind": "fine-tune", "optimizer": o, "how": h}
    for o, h in (
        ("adamw", "at once"),
        ("adamw", "freeze first"),
        ("adamw", "longer"),
        ("sgd", "at once"),
        ("sgd", "freeze first"),
    )
]
SETTINGS = [{**settings, "seed": seed} for seed in range(SEEDS) for settings in FROZEN + FINE]


@cache
def cells():
    return solar_cells()


@cache
def tensors():
    "Every cell, prepared once (2624, 3, SIZE, SIZE), and the labels"
    preprocess = transfer_model(ARCH, 2).preprocess.at(SIZE)
    return torch.stack([preprocess(image) for image, _ in cells()]), torch.tensor(cells().labels)


def parts(seed):
    "Training, validation and test part; the first two are drawn with each class's share"
    xs, ys = tensors()
    split, rng = (
        split_items(cells(), sample_groups=cells().sample_groups, seed=seed),
        np.random.default_rng(seed),
    )

    def draw(index, n):
        defect = np.asarray(cells().labels)[index] == 1
        k = round(n * defect.mean())
        return [
            *rng.choice(np.asarray(index)[defect], k, replace=False),
            *rng.choice(np.asarray(index)[~defect], n - k, replace=False),
        ]

    index = draw(split.train, N_TRAIN), draw(split.valid, N_VALID), rng.permutation(split.test)
    return [TensorDataset(xs[i], ys[i]) for i in map(list, index)]


def optimizer_of(kind, share):
    "A function that makes an optimiser of this `kind`; the body has `share` of the head's rate"

    def make(model, phase, wd):
        params = [
            {"params": [p for p in part.parameters() if p.requires_grad], "top": phase.lr * factor}
            for part, factor in ((model.body, share), (model.head, 1))
            if any(p.requires_grad for p in part.parameters())
        ]
        if kind == "sgd":
            return torch.optim.SGD(params, lr=phase.lr, momentum=0.9)
        return torch.optim.AdamW(params, lr=phase.lr, weight_decay=wd)

    return make


class Moved(Callback):
    "Notes after each epoch how far the features of the validation part are from where they were"

    def __init__(self):
        self.start, self.shares = None, []

    @torch.inference_mode()
    def features(self, learn):
        with eval_mode(learn.model):
            batches = eval_loader(learn.valid, 64)
            maps = [learn.model.body(learn.to_device(xb)) for xb, _ in batches]
        return torch.cat([fmap.mean((2, 3)) for fmap in maps])

    def before_fit(self, learn):
        if self.start is None:
            self.start = self.features(learn)

    def after_epoch(self, learn):
        distance = (self.features(learn) - self.start).norm() / self.start.norm()
        self.shares.append(round(distance.item(), 4))


@torch.inference_mode()
def batch_normalised(model, dataset, bs):
    "Logits when the body normalises by its batch, as in training; `model` keeps its statistics"
    twin = copy.deepcopy(model)
    unfreeze(twin.body)
    twin.eval().body.train()
    return torch.cat(
        [twin(xb.to(memory_format=torch.channels_last)) for xb, _ in eval_loader(dataset, bs)]
    )


def scores(logits, ys):
    return {
        "accuracy": round((logits.argmax(1) == ys).float().mean().item(), 4),
        "auc": round(float(roc_auc_score(ys, (logits[:, 1] - logits[:, 0]))), 4),
        "loss": round(torch.nn.functional.cross_entropy(logits, ys).item(), 4),
    }


def prepare(kind, statistics=None, affine=None, **_):
    "The model, its body frozen as `statistics` and `affine` say, or for a head that goes first"
    model = transfer_model(ARCH, 2)
    freeze(model.body, bn="stats" if statistics == "updating" else "frozen")
    if affine == "trained":
        for m in model.body.modules():
            if isinstance(m, torch.nn.BatchNorm2d):
                m.requires_grad_(True)
    return model


def run(kind, seed, bs=32, optimizer="adamw", how=None, **settings):
    "One training; for frozen bodies also the test with batches normalised as in training"
    train, valid, test = parts(seed)
    torch.manual_seed(seed)
    model = prepare(kind, **settings)
    share = BODY[optimizer] if kind == "fine-tune" else 1
    make, moved, lr = optimizer_of(optimizer, share), Moved(), LRS[optimizer]
    options = dict(bs=bs, seed=seed, optimizer=make, callbacks=[moved], cache=False)
    learn = Learner(model, train, valid, **options)
    if kind == "frozen":
        learn.fit([Phase(EPOCHS, None, lr, bn="train")])
    else:
        if how == "freeze first":
            learn.fit([Phase(2, None, lr, bn="train")])
        # its layers stay in evaluation mode: the statistics are fixed
        model.body.requires_grad_(True)
        learn.fit([Phase(EPOCHS + 2 * (how == "longer"), None, lr, bn="train")])
    logits, ys = learn.logits(test)
    found = {
        "test": scores(logits, ys),
        "valid": [round(row["valid accuracy"], 4) for row in learn.history],
        "train loss": [round(row["train loss"], 4) for row in learn.history],
        "moved": moved.shares,
        "train seconds": round(sum(row["seconds"] for row in learn.history), 1),
        "n_test": len(ys),
    }
    if kind == "frozen":
        found["test, batch-normalised"] = scores(batch_normalised(model, test, bs), ys)
    return found
