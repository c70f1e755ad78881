"""fastai's `fine_tune` with its defaults, on the data of its quick start and of its book.

https://docs.fast.ai/quick_start.html, https://docs.fast.ai/callback.schedule.html#learner.fine_tune

It runs in an environment of its own:

python bench/recipe_fastai.py ASKED.json
"""

from common import ARCH, BS, SIZE
from fastai.vision.all import (
    Callback,
    CategoryBlock,
    DataBlock,
    ImageBlock,
    IndexSplitter,
    ItemGetter,
    Resize,
    accuracy,
    aug_transforms,
    set_seed,
    vision_learner,
)
from recipe import EPOCHS, main

GIVEN = {
    "both": [
        f"vision_learner, batches of {BS}, Resize({SIZE}), aug_transforms()",
        f"{EPOCHS} epochs: fastai leaves the number to its user",
    ],
    "head": [f"frozen as vision_learner gives it: fit_one_cycle({EPOCHS}, slice(2e-3))"],
    "fine-tuning": [f"learn.fine_tune({EPOCHS}): one epoch of the head, then {EPOCHS} of all"],
}


class Noted(Callback):
    "Gives each epoch to the record, after fastai's own"

    order = 70

    def __init__(self, record):
        self.record = record

    def after_epoch(self):
        n_seen = len(self.dls.train) * self.dls.train.bs  # the last, smaller batch is left out
        self.record.epoch(self.recorder.values[-1][-1], n_seen)


def loaders(asked):
    "fastai's DataLoaders over the split"
    n, n_valid = len(asked.train), len(asked.valid)
    block = DataBlock(
        blocks=(ImageBlock, CategoryBlock(vocab=asked.classes, sort=False)),
        get_x=ItemGetter(0),
        get_y=ItemGetter(1),
        splitter=IndexSplitter(range(n, n + n_valid)),
        item_tfms=Resize(SIZE),
        batch_tfms=aug_transforms(),
    )
    named = [(path, asked.classes[label]) for path, label in asked.train + asked.valid]
    return block.dataloaders(named, bs=min(BS, n))


def train(asked, record):
    set_seed(asked.seed)
    learn = vision_learner(
        loaders(asked), ARCH, metrics=accuracy, pretrained_cfg_overlay={"file": asked.weights}
    )
    learn.add_cb(Noted(record))
    epochs = asked.epochs(EPOCHS)
    with learn.no_bar(), learn.no_logging():
        if asked.part == "head":
            learn.fit_one_cycle(epochs, slice(2e-3))
        else:
            learn.fine_tune(epochs)


if __name__ == "__main__":
    main(train, GIVEN)
