"""tlcourse's recipes: `head_only`, and `fine_tune` with its defaults.

python bench/recipe_tlcourse.py ASKED.json
"""

import torch
from common import ARCH
from recipe import EPOCHS, main

from tlcourse.core.callbacks import Callback
from tlcourse.data import ImageDataset
from tlcourse.finetuning import fine_tune, head_only
from tlcourse.surgery import transfer_model
from tlcourse.training import Learner

GIVEN = {
    "both": ["Learner with its defaults (batches of 64, AdamW), no augmentation, an empty cache"],
    "head": [f"learn.fit(head_only({EPOCHS}))"],
    "fine-tuning": ["fine_tune(learn): ten epochs of the head, then ten of all layers"],
}


class Noted(Callback):
    "Gives each epoch to the record"

    def __init__(self, record):
        self.record = record

    def after_epoch(self, learn):
        self.record.epoch(learn.history[-1]["valid accuracy"], len(learn.train))


def train(asked, record):
    torch.manual_seed(asked.seed)  # of the new head
    model = transfer_model(ARCH, classes=asked.classes)
    parts = [ImageDataset(pairs, asked.classes) for pairs in (asked.train, asked.valid)]
    learn = Learner(model, *parts, seed=asked.seed, callbacks=[Noted(record)])
    if asked.part == "head":
        learn.fit(head_only(asked.epochs(EPOCHS)))
    elif asked.most_epochs is None:
        fine_tune(learn)
    else:
        fine_tune(learn, asked.most_epochs, head_epochs=asked.most_epochs)


if __name__ == "__main__":
    main(train, GIVEN)
