"""The job in plain PyTorch, as its official tutorial on transfer learning writes it.

python bench/pytorch_job.py TASK DATA.json WEIGHTS REPEAT
"""

import os
from tempfile import TemporaryDirectory
from time import perf_counter

import timm
import torch
from common import ARCH, EPOCHS, MEAN, SHORTER_SIDE, SIZE, STD, job, report
from PIL import Image
from torch import nn, optim
from torch.optim import lr_scheduler
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

BS = 4  # the tutorial's, like its learning rate; on a CPU larger batches were not faster
LARGE = 64  # extraction is also tried in batches of the others' size
WORKERS = min(4, os.cpu_count() or 1)  # the tutorial's 4; torch warns of more than there are cores
LR = 0.001
MOMENTUM = 0.9
STEP = 7
GAMMA = 0.1
GIVEN = [
    "the same weights file, the same pixels",
    "no augmentation, as no other contender has any",
    f"the tutorial's batches of {BS}",
    f"loading processes: {WORKERS} (the tutorial's 4, but no more than cores)",
]
TRAINING = [
    f"the tutorial's SGD (lr {LR}, momentum {MOMENTUM}), StepLR({STEP}, {GAMMA}), "
    "and its train_model, which keeps the weights of the best epoch"
]
OF_TASK = {
    "head": TRAINING
    + [
        "'ConvNet as fixed feature extractor': no gradients but the new linear layer's, "
        "no feature kept between epochs"
    ],
    "all": TRAINING
    + [
        "'Finetuning the ConvNet': one epoch of all layers, "
        "from the pretrained body and a new linear layer"
    ],
    "extract": ["eager float32, eval mode, no_grad, one pass over a DataLoader"],
}


class Images(Dataset):
    "Pairs (path, label) as tensors"

    def __init__(self, pairs):
        self.pairs = pairs
        self.transform = transforms.Compose(
            [
                transforms.Resize(SHORTER_SIDE, transforms.InterpolationMode.BICUBIC),
                transforms.CenterCrop(SIZE),
                transforms.ToTensor(),
                transforms.Normalize(MEAN, STD),
            ]
        )

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, i):
        path, label = self.pairs[i]
        with open(path, "rb") as f:
            image = Image.open(f).convert("RGB")
        return self.transform(image), label


def network(job):
    "timm's network with the weights of the file"
    model = timm.create_model(ARCH)
    model.load_state_dict(torch.load(job.weights, weights_only=True))
    return model


def one_pass(model, criterion, optimizer, dataloader, training) -> float:
    "One pass of the tutorial's loop over `dataloader`; returns how many answers were right"
    model.train(training)
    running_corrects = 0
    for inputs, labels in dataloader:
        optimizer.zero_grad()
        with torch.set_grad_enabled(training):
            outputs = model(inputs)
            _, preds = torch.max(outputs, 1)
            loss = criterion(outputs, labels)
            if training:
                loss.backward()
                optimizer.step()
        running_corrects += torch.sum(preds == labels.data)
    return running_corrects.double().item()


def train_model(
    model, criterion, optimizer, scheduler, dataloaders, dataset_sizes, num_epochs, note=None
):
    "The tutorial's loop; returns the model of the best epoch and its accuracy"
    with TemporaryDirectory() as tempdir:
        best_model_params_path = os.path.join(tempdir, "best_model_params.pt")
        torch.save(model.state_dict(), best_model_params_path)
        best_acc = 0.0
        for _ in range(num_epochs):
            one_pass(model, criterion, optimizer, dataloaders["train"], training=True)
            scheduler.step()
            right = one_pass(model, criterion, optimizer, dataloaders["val"], training=False)
            epoch_acc = right / dataset_sizes["val"]
            if epoch_acc > best_acc:
                best_acc = epoch_acc
                torch.save(model.state_dict(), best_model_params_path)
            if note is not None:
                note(epoch_acc)  # of the validation
        model.load_state_dict(torch.load(best_model_params_path, weights_only=True))
    return model, best_acc


def train(job):
    "Five epochs of the last layer, or one of all layers; returns the validation accuracy"
    datasets = {"train": Images(job.train), "val": Images(job.valid)}
    options = dict(batch_size=BS, shuffle=True, num_workers=WORKERS)
    dataloaders = {x: DataLoader(datasets[x], **options) for x in datasets}
    model = network(job)
    if job.task != "all":
        for param in model.parameters():
            param.requires_grad = False
    model.classifier = nn.Linear(model.classifier.in_features, len(job.classes))
    trained = model if job.task == "all" else model.classifier
    optimizer = optim.SGD(trained.parameters(), lr=LR, momentum=MOMENTUM)
    return train_model(
        model,
        nn.CrossEntropyLoss(),
        optimizer,
        lr_scheduler.StepLR(optimizer, step_size=STEP, gamma=GAMMA),
        dataloaders,
        {x: len(datasets[x]) for x in datasets},
        1 if job.task == "all" else EPOCHS,
    )[1]


def extract(job, bs):
    "Pooled features of all images in batches of `bs`, as a row"
    model = network(job).eval()
    model.reset_classifier(0)
    start = perf_counter()
    loader = DataLoader(Images(job.train + job.valid), batch_size=bs, num_workers=WORKERS)
    with torch.no_grad():
        features = torch.cat([model(xb) for xb, _ in loader])
    seconds = perf_counter() - start
    return {
        "inner": seconds,
        "n": len(features),
        "images_per_second": len(features) / seconds,
        "given": GIVEN[:-2] + [f"batches of {bs}", GIVEN[-1]] + OF_TASK["extract"],
    }


def main():
    start = perf_counter()
    asked = job()
    torch.manual_seed(asked.seed)
    given = GIVEN + OF_TASK["head" if asked.task == "whole" else asked.task]
    if asked.task == "extract":
        report(extract(asked, BS), extract(asked, LARGE))
    else:
        accuracy = train(asked)
        seconds = perf_counter() - start
        n = len(asked.valid)
        report({"inner": seconds, "n": n, "accuracy": accuracy, "given": given})


if __name__ == "__main__":
    main()
