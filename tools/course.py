"""The project's one list of lessons, nbs/lessons.json, and what belongs to each of them."""

import json
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
NBS = ROOT / "nbs"
LIST = NBS / "lessons.json"


class Lesson(NamedTuple):
    "A notebook that a learner reads, and what belongs to it"

    name: str  # '01_data', or the study 'curves'
    folder: str  # '' for lessons, 'studies' for studies
    build: str  # what the reader builds: the README's words
    track: str  # one of the list's tracks
    module: str | None  # 'data', 'studies.curves'; None: it exports nothing
    has_solutions: bool
    has_exercises: bool

    @property
    def notebook(self) -> Path:
        return NBS / self.folder / f"{self.name}.ipynb"

    @property
    def solutions(self) -> Path:
        return NBS / "solutions" / f"{self.name}_solutions.ipynb"

    @property
    def link(self) -> str:
        "The notebook's address, seen from nbs/index.ipynb"
        return self.notebook.relative_to(NBS).as_posix()

    @property
    def checker(self) -> str | None:
        "The module that holds the checkers of its exercises: 'checks.data'"
        return f"checks.{self.module.rpartition('.')[2]}" if self.has_solutions else None


def _lesson(entry: dict, folder: str) -> Lesson:
    stem = entry["name"].partition("_")[2] if not folder else entry["name"]
    module = f"{folder}.{stem}" if folder else stem
    return Lesson(
        name=entry["name"],
        folder=folder,
        build=entry["build"],
        track=entry.get("track", "Does it hold?"),
        module=entry.get("module", module),
        has_solutions=entry.get("solutions", True),
        has_exercises=entry.get("exercises", True),
    )


def lessons() -> list:
    "The lessons in the order in which they are read, then the studies"
    listed = json.loads(LIST.read_text(encoding="utf-8"))
    return [_lesson(entry, "") for entry in listed["lessons"]] + [
        _lesson(entry, "studies") for entry in listed["studies"]
    ]


def notebooks() -> list:
    "Every notebook: core, lessons, studies, solutions, the pages, `index` (it reads results)"
    listed = lessons()
    core = sorted((NBS / "core").glob("*.ipynb"))
    solutions = [lesson.solutions for lesson in listed if lesson.has_solutions]
    pages = ("app", "ideas", "project", "cheatsheet", "glossary", "index")
    last = [NBS / f"{name}.ipynb" for name in pages]
    return [*core, *(lesson.notebook for lesson in listed), *solutions, *last]


def named(names) -> list:
    "The notebooks at the paths `names`, as typed on a command line; ends in a line if one lacks"
    paths = [Path(name).resolve() for name in names]
    for name, path in zip(names, paths):
        if not path.is_file():
            raise SystemExit(f"there is no notebook {name}: give a path such as nbs/01_data.ipynb")
    return paths


def found_notebooks() -> set:
    "The notebooks that lie in nbs/, listed or not; names that begin with `_` or `.` are left out"
    paths = NBS.rglob("*.ipynb")
    return {p for p in paths if not any(part[0] in "._" for part in p.relative_to(NBS).parts)}
