"""What does fine-tuning change, and where? Weights, features and CKA of EfficientNet-Lite0, group by group, before and after. Read by lesson 12b.

The two tasks of lesson 11 (240 training pictures, 96 px), from ImageNet and from random weights, all layers at one rate, five epochs in batches of 16; 3e-3 is the rate
at which lesson 11's sweep (lr_sweep.json) was best for the pretrained network; none was chosen for the random one. The measures are taken on the first 200 test pictures, whose labels are used for the accuracy only.
"""

import copy

import torch
from _finetuning import ARCH, SIZE, parts, task_images, train
from torch.utils.data import TensorDataset

from tlcourse.studies.drift import drift
from tlcourse.studies.kit import update_bn
from tlcourse.surgery import transfer_model
from tlcourse.training import Phase

SETTINGS = [
    {"seed": seed, "task": task, "start": start}
    for seed in range(3)
    for task in ("cells", "digits")
    for start in ("pretrained", "random")
]


def run(seed, task, start):
    data = parts(task, seed)
    torch.manual_seed(seed)
    model = transfer_model(
        ARCH, len(task_images(task).classes), weights="default" if start == "pretrained" else None
    )
    model.preprocess = model.body.preprocess = model.preprocess.at(SIZE)
    before = copy.deepcopy(model)
    if start == "random":
        update_bn(
            before, data[0]
        )  # statistics of these pictures, so that to measure them does not count as learning
    learn, _ = train(model, data, seed, [Phase(5, 0, 3e-3)])
    some = TensorDataset(*data[2][:200])
    return {
        "rows": [
            {k: v if isinstance(v, str) else round(v, 4) for k, v in row.items()}
            for row in drift(before, learn.model, some).rows
        ],
        "test": round(learn.evaluate(data[2])["accuracy"], 4),
        "n_test": len(data[2]),
    }
