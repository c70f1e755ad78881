"""What the jobs share: their command line, their settings, and the line that they print.

python bench/NAME_job.py TASK DATA.json WEIGHTS REPEAT

It imports nothing that takes time.
"""

import json
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import SimpleNamespace

ARCH = "tf_efficientnet_lite0"
BS = 64  # fastai's and tlcourse's default batch; the tutorial has its own
EPOCHS = 5

# what these weights were trained with; resized bicubic
SHORTER_SIDE = 256
SIZE = 224
MEAN = STD = (0.5, 0.5, 0.5)

PACKAGES = (
    "torch", "torchvision", "timm", "pillow", "numpy",
    "fastai", "fastcore", "keras", "onnxruntime", "openvino",
)  # fmt: skip


def job() -> SimpleNamespace:
    """What the command line asks for.

    `task`, `train` and `valid` as pairs (path, label), `classes`, the `weights` file, and `seed`,
    which is the number of the repetition.
    """
    task, data, weights, repeat = sys.argv[1:]
    data = json.loads(Path(data).read_text(encoding="utf-8"))
    split = data["whole" if task == "whole" else "subset"]

    def pairs(part):
        return [(data["paths"][i], data["labels"][i]) for i in split[part]]

    return SimpleNamespace(
        task=task,
        weights=weights,
        classes=data["classes"],
        seed=int(repeat),
        train=pairs("train"),
        valid=pairs("valid"),
    )


def versions() -> dict:
    "The versions of Python and of the packages that the results depend on, where installed"
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            pass
    return found


def report(*rows):
    "Print the rows, each a dictionary, as the last line of a job"
    print(json.dumps([row | {"versions": versions()} for row in rows]), flush=True)
