"""What does the size of the images do for the head alone? Ten seeds. Read by lesson 11.

The ants and bees of PyTorch's tutorial at five sizes, EfficientNet-Lite0, ten epochs of the head
of `fine_tune` on a frozen body, with the task's own augmentation at that size. What is kept is the
best validation epoch; each run looks at the test part once. `seconds` are those of the head's
phase, with features that are computed once.
"""

import tempfile
import time

import torch
from _recipes import BS, outcome
from torchvision.transforms import v2

from tlcourse.core.cache import FeatureCache
from tlcourse.data import ImageDataset, hymenoptera, split_items
from tlcourse.finetuning import fine_tune_phases
from tlcourse.pretrained import Preprocess
from tlcourse.surgery import transfer_model
from tlcourse.training import Learner

SIZES = (96, 128, 160, 192, 224)
SETTINGS = [{"size": size, "seed": seed} for seed in range(10) for size in SIZES]


def parts_of(size, seed):
    "Training part (with random crops and mirror images), validation part and test part"
    both = hymenoptera()
    data = ImageDataset([item for part in both for item in part.items], both[0].classes)
    train, valid, test = (data.subset(part) for part in split_items(data, 0.25, 0.25, seed=seed))
    crop = v2.RandomResizedCrop(size, (0.35, 1.0), antialias=True)
    train.augment = v2.Compose([crop, v2.RandomHorizontalFlip()])
    return train, valid, test


def new_learner(train, valid, size, seed, folder):
    "A learner whose network sees the middle of each image at `size` pixels"
    torch.manual_seed(seed)
    model = transfer_model("tf_efficientnet_lite0", classes=train.classes)
    model.preprocess = model.body.preprocess = Preprocess(**model.preprocess.at(size).config)
    quiet = dict(precision="float32", runtime="onnxruntime", log=lambda line: None)
    return Learner(model, train, valid, bs=BS, seed=seed, cache=FeatureCache(folder), **quiet)


def run(size, seed):
    train, valid, test = parts_of(size, seed)
    with tempfile.TemporaryDirectory() as folder:
        learn = new_learner(train, valid, size, seed, folder)
        start = time.perf_counter()
        learn.fit(fine_tune_phases(0), best="valid accuracy")
        seconds = round(time.perf_counter() - start, 1)
        result = outcome(learn, test)
    return result | {"n_train": len(train), "n_test": len(test), "seconds": seconds}
