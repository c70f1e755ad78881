"""Linear probing, fine-tuning, and probing before fine-tuning (LP-FT), on two kinds of images.

The head is linear. `cells`: trained on cells of the kind that `seed` picks (mono- or
polycrystalline), shifted are those of the other kind. `digits`: shifted are the same test digits,
blurred. The probe is a solver's (`linear_probe`), its seconds are counted. Rates of fine-tuning are
chosen on the validation part, which is of the training's kind; `moved` says how far the pooled
features of validation and shifted images have gone from the pretrained ones, as a share of their
length. Read by the study of the folklore.
"""

import time
from functools import lru_cache

import numpy as np
import torch
from _finetuning import (
    ARCH,
    N_TEST,
    N_TRAIN,
    N_VALID,
    SIZE,
    draw,
    moved,
    new_model,
    prepared,
    results_of,
    settings,
    task_images,
    train,
)
from torch.utils.data import TensorDataset
from torchvision.transforms.v2.functional import gaussian_blur

from tlcourse.data import split_items
from tlcourse.features import extract, linear_probe
from tlcourse.finetuning import full
from tlcourse.surgery import transfer_model

SETTINGS = settings(
    [{"how": "LP", "lr": None}]
    + [{"how": how, "lr": lr} for how in ("FT", "LP-FT") for lr in (1e-3, 3e-3)]
)


@lru_cache(maxsize=2)
def data(task, seed):
    "Training, validation, test and shifted part as datasets of tensors"
    all_, rng = task_images(task), np.random.default_rng(seed)
    split, preprocess = (
        split_items(all_, sample_groups=getattr(all_, "sample_groups", None), seed=seed),
        transfer_model(ARCH, 2).preprocess.at(SIZE),
    )
    same = all_.kinds == ("mono", "poly")[seed % 2] if task == "cells" else np.ones(len(all_), bool)

    def of(part, keep, n):
        kept = np.array([i for i in part if keep[i]])
        return prepared(all_, draw(all_.labels, kept, n, rng), preprocess)

    train_, valid, test = (
        of(part, same, n) for part, n in zip(split, (N_TRAIN, N_VALID, N_TEST // 2))
    )
    if task == "cells":
        return train_, valid, test, of(split.test, ~same, N_TEST // 2)
    xs, ys = test.tensors
    return train_, valid, test, TensorDataset(gaussian_blur(xs, 13, 4.0), ys)


def probe_head(model, train_, valid):
    "Put the weights of a linear probe on the pooled features into the linear head of `model`"
    x, xv = (extract(model.body, part, runtime="torch") for part in (train_, valid))
    probe = linear_probe(x, train_.tensors[1], xv, valid.tensors[1])
    middle, steps = x.mean(0), x.std(0) + 1e-6
    logits = probe.predict(
        torch.cat([middle[None], middle + steps.diag()])
    ).log()  # the probe's own, up to a number for each row; one step in each feature
    logits = logits - logits.mean(1, keepdim=True)
    with torch.no_grad():
        model.head.linear.weight.copy_(((logits[1:] - logits[0]) / steps[:, None]).T)
        model.head.linear.bias.copy_(
            logits[0] - model.head.linear.weight.double() @ middle.double()
        )
        same = (model.head.linear(xv).argmax(1) == probe.predict(xv).argmax(1)).double().mean()
    assert same > 0.97, (
        f"the head answers as the probe for {same:.0%} only"
    )  # a near tie may fall otherwise in float32


def run(task, seed, how, lr):
    train_, valid, test, shifted = data(task, seed)
    model = new_model(task, seed, width=0)
    before = {
        name: extract(model.body, part, runtime="torch")
        for name, part in (("valid", valid), ("shifted", shifted))
    }
    start = time.perf_counter()
    if how != "FT":
        probe_head(model, train_, valid)
    probing = time.perf_counter() - start
    learn, seconds = train(model, (train_, valid), seed, [] if how == "LP" else full(4, lr))
    results = results_of(learn, round(probing + seconds, 1), test) | {
        "shifted": round(learn.evaluate(shifted)["accuracy"], 4),
        "chosen by": round(learn.evaluate(valid)["accuracy"], 4),
    }
    return results | {
        "moved": {
            name: moved(model.body, old, part)
            for (name, old), part in zip(before.items(), (valid, shifted))
        }
    }
