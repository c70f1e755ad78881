"""PyTorch's official tutorial on transfer learning, with the network of the others.

https://docs.pytorch.org/tutorials/beginner/transfer_learning_tutorial.html

python bench/recipe_pytorch.py ASKED.json
"""

import torch
from common import MEAN, SHORTER_SIDE, SIZE, STD
from pytorch_job import BS, GAMMA, LR, MOMENTUM, STEP, WORKERS, Images, network, train_model
from recipe import main
from torch import nn, optim
from torch.optim import lr_scheduler
from torch.utils.data import DataLoader
from torchvision import transforms

EPOCHS = 25
GIVEN = {
    "both": [
        f"batches of {BS}, SGD (lr {LR}, momentum {MOMENTUM}), StepLR({STEP}, {GAMMA}), "
        f"{EPOCHS} epochs, RandomResizedCrop and flip, {WORKERS} loading processes",
        "mean and standard deviation are those of the weights, not torchvision's",
    ],
    "head": ["'ConvNet as fixed feature extractor'"],
    "fine-tuning": ["'Finetuning the ConvNet'"],
}
END = [transforms.ToTensor(), transforms.Normalize(MEAN, STD)]
TRANSFORMS = {
    "train": [transforms.RandomResizedCrop(SIZE), transforms.RandomHorizontalFlip(), *END],
    "val": [transforms.Resize(SHORTER_SIDE), transforms.CenterCrop(SIZE), *END],
}


def loaders(asked) -> dict:
    "The tutorial's loaders; both are shuffled, as there"
    datasets = {"train": Images(asked.train), "val": Images(asked.valid)}
    for name, dataset in datasets.items():
        dataset.transform = transforms.Compose(TRANSFORMS[name])
    options = dict(batch_size=BS, shuffle=True, num_workers=WORKERS)
    return {name: DataLoader(dataset, **options) for name, dataset in datasets.items()}


def train(asked, record):
    torch.manual_seed(asked.seed)
    model = network(asked)
    if asked.part == "head":
        for param in model.parameters():
            param.requires_grad = False
    model.classifier = nn.Linear(model.classifier.in_features, len(asked.classes))
    trained = model.classifier if asked.part == "head" else model
    optimizer = optim.SGD(trained.parameters(), lr=LR, momentum=MOMENTUM)
    dataloaders = loaders(asked)
    train_model(
        model,
        nn.CrossEntropyLoss(),
        optimizer,
        lr_scheduler.StepLR(optimizer, step_size=STEP, gamma=GAMMA),
        dataloaders,
        {name: len(loader.dataset) for name, loader in dataloaders.items()},
        asked.epochs(EPOCHS),
        lambda accuracy: record.epoch(accuracy, len(asked.train)),
    )


if __name__ == "__main__":
    main(train, GIVEN)
