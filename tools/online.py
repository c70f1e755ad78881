"""The course on Colab and Binder: the cell that installs it there, and the links to each lesson.

python tools/online.py    write both into the lessons, without running anything

Owner, repository and branch come from settings.ini. In a clone with the package installed, the
cell does nothing.
"""

import configparser
import re

import nbformat
from course import ROOT, lessons

_config = configparser.ConfigParser(delimiters=["="])
_config.read(ROOT / "settings.ini", encoding="utf-8")
SETTINGS = _config["DEFAULT"]
REPOSITORY = f"{SETTINGS['user']}/{SETTINGS['repo']}"
BRANCH = SETTINGS["branch"]
LINKS = re.compile(r"^\[Open in Colab\].*\n\n", re.M)

SETUP = f"""#| code-fold: true
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

if find_spec("tlcourse") is None:  # on Colab, for example
    print("The package tlcourse is missing: fetching and installing it, a few minutes ...")
    address = "https://github.com/{REPOSITORY}"
    clone = ["git", "clone", "-q", "--depth", "1", "--branch", "{BRANCH}", address, "tlcourse"]
    subprocess.run(clone, check=True)
    pip = [sys.executable, "-m", "pip", "install", "-q", "./tlcourse[course]"]
    subprocess.run(pip, check=True)
if Path("tlcourse/nbs").is_dir():
    os.chdir("tlcourse/nbs")  # where the stored results are"""


def colab(path: str) -> str:
    "The address of the notebook at `path`, seen from the repository's root, on Colab"
    return f"https://colab.research.google.com/github/{REPOSITORY}/blob/{BRANCH}/{path}"


def binder(path: str) -> str:
    "The same on Binder"
    return f"https://mybinder.org/v2/gh/{REPOSITORY}/{BRANCH}?labpath={path.replace('/', '%2F')}"


def buttons(path: str) -> str:
    "Both as buttons, for a page that is read on the web"
    shown = {
        "Open in Colab": ("https://colab.research.google.com/assets/colab-badge.svg", colab(path)),
        "Open on Binder": ("https://mybinder.org/badge_logo.svg", binder(path)),
    }
    return "\n".join(f"[![{name}]({image})]({link})" for name, (image, link) in shown.items())


def links(lesson) -> str:
    "The line under the promise of `lesson`"
    path = lesson.notebook.relative_to(ROOT).as_posix()
    return f"[Open in Colab]({colab(path)}) · [Open on Binder]({binder(path)})\n\n"


def with_links(title: str, lesson) -> str:
    "The title cell with the links under its promise"
    plain = LINKS.sub("", title)
    promise = re.search(r"^> .+\n\n", plain, re.M)
    return plain[: promise.end()] + links(lesson) + plain[promise.end() :]


def title_index(nb) -> int:
    "Where the title cell of `nb` stands"
    return next(i for i, cell in enumerate(nb.cells) if cell.source.startswith("# "))


def online_faults(nb, lesson) -> list:
    "What is missing in `lesson`, whose notebook is `nb`, for its use on Colab and Binder"
    at = title_index(nb)
    faults = []
    if nb.cells[at].source != with_links(nb.cells[at].source, lesson):
        faults.append("the links to Colab and Binder are not those of settings.ini")
    if nb.cells[at + 1].source != SETUP:
        faults.append("the cell after the title is not the one that installs the course on Colab")
    return [f"{fault} (python tools/online.py)" for fault in faults]


def prepare(nb, lesson):
    "Write the links and the installing cell into `nb`, the notebook of `lesson`"
    at = title_index(nb)
    nb.cells[at].source = with_links(nb.cells[at].source, lesson)
    setup = nb.cells[at + 1]
    if 'find_spec("tlcourse")' not in setup.source:
        setup = nbformat.v4.new_code_cell()
        nb.cells.insert(at + 1, setup)
    if setup.source != SETUP:
        setup.source = SETUP
        setup.outputs, setup.execution_count = [], None
    setup.metadata["jupyter"] = {"source_hidden": True}


def main():
    for lesson in lessons():
        nb = nbformat.read(lesson.notebook, as_version=4)
        prepare(nb, lesson)
        nbformat.write(nb, lesson.notebook)


if __name__ == "__main__":
    main()
