"""How many wrong labels does confident learning find, and does dropping or flipping them help?

Solar cells of which the experts were certain (probability 0 or 1). A share of the training labels
is flipped on purpose: of both classes at random ("any"), or of defective cells only ("missed"). A
linear probe on frozen features, cross-validated over solar modules, doubts labels; those that
confident learning points at are compared with those that were flipped, beside cleanlab's. Then a
probe is trained on the labels as they are, without the doubted ones, with the doubted ones flipped,
and on the true labels; the test part, whose labels are true, is used once per run and probe. The
strength of the probe was fixed beforehand. Read by lesson 13.
"""

import numpy as np
from _cells import cells, experts, features, split_of
from cleanlab.filter import find_label_issues

from tlcourse.core.crossfit import cross_probs
from tlcourse.core.scores import fit_probe
from tlcourse.diagnosis import auc, find_label_errors, label_doubt

RATES = {"any": (0.0, 0.05, 0.1, 0.2, 0.3), "missed": (0.1, 0.3)}
SEEDS, STRENGTH = 6, 1e-3
SETTINGS = [
    {"kind": kind, "rate": rate, "seed": seed}
    for seed in range(SEEDS)
    for kind, rates in RATES.items()
    for rate in rates
]


def certain(index):
    "Those of the positions `index` of which the experts were certain"
    p = experts()[index]
    return np.asarray(index)[(p < 0.01) | (p > 0.99)]


def flipped_at(labels, kind, rate, seed):
    "Which labels (n,) to flip: a share `rate` of all, or of the defective ones"
    rng = np.random.default_rng(seed)
    candidates = np.flatnonzero(labels == 1) if kind == "missed" else np.arange(len(labels))
    is_flipped = np.zeros(len(labels), bool)
    is_flipped[rng.choice(candidates, round(rate * len(candidates)), replace=False)] = True
    return is_flipped


def found(at, is_flipped):
    "How many of the doubted labels were flipped, and how many of the flipped ones are doubted"
    n_right = int(is_flipped[at].sum())
    return {
        "n": len(at),
        "precision": round(n_right / len(at), 4) if len(at) else None,
        "recall": round(n_right / is_flipped.sum(), 4) if is_flipped.any() else None,
    }


def test_auc(x, y, test):
    "AUC on the test part of a probe trained on features `x` and labels `y`"
    probe = fit_probe(x, y, STRENGTH)
    index = certain(test)
    p = probe.predict_proba(features()[index].numpy())[:, 1]
    right = float(((p > 0.5) == cells().labels[index]).mean())
    return {"auc": round(auc(p, cells().labels[index]), 4), "accuracy": round(right, 4)}


def run(kind, rate, seed):
    split = split_of(seed)
    train = certain(split.train)
    x, truth, groups = (
        features()[train].numpy(),
        cells().labels[train],
        cells().sample_groups[train],
    )
    is_flipped = flipped_at(truth, kind, rate, seed)
    labels = np.where(is_flipped, 1 - truth, truth)
    probs = cross_probs(x, labels, groups, strength=STRENGTH, seed=seed)
    at = find_label_errors(probs, labels)
    theirs = find_label_issues(labels, probs, filter_by="confident_learning")
    keep = np.ones(len(labels), bool)
    keep[at] = False
    doubt = label_doubt(probs, labels)
    return {
        "n": len(train),
        "n flipped": int(is_flipped.sum()),
        "doubted": found(at, is_flipped),
        "cleanlab": found(np.flatnonzero(theirs), is_flipped),
        "auc of doubt": round(auc(doubt, is_flipped), 4) if rate else None,
        "test": {
            "as they are": test_auc(x, labels, split.test),
            "without the doubted": test_auc(x[keep], labels[keep], split.test),
            "doubted ones flipped": test_auc(x, np.where(keep, labels, 1 - labels), split.test),
            "true labels": test_auc(x, truth, split.test),
        },
    }
