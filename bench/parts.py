"""What single parts of the fast path give, each way and its alternative in turn in one run: python bench/parts.py writes bench/parts.json.

Ratios of seconds per way: the median of five rounds, and the lowest and the highest. Run it on a quiet machine.
"""

import json
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path
from statistics import median

import numpy as np
import torch
from common import ARCH
from run import machine
from torchvision.transforms.v2 import functional as TF

from tlcourse.core.exports import Pooled, dynamo_onnx, trace_onnx
from tlcourse.core.memory import reuse_memory
from tlcourse.data import solar_cells
from tlcourse.surgery import transfer_model

ROUNDS = 5


def seconds(way):
    start = time.perf_counter()
    way()
    return time.perf_counter() - start


def compare(ways, rounds=ROUNDS):
    "name -> seconds in each round; the ways take turns, after one round to warm up"
    for way in ways.values():
        way()
    return [{name: seconds(way) for name, way in ways.items()} for _ in range(rounds)]


def report(what, found):
    "A row: medians, and how many times the seconds of the last way the first took"
    first, *_, last = found[0]
    times = [r[first] / r[last] for r in found]
    row = {
        "what": what,
        "seconds": {name: round(median(r[name] for r in found), 4) for name in found[0]},
        "first / last": round(median(times), 2),
        "lowest": round(min(times), 2),
        "highest": round(max(times), 2),
        "rounds": len(found),
    }
    print(row, flush=True)
    return row


def training_step():
    "A training step of all layers, 32 pictures at 224 px: memory formats, and memory that is kept"
    models = {
        name: transfer_model(ARCH, 2).to(memory_format=f)
        for name, f in (
            ("contiguous", torch.contiguous_format),
            ("channels_last", torch.channels_last),
        )
    }

    def step(name, keep):
        xb = torch.randn(32, 3, 224, 224).to(
            memory_format=torch.channels_last
            if name == "channels_last"
            else torch.contiguous_format
        )
        with reuse_memory() if keep else nullcontext():
            models[name](xb).sum().backward()

    return report(
        "training step",
        compare(
            {
                f"{name}{', kept memory' * keep}": lambda name=name, keep=keep: step(name, keep)
                for name in models
                for keep in (False, True)
            }
        ),
    )


def grey():
    "Preparing 64 grey pictures: in three bands, as libraries do, and in one; the numbers are the same"
    preprocess, images = (
        transfer_model(ARCH, 2).preprocess,
        [image for image, _ in (solar_cells()[i] for i in range(64))],
    )
    short = int(preprocess.size / preprocess.crop_pct + 1e-6)

    def three(image):
        small = TF.resize(
            image,
            [short, short],
            interpolation=TF.InterpolationMode(preprocess.interpolation),
            antialias=True,
        )
        return preprocess.normalize(
            torch.from_numpy(np.array(TF.center_crop(small, [preprocess.size] * 2)))
        )

    assert all(torch.equal(three(image), preprocess(image)) for image in images[:4])
    torch.set_num_threads(1)
    return report(
        "preparing 64 grey pictures",
        compare(
            {
                "three bands": lambda: [three(i) for i in images],
                "one band": lambda: [preprocess(i) for i in images],
            }
        ),
    )


def export():
    "The body as ONNX, by torch's newer exporter and by tracing"
    net, xb = Pooled(transfer_model(ARCH, 2).body.eval()), torch.randn(2, 3, 224, 224)

    def by(way):
        with tempfile.TemporaryDirectory() as folder, torch.no_grad():
            way(net, xb, folder)

    return report(
        "export",
        compare(
            {
                "newer exporter": lambda: by(dynamo_onnx),
                "traced and folded": lambda: by(trace_onnx),
            },
            3,
        ),
    )


def main():
    rows = [training_step(), grey(), export()]
    Path(__file__).with_name("parts.json").write_text(
        json.dumps({"machine": machine(), "torch": torch.__version__, "rows": rows}, indent=1)
        + "\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
