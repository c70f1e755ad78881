"""Class weights, a balanced draw or a moved threshold: what helps against class imbalance?

Heads on the frozen features of solar cells at 96 px. `share` is the share of defective cells in the
training and the validation part: 0.31, as they come, or 0.05, most of the defective ones left out.
A missed defect costs ten times a false alarm. Each head is used at threshold 0.5 and at the
threshold that costs least on its validation part; the test part is used once per run. Its rates do
not depend on the share, so what errors cost is computed from them for a world with `share`. No
solar module is in two parts. Settings were fixed beforehand. Read by lesson 13.
"""

import numpy as np
import torch
from _cells import as_maps, cells, split_of, thinned
from torch import nn
from torch.utils.data import TensorDataset

from tlcourse.core.balance import class_weights
from tlcourse.core.outcomes import learner_outcome
from tlcourse.diagnosis import auc, calibration_error, choose_threshold
from tlcourse.surgery import create_head
from tlcourse.training import Learner, Phase

SHARES, ARMS, SEEDS = (0.31, 0.05), ("as they come", "class weights", "balanced draw"), 8
COST_FP, COST_FN = 1, 10
SETTINGS = [
    {"share": share, "arm": arm, "seed": seed}
    for seed in range(SEEDS)
    for share in SHARES
    for arm in ARMS
]


def dataset(index):
    data = TensorDataset(*as_maps(index))
    data.labels, data.classes = cells().labels[index], cells().classes
    return data


def rates(p, y, threshold):
    "(recall of defects, share of sound cells called defective)"
    called = p >= threshold
    return float(called[y == 1].mean()), float(called[y == 0].mean())


def row(p, y, threshold, share):
    "What a threshold gives on the test part, in a world with `share` of defective cells"
    recall, false = rates(p, y, threshold)
    called = share * recall + (1 - share) * false
    return {
        "threshold": round(float(threshold), 4),
        "recall": round(recall, 4),
        "false alarms": round(false, 4),
        "balanced accuracy": round((recall + 1 - false) / 2, 4),
        "precision": round(share * recall / called, 4) if called else None,
        "cost per 1000": round(
            1000 * (COST_FN * share * (1 - recall) + COST_FP * (1 - share) * false), 1
        ),
    }


def run(share, arm, seed):
    split = split_of(seed)
    train, valid = (thinned(part, share, seed) for part in (split.train, split.valid))
    data = dataset(train)
    loss = nn.CrossEntropyLoss(weight=class_weights(data)) if arm == "class weights" else None
    sampler = "balanced" if arm == "balanced draw" else None
    torch.manual_seed(seed)
    options = dict(bs=128, loss=loss, sampler=sampler, seed=seed, precision="float32", cache=False)
    learn = Learner(create_head(1280, 2), data, dataset(valid), log=lambda line: None, **options)
    learn.fit([Phase(10, None, lr=2e-3)])
    p_valid, y_valid = learner_outcome(learn, dataset(valid))
    p, y = learner_outcome(learn, dataset(np.asarray(split.test)))
    choice = choose_threshold(p_valid, y_valid, COST_FP, COST_FN)
    return {
        "auc": round(auc(p, y), 4),
        "calibration error, valid": round(calibration_error(p_valid[:, 1], y_valid), 4),
        "said, valid": round(float(p_valid[:, 1].mean()), 4),
        "at 0.5": row(p[:, 1], y, 0.5, share),
        "moved": row(p[:, 1], y, choice.threshold, share),
        "n": [len(train), len(valid), len(y)],
        "n defective": [int(cells().labels[i].sum()) for i in (train, valid)] + [int(y.sum())],
    }
