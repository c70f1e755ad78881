"""Saved outputs belong to their source: the hash and versions that `make run` stores."""

import hashlib
import json
import platform
from importlib.metadata import version

from online import SETUP
from uses import code_used

VERSIONS = ("torch", "torchvision", "timm", "numpy", "matplotlib")


def code_cells(nb) -> list:
    "The code of `nb`, without the cell that installs the course where it is missing"
    codes = [cell.source for cell in nb.cells if cell.cell_type == "code"]
    return [code for code in codes if code != SETUP]


def code_hash(nb) -> str:
    "SHA-256 of `nb`'s code cells and of the definitions of the package that they use"
    cells = code_cells(nb)
    return hashlib.sha256(json.dumps([cells, code_used(cells)]).encode()).hexdigest()


def versions() -> dict:
    "What a run may depend on"
    return {"python": platform.python_version()} | {
        name: version(name).split("+")[0] for name in VERSIONS
    }


def stamp(nb):
    "Note in `nb` that its outputs are those of its code as it is now"
    nb.metadata["executed"] = {"code": code_hash(nb), "versions": versions()}


def is_current(nb) -> bool:
    executed = nb.metadata.get("executed")
    return isinstance(executed, dict) and executed["code"] == code_hash(nb)


def is_noise(output) -> bool:
    "Progress bars (they write to stderr) and widget views do not belong in a saved notebook"
    is_widget = "application/vnd.jupyter.widget-view+json" in output.get("data", {})
    return output.get("name") == "stderr" or is_widget
