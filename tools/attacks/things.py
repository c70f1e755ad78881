"""Small models, images and learners that the rows share; everything is seeded."""

import os
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.utils.data import Dataset, TensorDataset

from tlcourse.data import ImageDataset
from tlcourse.surgery import transfer_model
from tlcourse.training import Learner, Phase

ARCH = "test_resnet"  # timm's network for tests: 0.4 million parameters
CLASSES = ["disc", "square"]


def shelf(prepare) -> Path:
    "The folder that `prepare` has filled"
    return Path(os.environ["TLCOURSE_SHELF"]) / prepare.__name__


def picture(seed=0, size=(40, 36)) -> Image.Image:
    "A noisy image, different for each seed"
    rng = np.random.default_rng(seed)
    w, h = size
    return Image.fromarray(rng.integers(0, 256, (h, w, 3), dtype=np.uint8))


def images(n=8, classes=CLASSES, **options) -> ImageDataset:
    "`n` images in memory, labelled in turn"
    k = len(classes or CLASSES)
    return ImageDataset([(picture(i), i % k) for i in range(n)], classes, **options)


def folder_of(root="images", classes=CLASSES, n=3) -> Path:
    "A folder with `n` PNG files for each class"
    for c, name in enumerate(classes):
        (Path(root) / name).mkdir(parents=True)
        for i in range(n):
            picture(10 * c + i).save(Path(root) / name / f"{i}.png")
    return Path(root)


def tiny(classes=CLASSES, **options) -> nn.Sequential:
    "A small pretrained-like model with random weights and layer groups, on 32 pixels"
    torch.manual_seed(0)
    model = transfer_model(ARCH, classes=classes, weights=None, **options)
    small = model.preprocess.at(32)
    model.preprocess = model.body.preprocess = small
    return model.eval()


def renamed(classes) -> nn.Sequential:
    "The small model, under these names of classes"
    model = tiny()
    model.classes = classes
    return model


def mlp(n=8, k=2) -> nn.Sequential:
    "A plain network for vectors of `n` numbers"
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(n, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, k))


def vectors(n=32, k=2, labels=None) -> TensorDataset:
    "`n` vectors of 8 numbers; the label is told by the first of them, or given"
    x = torch.randn(n, 8, generator=torch.Generator().manual_seed(0))
    if labels is None:
        labels = (x[:, 0] > 0).long() if k == 2 else torch.arange(n) % k
    return TensorDataset(x, torch.as_tensor(labels))


def quiet(line):
    "A log that nobody reads"


def learner(model=None, train=None, valid=None, **options) -> Learner:
    "A learner of vectors, unless told otherwise"
    options = {"bs": 8, "device": "cpu", "precision": "float32"} | options
    train = vectors() if train is None else train
    valid = vectors() if valid is None else valid
    return Learner(mlp() if model is None else model, train, valid, **options)


def image_learner(model=None, n=8, **options) -> Learner:
    "A learner of images with a small convolutional model"
    options = {"bs": 4, "device": "cpu", "precision": "float32"} | options
    return Learner(model or tiny(), images(n), images(n), **options)


def train_once(learn):
    "One epoch, or the refusal"
    return learn.fit([Phase(1)])


class Items(Dataset):
    "A dataset of given items"

    def __init__(self, items):
        self.items = list(items)

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        return self.items[i]


def bits(model) -> list:
    "Everything that a model holds, in bytes"
    return [t.detach().cpu().contiguous().numpy().tobytes() for t in model.state_dict().values()]
