"""What single parts of the fast path give, in bench/parts.json: python bench/parts.py ["PART" ...]

Each way and its alternative take turns in one run. Ratios of seconds per way: the median of five
rounds, and the lowest and the highest. Run it on a quiet machine.
"""

import json
import sys
import tempfile
import time
from contextlib import nullcontext
from functools import partial
from itertools import product
from pathlib import Path
from statistics import median

import numpy as np
import torch
from common import ARCH
from machine import machine
from torch import nn
from torchvision.transforms.v2 import functional as TF

from tlcourse.core.engines import autocast
from tlcourse.core.exports import Pooled, export_with_dynamo, trace_onnx
from tlcourse.core.folding import folded
from tlcourse.core.memory import reuse_memory
from tlcourse.core.norms import fix_statistics, norms_with_statistics
from tlcourse.data import solar_cells
from tlcourse.surgery import transfer_model

ROUNDS = 5
FORMATS = {
    "contiguous": torch.contiguous_format,
    "channels_last": torch.channels_last,
}


def seconds(way) -> float:
    start = time.perf_counter()
    way()
    return time.perf_counter() - start


def compare(ways: dict, rounds: int = ROUNDS) -> list:
    "name -> seconds in each round; the ways take turns, after one round to warm up"
    for way in ways.values():
        way()
    return [{name: seconds(way) for name, way in ways.items()} for _ in range(rounds)]


def report(what: str, rounds: list) -> dict:
    "A row: the medians, and how many times the seconds of the last way the first took"
    first, *_, last = rounds[0]
    ratios = [r[first] / r[last] for r in rounds]
    row = {
        "what": what,
        "seconds": {name: round(median(r[name] for r in rounds), 4) for name in rounds[0]},
        "first / last": round(median(ratios), 2),
        "lowest": round(min(ratios), 2),
        "highest": round(max(ratios), 2),
        "rounds": len(rounds),
    }
    print(row, flush=True)
    return row


def training_step() -> dict:
    "A training step of all layers, 32 images at 224 px: memory formats, and memory reused"
    models = {name: transfer_model(ARCH, 2).to(memory_format=f) for name, f in FORMATS.items()}

    def step(name, is_reused):
        xb = torch.randn(32, 3, 224, 224).to(memory_format=FORMATS[name])
        with reuse_memory() if is_reused else nullcontext():
            models[name](xb).sum().backward()

    ways = {
        f"{name}{', memory reused' * is_reused}": partial(step, name, is_reused)
        for name, is_reused in product(models, (False, True))
    }
    return report("training step", compare(ways))


def fixed_step() -> dict:
    "A step that fine-tunes with BatchNorm's statistics fixed, 16 images at 224 px, and its parts"
    model = transfer_model(ARCH, 2).to(memory_format=torch.channels_last)
    fix_statistics(model, norms_with_statistics(model)).train()
    xb = torch.randn(16, 3, 224, 224).to(memory_format=torch.channels_last)
    yb, loss = torch.arange(16) % 2, nn.CrossEntropyLoss()
    fused = {way: torch.optim.AdamW(model.parameters(), 1e-5, fused=way) for way in (False, True)}

    def step(forward, precision, context, is_fused):
        with context(), autocast(precision, xb.device):
            loss(forward(xb).float(), yb).backward()
        fused[is_fused].step()
        model.zero_grad()

    ways = {
        "plain": partial(step, model, "float32", nullcontext, False),
        "compiled": partial(step, torch.compile(model), "float32", nullcontext, False),
        "bfloat16": partial(step, model, "bfloat16", nullcontext, False),
        "AdamW fused": partial(step, model, "float32", nullcontext, True),
        "and BatchNorm folded": partial(step, model, "float32", partial(folded, model, xb), True),
    }
    with reuse_memory():
        return report("training step, statistics fixed", compare(ways))


def in_three_bands(preprocess, image):
    "A grey image prepared as libraries do it, in three equal bands"
    short = int(preprocess.size / preprocess.crop_pct + 1e-6)
    mode = TF.InterpolationMode(preprocess.interpolation)
    small = TF.resize(image, [short, short], interpolation=mode, antialias=True)
    crop = TF.center_crop(small, [preprocess.size] * 2)
    return preprocess.normalize(torch.from_numpy(np.array(crop)))


def grey() -> dict:
    "Preparing 64 grey images: in three bands and in one; the numbers are the same"
    preprocess = transfer_model(ARCH, 2).preprocess
    cells = solar_cells()
    images = [cells[i][0] for i in range(64)]
    for image in images[:4]:
        assert torch.equal(in_three_bands(preprocess, image), preprocess(image))
    torch.set_num_threads(1)
    ways = {
        "three bands": lambda: [in_three_bands(preprocess, image) for image in images],
        "one band": lambda: [preprocess(image) for image in images],
    }
    return report("preparing 64 grey images", compare(ways))


def export() -> dict:
    "The body as ONNX, by torch's newer exporter and by tracing"
    net = Pooled(transfer_model(ARCH, 2).body.eval())
    xb = torch.randn(2, 3, 224, 224)

    def by(way):
        with tempfile.TemporaryDirectory() as folder, torch.no_grad():
            way(net, xb, folder)

    ways = {
        "newer exporter": partial(by, export_with_dynamo),
        "traced and folded": partial(by, trace_onnx),
    }
    return report("export", compare(ways, 3))


PARTS = {
    "training step": training_step,
    "training step, statistics fixed": fixed_step,
    "preparing 64 grey images": grey,
    "export": export,
}


def main(*names):
    "Measure the parts called `names`, by default all, and keep the rows of the others"
    path = Path(__file__).with_name("parts.json")
    stored = json.loads(path.read_text(encoding="utf-8"))["rows"]
    rows = {row["what"]: row for row in stored}
    rows |= {name: PARTS[name]() for name in names or PARTS}
    found = {"machine": machine(), "torch": torch.__version__}
    found["rows"] = [rows[name] for name in PARTS]
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
