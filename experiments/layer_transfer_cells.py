"""How well do the first n layer groups of EfficientNet-Lite0 serve solar cells, the groups after
them drawn again? Read by studies/layer_transfer.

480 cells to train on, 120 for validation, 400 to report on, at 96 px; no solar module is on both
sides of a split. Copied groups come from ImageNet, frozen (AnB) or learning on (AnB+), or are
random and frozen, their BatchNorm having met the training images. Ten epochs in batches of 16 at
one learning rate for all, the one at which lesson 11's sweep (lr_sweep.json) was best on these
cells for the pretrained network; none was chosen for the untrained one.
"""

from _finetuning import ARCH, SIZE, parts

from tlcourse.studies.kit import Spec
from tlcourse.studies.layer_transfer import layer_transfer
from tlcourse.surgery import transfer_model
from tlcourse.training import Phase


def network(n_classes, weights=None):
    model = transfer_model(ARCH, n_classes, weights=weights)
    model.preprocess = model.body.preprocess = model.preprocess.at(SIZE)
    return model


def task(seed):
    return {
        "make": network,
        "source": network(2, "default"),
        "target": lambda seed: parts("cells", seed, (480, 120, 400)),
        "cuts": (2, 5, 7, 9),  # of nine groups below the head
        "arms": ("AnB", "AnB+", "random"),
        "phase": Phase(10, 0, 3e-3, bn="train"),
        "bs": 16,
    }


SPEC = Spec(layer_transfer, task, range(3), cached=True)
