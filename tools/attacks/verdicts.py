"""The verdict on a row, by rule."""

import sysconfig
import traceback
from pathlib import Path
from typing import NamedTuple

from attacks.rows import Row, lacks

CLEAR_TYPES = (ValueError, TypeError, OSError, IndexError, FloatingPointError)
VERDICTS = ("right", "clear", "obscure", "silent", "hang", "over 1 GB")
LONGEST = 600  # characters of a clear message
LIBRARIES = (sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"))
SITE = sysconfig.get_path("purelib")


class Verdict(NamedTuple):
    "One of `VERDICTS`, and the words that led to it"

    kind: str
    words: str


def package_folder() -> str:
    import tlcourse

    return str(Path(tlcourse.__file__).parent)


def is_ours(error) -> bool:
    "Whether `error` was raised on purpose: by us, or by the system for a file"
    if not isinstance(error, CLEAR_TYPES) and not type(error).__module__.startswith("tlcourse"):
        return False
    file = traceback.extract_tb(error.__traceback__)[-1].filename
    if file.startswith(package_folder()):
        return True
    in_library = file.startswith(LIBRARIES) and not file.startswith(SITE)
    return isinstance(error, OSError) and (in_library or file.startswith("<frozen"))


def judge_error(row: Row, error) -> Verdict:
    "Clear if the message names what was given and what to do, in at most a few lines"
    text = " ".join(f"{type(error).__name__}: {error}".split())
    missing = lacks(str(error), row.words)
    if missing:
        return Verdict("obscure", f"{text[:400]} [lacks: {', '.join(missing)}]")
    if not is_ours(error) or len(str(error)) > LONGEST or not row.words:
        place = traceback.extract_tb(error.__traceback__)[-1]
        file = "/".join(Path(place.filename).parts[-2:])
        return Verdict("obscure", f"{text[:400]} [raised in {file}]")
    return Verdict("clear", text)


def judge(row: Row) -> Verdict:
    "Run `row` here, and judge it"
    try:
        value = row.call()
    except Exception as error:
        return judge_error(row, error)
    if value is True:
        return Verdict("right", "")
    return Verdict("silent", value if isinstance(value, str) else "accepted without a word")
