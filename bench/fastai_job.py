"""The job as a user of fastai writes it: DataBlock, vision_learner, fit_one_cycle.

It runs in an environment of its own:

python bench/fastai_job.py TASK DATA.json WEIGHTS REPEAT
"""

from time import perf_counter

from common import ARCH, BS, EPOCHS, SHORTER_SIDE, SIZE, job, report
from fastai.vision.all import (
    CategoryBlock,
    CropPad,
    DataBlock,
    Image,
    ImageBlock,
    IndexSplitter,
    ItemGetter,
    Learner,
    Resize,
    accuracy,
    nn,
    noop,
    set_seed,
    vision_learner,
)

GIVEN = [
    "the same weights file, through vision_learner's keyword arguments for timm",
    f"the same pixels: shorter side to {SHORTER_SIDE} bicubic, middle {SIZE} "
    "(fastai's own default would be bilinear)",
    "no augmentation, as no other contender has any",
    f"its defaults: batches of {BS}, as many loading processes as there are cores, Adam, "
    "its own head with two linear layers and concatenated pooling",
]
OF_TASK = {
    "head": [
        "body frozen as vision_learner does it: BatchNorm learns on",
        f"fit_one_cycle({EPOCHS}, slice(2e-3)), the rate of fine_tune's frozen phase, "
        "validation after each epoch",
    ],
    "all": [
        "unfreeze and fit_one_cycle(1, slice(1e-5, 1e-3)), the rates of fine_tune's second phase, "
        "from the pretrained body and a new head"
    ],
    "extract": ["get_preds of the body and average pooling, over a test_dl of all images"],
}


def loaders(job):
    "fastai's DataLoaders over the split"
    block = DataBlock(
        blocks=(ImageBlock, CategoryBlock(vocab=job.classes, sort=False)),
        get_x=ItemGetter(0),
        get_y=ItemGetter(1),
        splitter=IndexSplitter(range(len(job.train), len(job.train) + len(job.valid))),
        item_tfms=[
            Resize(SHORTER_SIDE, resamples=(Image.Resampling.BICUBIC, Image.Resampling.NEAREST)),
            CropPad(SIZE),
        ],
    )
    return block.dataloaders([(path, job.classes[label]) for path, label in job.train + job.valid])


def learner(job):
    "vision_learner with the weights of the file; its head is new, its body frozen"
    return vision_learner(
        loaders(job), ARCH, metrics=accuracy, pretrained_cfg_overlay={"file": job.weights}
    )


def train(job, learn):
    "Five epochs of the head, or one of all layers; returns the validation accuracy"
    with learn.no_bar(), learn.no_logging():
        if job.task == "all":
            learn.unfreeze()
            learn.fit_one_cycle(1, slice(1e-5, 1e-3))
        else:
            learn.fit_one_cycle(EPOCHS, slice(2e-3))
    return learn.recorder.values[-1][-1]


def extract(job, learn):
    "Pooled features of all images, and the seconds"
    net = nn.Sequential(learn.model[0], nn.AdaptiveAvgPool2d(1), nn.Flatten())
    pooled = Learner(learn.dls, net, loss_func=nn.MSELoss())
    start = perf_counter()
    with pooled.no_bar():
        features, _ = pooled.get_preds(dl=learn.dls.test_dl(job.train + job.valid), act=noop)
    return features, perf_counter() - start


def main():
    start = perf_counter()
    asked = job()
    set_seed(asked.seed)
    learn = learner(asked)
    given = GIVEN + OF_TASK["head" if asked.task == "whole" else asked.task]
    if asked.task == "extract":
        features, seconds = extract(asked, learn)
        n = len(features)
        report({"inner": seconds, "n": n, "images_per_second": n / seconds, "given": given})
    else:
        valid_accuracy = train(asked, learn)
        seconds = perf_counter() - start
        n = len(asked.valid)
        report({"inner": seconds, "n": n, "accuracy": valid_accuracy, "given": given})


if __name__ == "__main__":
    main()
