"""Is a killed run resumed to the bit?

A process that trains a real network is killed with SIGKILL at random moments, three times in each
run. Read by lesson 11.

python experiments/resume.py FOLDER [BATCH]   train in FOLDER, or go on; die after BATCH batches
"""

import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from tlcourse.core.cache import FeatureCache
from tlcourse.core.callbacks import Callback
from tlcourse.core.checkpoints import CHECKPOINT, read_checkpoint
from tlcourse.data import ImageDataset
from tlcourse.surgery import transfer_model
from tlcourse.training import Learner, Phase

SETTINGS = [{"seed": seed, "kills": 3} for seed in range(4)]
PHASES = [
    Phase(3, -1, lr=1e-2),
    Phase(2, -3, lr=(1e-4, 1e-3), carry=True),
    Phase(2, 0, lr=(1e-5, 1e-3), schedule="cosine"),
]
FIT = {"best": "valid loss", "patience": 6}


class Kill(Callback):
    "Dies by SIGKILL before the step that comes after `left` more, as if the power had gone"

    def __init__(self, left):
        self.left = left

    def before_step(self, learn):
        if self.left == 0:
            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
        self.left -= 1


def learner(folder, left=None):
    "A learner of noise in two shades, its frozen parts cached in `folder`"
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    data = ImageDataset(
        [
            (rng.integers(0, 128, (40, 40, 3), dtype="uint8") + 100 * (i % 2), i % 2)
            for i in range(24)
        ]
    )
    torch.manual_seed(0)
    model = transfer_model("tf_efficientnet_lite0", 2)
    model.preprocess = model.body.preprocess = model.preprocess.at(32)
    cache = FeatureCache(Path(folder) / "cache")
    callbacks = [] if left is None else [Kill(left)]
    return Learner(model, data, data, bs=8, precision="float32", cache=cache, callbacks=callbacks)


def train(folder, left=None):
    "Begin the run in `folder`, or go on with it; a checkpoint after every batch"
    learn = learner(folder, left)
    if (Path(folder) / CHECKPOINT).exists():
        return learn.resume(folder, every=0)
    return learn.fit(PHASES, checkpoint=folder, every=0, **FIT)


def digest(learn):
    "A hash of every weight and every number of the history but the seconds"
    history = [{k: v for k, v in row.items() if k != "seconds"} for row in learn.history]
    tensors = b"".join(t.contiguous().numpy().tobytes() for t in learn.model.state_dict().values())
    return hashlib.sha256(tensors + repr(history).encode()).hexdigest()


def place(folder):
    "Where the run in `folder` stands"
    run = read_checkpoint(Path(folder) / CHECKPOINT)[1]["run"]
    return {k: run[k] for k in ("phase", "epoch", "batch")}


def kill(folder, seconds):
    "Kill a process that trains in `folder`; where the run stood, or None if it had finished"
    path = Path(folder) / CHECKPOINT
    before = path.stat().st_mtime_ns if path.exists() else 0
    process = subprocess.Popen(
        [sys.executable, __file__, str(folder)],
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    while not (path.exists() and path.stat().st_mtime_ns > before) and process.poll() is None:
        time.sleep(0.01)
    time.sleep(seconds)
    process.kill()  # SIGKILL
    return place(folder) if process.wait() != 0 else None


def run(seed, kills):
    rng, places = random.Random(seed), []
    with tempfile.TemporaryDirectory() as unbroken, tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        wanted = digest(train(unbroken))
        seconds = time.perf_counter() - start
        for _ in range(kills):
            places.append(kill(folder, rng.uniform(0, seconds / kills)))
        return {"killed at": places, "equal": digest(train(folder)) == wanted}


if __name__ == "__main__":
    train(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else None)
