"""Archives from the network: a zip that writes elsewhere, asks for much, or is none."""

import io
import os
import stat
import zipfile
from functools import partial
from pathlib import Path

from attacks.rows import add, row
from attacks.things import picture
from tlcourse.core.servers import answering, hanging_up, no_network
from tlcourse.data import hymenoptera

TOP = "hymenoptera_data"


def zipped(entries: dict) -> bytes:
    "A zip of `entries` (name or `ZipInfo` -> bytes)"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in entries.items():
            z.writestr(name, data)
    return file.getvalue()


def special(kind, target="/etc/passwd") -> bytes:
    "A zip with an entry that is no file"
    info = zipfile.ZipInfo(f"{TOP}/train/ants/0013035.jpg")
    info.create_system = 3
    info.external_attr = (kind | 0o777) << 16
    return zipped({info: target.encode()})


def locked() -> bytes:
    "A zip whose directory says that its entry has a password"
    data = bytearray(zipped({f"{TOP}/train/ants/0013035.jpg": b"x"}))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def claims(at: int, value: int, n_bytes=4) -> bytes:
    "A small zip whose last record has `value` at the place `at`"
    data = zipped({"a.txt": b"a"})
    start = data.rindex(b"PK\x05\x06") + at
    return data[:start] + value.to_bytes(n_bytes, "little") + data[start + n_bytes :]


def photo() -> bytes:
    "An image that is not in the list"
    file = io.BytesIO()
    picture().save(file, "png")
    return file.getvalue()


def everything() -> set:
    "All that is below the row's own folder and beside it"
    return {str(path) for path in Path("..").rglob("*") if "log.txt" not in path.name}


def unpacked(make):
    "`hymenoptera` of a zip: refused, and nothing has appeared anywhere near"
    Path("a.zip").write_bytes(make() if callable(make) else make)
    before = everything()
    try:
        hymenoptera("a.zip")
    finally:
        if appeared := everything() - before:
            raise AssertionError(f"{sorted(appeared)[:3]} appeared")
    return "accepted"


OUT = ("../x.jpg", "/tmp/x.jpg", f"{TOP}/../../x.jpg", "..\\x.jpg", "C:\\x.jpg", "//host/x.jpg")
BLOCK = bytes(40_000_000)

HOSTILE = {
    **{f"{name!r}": (partial(zipped, {name: b"x"}), "leads out") for name in OUT},
    "a name of 60,000 bytes": (partial(zipped, {"../" * 20_000: b"x"}), "leads out"),
    "a link": (partial(special, stat.S_IFLNK), "0013035.jpg", "link"),
    "a FIFO": (partial(special, stat.S_IFIFO), "0013035.jpg", "pipe"),
    "a device": (partial(special, stat.S_IFCHR), "0013035.jpg", "device"),
    "a bomb": (lambda: zipped({f"{i}.txt": BLOCK for i in range(8)}), "320 MB", "unpacked"),
    "many entries": (lambda: zipped({f"{i}": b"" for i in range(11_000)}), "11,000 entries"),
    "a huge directory": (partial(claims, 12, 2**31), "directory", "entries"),
    "a directory that is elsewhere": (partial(claims, 16, 2**31), "no whole zip|missing"),
    "a password": (locked, "encrypted"),
    "nothing in it": (partial(zipped, {}), "397 missing"),
    "another image": (
        lambda: zipped({f"{TOP}/train/ants/0013035.jpg": photo()}),
        "396 missing",
        "1 changed",
        "0013035.jpg",
    ),
    "an image too many": (
        lambda: zipped({f"{TOP}/val/bees/mine.png": photo()}),
        "not in the list",
        "mine.png",
    ),
    "half of it": (lambda: zipped({"a.txt": b"a" * 99})[:60], "no whole zip", "a.zip"),
    "a web page": (b"<html><body>log in</body></html>", "no whole zip", "a.zip"),
    "empty": (b"", "no whole zip", "a.zip"),
}
for _i, (_name, (_make, *_words)) in enumerate(HOSTILE.items()):
    add("archives", f"a zip with {_name}", partial(unpacked, _make), *_words, quick=_i % 4 == 0)


@row("archives", "a.zip", "neither", quick=True)
def a_fifo_for_a_zip():
    os.mkfifo("a.zip")
    hymenoptera("a.zip")
    return "accepted"


@row("archives", "a.zip", "neither")
def a_zip_that_is_not_there():
    hymenoptera("a.zip")
    return "accepted"


@row("archives", "397 missing")
def fifos_for_images():
    for part in ("train", "val"):
        Path(part, "ants").mkdir(parents=True)
        os.mkfifo(f"{part}/ants/0013035.jpg")
    hymenoptera(".")
    return "accepted"


@row("archives", "download.pytorch.org/tutorial", "folder=", quick=True)
def no_network_and_no_copy():
    with no_network():
        hymenoptera()
    return "made of nothing"


@row("archives", "100 of 5,000 bytes", "try again")
def a_server_that_hangs_up():
    with hanging_up(bytes(5000), 100) as (address, _):
        hymenoptera("images", f"{address}/a.zip")
    return "accepted"


@row("archives", "web page", "log in")
def a_login_page_instead():
    with answering(200, {"Content-Type": "text/html"}, b"<html>") as address:
        hymenoptera("images", f"{address}/a.zip")
    return "accepted"


@row("archives", "right", right=True)
def nothing_is_left_of_a_refused_download():
    "The next call asks the server again, and does not find the bad zip"
    with answering(200, body=zipped({"a.txt": b"a"})) as address:
        for _ in range(2):
            try:
                hymenoptera("images", f"{address}/a.zip")
            except OSError as e:
                words = str(e)
    return "cannot be used" in words and not any(Path("images").iterdir())


for _value in (3, ["a", "b"], b"a", True):
    add("archives", f"folder={_value!r}", partial(hymenoptera, _value), "folder=", "path")
