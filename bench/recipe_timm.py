"""What timm's train.py does by default, by timm's own functions.

https://github.com/huggingface/pytorch-image-models/blob/main/train.py: --pretrained, and else no
option. It cannot freeze a body, so there is no recipe for the head alone.

python bench/recipe_timm.py ASKED.json
"""

import os

import timm
import torch
from common import ARCH
from PIL import Image
from recipe import main
from timm.data import create_loader, resolve_data_config
from timm.loss import LabelSmoothingCrossEntropy
from timm.optim import create_optimizer_v2
from timm.scheduler import create_scheduler_v2
from timm.utils import random_seed
from torch.utils.data import Dataset

BS = 128
LR_BASE, LR_BASE_SIZE = 0.1, 256  # the rate is that of its batch: lr_base * batch / size
EPOCHS, WARMUP = 300, 5
WORKERS = min(4, os.cpu_count() or 1)  # 4 by default; torch warns of more than there are cores
GIVEN = {
    "both": [f"train.py --pretrained, no other option: batches of {BS}, {EPOCHS} epochs"],
    "fine-tuning": [
        f"SGD (momentum 0.9, lr {LR_BASE} * {BS} / {LR_BASE_SIZE}, weight decay 2e-5), cosine, "
        f"{WARMUP} epochs of warm-up from 1e-5, label smoothing 0.1",
        "random resized crop, flip, colour jitter 0.4, random interpolation",
    ],
}


class Images(Dataset):
    "Pairs (path, label); create_loader gives it its transform"

    def __init__(self, pairs):
        self.pairs, self.transform = pairs, None

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, i):
        path, label = self.pairs[i]
        with open(path, "rb") as f:
            image = Image.open(f).convert("RGB")
        return self.transform(image), label


def loaders(asked, model) -> list:
    "train.py's loaders for training and validation"
    config = resolve_data_config({}, model=model)
    mean_and_size = {key: config[key] for key in ("input_size", "mean", "std")}
    shared = dict(
        batch_size=min(BS, len(asked.train)),
        num_workers=WORKERS,
        device=torch.device("cpu"),
        **mean_and_size,
    )
    augmented = dict(is_training=True, hflip=0.5, color_jitter=0.4, interpolation="random")
    plain = dict(interpolation=config["interpolation"], crop_pct=config["crop_pct"])
    return [
        create_loader(Images(asked.train), **shared, **augmented),
        create_loader(Images(asked.valid), **shared, **plain),
    ]


@torch.no_grad()
def accuracy(model, loader) -> float:
    "The share of right answers"
    model.eval()
    right = [(model(xb).argmax(1) == yb) for xb, yb in loader]
    return torch.cat(right).float().mean().item()


def train_epoch(model, loader, optimizer, scheduler, epoch: int) -> int:
    "An epoch as train.py has it; returns the images seen"
    model.train()
    loss_of, n_seen = LabelSmoothingCrossEntropy(0.1), 0
    for i, (xb, yb) in enumerate(loader, 1):
        optimizer.zero_grad()
        loss_of(model(xb), yb).backward()
        optimizer.step()
        scheduler.step_update(num_updates=epoch * len(loader) + i)
        n_seen += len(xb)
    return n_seen


def train(asked, record):
    random_seed(asked.seed)
    overlay = {"file": asked.weights}
    n = len(asked.classes)
    model = timm.create_model(ARCH, pretrained=True, pretrained_cfg_overlay=overlay, num_classes=n)
    train_loader, valid_loader = loaders(asked, model)
    lr = LR_BASE * BS / LR_BASE_SIZE
    optimizer = create_optimizer_v2(model, opt="sgd", lr=lr, momentum=0.9, weight_decay=2e-5)
    scheduler, n_epochs = create_scheduler_v2(
        optimizer,
        sched="cosine",
        num_epochs=EPOCHS,
        warmup_epochs=WARMUP,
        warmup_lr=1e-5,
        min_lr=0.0,
        updates_per_epoch=len(train_loader),
    )
    for epoch in range(asked.epochs(n_epochs)):
        n_seen = train_epoch(model, train_loader, optimizer, scheduler, epoch)
        record.epoch(accuracy(model, valid_loader), n_seen)
        scheduler.step(epoch + 1)


if __name__ == "__main__":
    main(train, GIVEN)
