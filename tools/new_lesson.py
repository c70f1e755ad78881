"""Begin a lesson from the template: python tools/new_lesson.py 17_name

Writes nbs/17_name.ipynb, nbs/solutions/17_name_solutions.ipynb and an entry in nbs/lessons.json.
"""

import json
import re
import sys
from pathlib import Path

import online
from course import LIST, NBS, lessons

TEMPLATE = NBS / "_template.ipynb"
SOLUTIONS_TEMPLATE = NBS / "_template_solutions.ipynb"


def filled(template: Path, number: str, name: str) -> str:
    "The text of `template` with the lesson's number, name and title in it"
    text = template.read_text(encoding="utf-8")
    title = name.replace("_", " ").capitalize()
    for placeholder, value in {"NUMBER": number, "NAME": name, "TITLE": title}.items():
        text = re.sub(rf"{placeholder}(?![A-Z])", value, text)
    return text


def entry_text(name: str) -> str:
    "The line of nbs/lessons.json for the lesson `name`"
    entry = {"name": name, "track": "Use it", "build": "what the reader builds, in one line"}
    return json.dumps(entry, ensure_ascii=False)


def listed(text: str, name: str) -> str:
    "The text of nbs/lessons.json with the lesson `name` as the last of the lessons"
    end_of_lessons = re.search(r"\}\n \],\n \"studies\"", text)
    at = end_of_lessons.start() + 1
    return f"{text[:at]},\n  {entry_text(name)}{text[at:]}"


def taken_by(number: str, name: str) -> str | None:
    "The notebook that has the number or the module's name already; None if both are free"
    for lesson in lessons():
        if lesson.name.startswith(f"{number}_") or lesson.module in (name, f"studies.{name}"):
            return lesson.link
    return None


def main(name=""):
    found = re.fullmatch(r"(\d\d)_([a-z][a-z0-9_]*)", name)
    if not found:
        raise SystemExit(f"a lesson's name is two digits and a word, such as 17_name, not {name!r}")
    if taken := taken_by(*found.groups()):
        raise SystemExit(f"{name}: {taken} has this number or this name; choose another")
    lesson = NBS / f"{name}.ipynb"
    solutions = NBS / "solutions" / f"{name}_solutions.ipynb"
    lesson.write_text(filled(TEMPLATE, *found.groups()), encoding="utf-8")
    solutions.write_text(filled(SOLUTIONS_TEMPLATE, *found.groups()), encoding="utf-8")
    LIST.write_text(listed(LIST.read_text(encoding="utf-8"), name), encoding="utf-8")
    online.main()  # its links, and the cell that installs the course on Colab
    print(f"nbs/{name}.ipynb, its solutions and its entry in nbs/lessons.json are there.")
    print(f"Next: write, `make export`, `make run NB=nbs/{name}.ipynb` (and the solutions),")
    print("`make run NB=nbs/index.ipynb`, `make readme`, `make test`.")


if __name__ == "__main__":
    main(*sys.argv[1:])
