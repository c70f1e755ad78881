"""What does fine-tuning change, and where? Weights, features and CKA of EfficientNet-Lite0, group
by group, before and after. Read by lesson 12 and studies/drift.

The two tasks of lesson 11 (240 training images, 96 px), from ImageNet and from random weights, all
layers at one rate, five epochs in batches of 16; 3e-3 is the rate at which lesson 11's sweep
(lr_sweep.json) was best for the pretrained network; none was chosen for the random one. The
measures are taken on the first 200 test images, whose labels are used for the accuracy only.
"""

import copy

import torch
from _finetuning import ARCH, SIZE, parts, task_images, train
from torch.utils.data import TensorDataset

from tlcourse.studies.drift import drift
from tlcourse.studies.kit import rounded, update_bn
from tlcourse.surgery import transfer_model
from tlcourse.training import Phase

SETTINGS = [
    {"seed": seed, "task": task, "start": start}
    for seed in range(3)
    for task in ("cells", "digits")
    for start in ("pretrained", "random")
]
COLUMNS = ("weights moved", "features moved", "CKA", "null low", "null high")


def network(task, start, seed):
    torch.manual_seed(seed)
    weights = "default" if start == "pretrained" else None
    model = transfer_model(ARCH, len(task_images(task).classes), weights=weights)
    model.preprocess = model.body.preprocess = model.preprocess.at(SIZE)
    return model


def run(seed, task, start):
    data, model = parts(task, seed), network(task, start, seed)
    before = copy.deepcopy(model)
    if start == "random":
        update_bn(before, data[0])  # so that measuring its statistics does not count as learning
    learn, _ = train(model, data, seed, [Phase(5, 0, 3e-3)])
    some = TensorDataset(*data[2][:200])
    return {
        "rows": rounded(drift(before, learn.model, some), dict.fromkeys(COLUMNS, 4)),
        "test": round(learn.evaluate(data[2])["accuracy"], 4),
        "n_test": len(data[2]),
    }
