"""What the jobs share: how they are called, what is the same for all of them, and the line that they print. It imports nothing that takes time.

python bench/NAME_job.py TASK DATA.json WEIGHTS REPEAT
"""

import json
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import SimpleNamespace

ARCH = "tf_efficientnet_lite0"
BS, EPOCHS = 64, 5  # fastai's and tlcourse's default batch; the tutorial has its own
SHORTER_SIDE, SIZE, MEAN, STD = (
    256,
    224,
    (0.5, 0.5, 0.5),
    (0.5, 0.5, 0.5),
)  # what these weights were trained with; bicubic
PACKAGES = (
    "torch",
    "torchvision",
    "timm",
    "pillow",
    "numpy",
    "fastai",
    "fastcore",
    "onnxruntime",
    "openvino",
)


def job():
    "What the command line asks for: `task`, `train` and `valid` as pairs (path, label), `classes`, the `weights` file, and `seed`, the number of the repetition"
    task, data, weights, repeat = sys.argv[1:]
    data = json.loads(Path(data).read_text(encoding="utf-8"))
    split = data["whole" if task == "whole" else "subset"]
    pairs = {
        part: [(data["paths"][i], data["labels"][i]) for i in split[part]]
        for part in ("train", "valid")
    }
    return SimpleNamespace(
        task=task, weights=weights, classes=data["classes"], seed=int(repeat), **pairs
    )


def versions():
    "Of Python and of what is installed here of the packages that the results depend on"
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
