"""Hostile files: small ones that ask for much, lies in headers, things that are no files."""

import json
import os
import pickle
import shutil
import struct
import zlib
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from attacks.rows import add, row, told
from attacks.things import ARCH, folder_of, learner, mlp, picture, tiny, vectors
from tlcourse.core.cache import FeatureCache
from tlcourse.core.downloads import fetch
from tlcourse.data import ImageDataset, from_folder, from_split, load_image, split_items
from tlcourse.freezing import freeze
from tlcourse.pretrained import Preprocess
from tlcourse.surgery import load_model, predict, save_model, transfer_model


def png(w: int, h: int, colour=0, depth=8, lines=None) -> bytes:
    "A PNG of `w` × `h` pixels whose data compress to almost nothing"
    channels = {0: 1, 2: 3, 6: 4}[colour]
    line = bytes(1 + (w * channels * depth + 7) // 8)
    packer = zlib.compressobj(9)
    body = b"".join(packer.compress(line) for _ in range(h if lines is None else lines))
    body += packer.flush()
    head = struct.pack(">IIBBBBB", w, h, depth, colour, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", body), (b"IEND", b""))
    chunks = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def bmp(w: int, h: int) -> bytes:
    "The header of a BMP that claims `w` × `h` pixels, and nothing else"
    info = struct.pack("<IiiHHIIiiII", 40, w, h, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + info


def tiff_pages(n: int) -> bytes:
    pages = [picture(i) for i in range(n)]
    pages[0].save("stack.tif", save_all=True, append_images=pages[1:])
    return Path("stack.tif").read_bytes()


class Evil:
    def __reduce__(self):
        return (os.system, ("touch executed",))


POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9000 9000\n{ } loop\nshowpage\n"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><rect width='9' height='9'/></svg>"


def prepared(data: bytes, name="a.png"):
    "Through `Preprocess`: (3, 224, 224), or a refusal"
    Path(name).write_bytes(data)
    return tuple(Preprocess()(name).shape) == (3, 224, 224)


def loaded(data: bytes, name="a.png"):
    "Through `load_image`, where nothing of it may be executed"
    Path(name).write_bytes(data)
    load_image(name)
    if Path("executed").exists():
        return "code in the file was executed"
    return "accepted as an image"


THIN = {
    "PNG 1 x 20,000": (1, 20_000),
    "PNG 20,000 x 1": (20_000, 1),
    "PNG 60,000 x 1": (60_000, 1),
    "PNG 1 x 1,000,000": (1, 1_000_000),
    "PNG 3,000 x 10": (3_000, 10),
}
for _name, _size in THIN.items():
    for _colour, _kind in ((0, "grey"), (2, "RGB")):
        add("hostile", f"{_name} {_kind}", lambda s=_size, c=_colour: prepared(png(*s, colour=c)),
            "a.png", "pixel|side|large|thin", quick=_kind == "grey")  # fmt: skip

LARGE = {
    "PNG 13,000 x 13,000": partial(png, 13_000, 13_000),
    "PNG 13,000 x 13,000 RGB": partial(png, 13_000, 13_000, 2),
    "PNG 50,000 x 50,000 in one line": partial(png, 50_000, 50_000, 2, 8, 1),
    "PNG 2^31 wide": partial(png, 2**31 - 1, 1, 0, 8, 0),
    "PNG of no pixels": partial(png, 0, 0),
    "a BMP that claims 30,000 squared": partial(bmp, 30_000, 30_000),
    "a BMP of negative width": partial(bmp, -5, 5),
}
for _name, _make in LARGE.items():
    add("hostile", _name, lambda make=_make: prepared(make()), "a.png", quick="line" in _name)

REFUSED = {
    "PostScript": POSTSCRIPT,
    "an SVG": SVG,
    "a pickle": pickle.dumps(Evil()),
    "HTML": b"<html><body>404 not found</body></html>",
    "nothing": b"",
    "a PNG's first bytes": b"\x89PNG\r\n\x1a\n",
    "a JPEG's first bytes": b"\xff\xd8\xff\xe0" + bytes(20),
    "a GIF that claims 65,535 squared": b"GIF89a\xff\xff\xff\xff\x80\x00\x00" + bytes(20),
    "a WebP header": b"RIFF\xff\xff\xff\x7fWEBPVP8 " + bytes(20),
    "a TIFF that points to itself": b"II*\x00\x08\x00\x00\x00\x00\x00\x08\x00\x00\x00",
    "a zip": b"PK\x03\x04" + bytes(60),
    "an FLI film": struct.pack("<IHHHHHHI", 200, 0xAF12, 1, 60000, 60000, 8, 3, 70) + bytes(110),
    "a PDF": b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n",
}
for _i, (_name, _data) in enumerate(REFUSED.items()):
    add("hostile", f"{_name} called .png", partial(loaded, _data), "a.png", quick=_i % 4 == 0)


def cut(name: str, share: float):
    "An image file of which the end is missing"
    picture(size=(200, 150)).save(name)
    data = Path(name).read_bytes()
    return loaded(data[: int(share * len(data))], name)


for _name in ("a.png", "a.jpg", "a.tif", "a.webp", "a.bmp", "a.gif"):
    for _share in (0.2, 0.9):
        add("hostile", f"{_name} cut to {_share:.0%}", partial(cut, _name, _share), _name)


def not_a_file(make):
    "A name that is no regular file: refused at once"
    make("a.png")
    load_image("a.png")
    return "read as an image"


SPECIAL = {
    "a FIFO": os.mkfifo,
    "a folder": os.mkdir,
    "a link to a device": partial(os.symlink, "/dev/zero"),
    "a link to nothing": partial(os.symlink, "nowhere.png"),
    "a link to itself": partial(os.symlink, "a.png"),
}
for _name, _make in SPECIAL.items():
    add("hostile", f"{_name} called .png", partial(not_a_file, _make), "a.png", quick=True)


def scanned(make, *words):
    "`from_folder` of a good folder with one more thing in it: read, and the thing is named"
    root = folder_of()
    make(root)
    with told() as said:
        dataset = from_folder(root)
    n = len(dataset)
    heard = said.says(*words)
    return heard if n == 6 else f"{n} images instead of 6; {heard}"


def _into(data, name="disc/x.png"):
    return lambda root: (root / name).write_bytes(data)


FOLDERS = {
    "a FIFO": (lambda root: os.mkfifo(root / "disc/x.png"), "x.png"),
    "a dead link": (lambda root: os.symlink("nowhere", root / "disc/x.png"), "x.png"),
    "a folder called y.png": (lambda root: (root / "disc/y.png").mkdir(), "y.png"),
    "a link to a device": (lambda root: os.symlink("/dev/zero", root / "disc/x.png"), "x.png"),
    "PostScript": (_into(POSTSCRIPT), "x.png"),
    "a large image": (_into(png(13_000, 13_000)), "x.png"),
    "an image beside the classes": (_into(png(9, 9), "x.png"), "x.png"),
    "a text": (_into(b"notes", "disc/notes.txt"), "notes.txt"),
}
for _i, (_name, (_make, *_words)) in enumerate(FOLDERS.items()):
    add("folders", _name, partial(scanned, _make, *_words), *_words, quick=_i % 3 == 0)


@row("folders", "train", "valid", quick=True)
def a_folder_of_parts():
    for part in ("train", "valid", "test"):
        folder_of(f"root/{part}")
    return f"classes {from_folder('root').classes}"


@row("folders", "@eaDir|left out|@", quick=True)
def thumbnails_of_a_nas():
    root = folder_of()
    folder_of(root / "disc/@eaDir", ["a"])
    folder_of(root / "@eaDir", ["a"])
    with told() as words:
        dataset = from_folder(root)
    if dataset.classes != ["disc", "square"] or len(dataset) != 6:
        return f"{len(dataset)} images of {dataset.classes}"
    return words.says("@eaDir")


@row("folders", "#recycle", "lost+found", quick=True)
def what_disks_and_network_drives_keep():
    root = folder_of()
    for name in ("#recycle", "lost+found", "System Volume Information"):
        folder_of(root / name, ["a"])
    with told() as words:
        dataset = from_folder(root)
    if dataset.classes != ["disc", "square"] or len(dataset) != 6:
        return f"{len(dataset)} images of {dataset.classes}"
    return words.says("#recycle", "lost+found")


@row("folders", quick=True)
def an_image_in_two_classes():
    root = folder_of()
    shutil.copy(root / "disc/0.png", root / "square/again.png")
    with told() as words:
        from_folder(root)
    return words.says("again.png", "copies")


@row("folders", quick=True)
def a_test_part_that_is_a_copy():
    shutil.copytree(folder_of("root/train"), "root/test")
    with told() as words:
        from_split("root")
    return words.says("6 images of test", "train", "byte for byte")


@row("folders", "cat", "Cat")
def classes_that_differ_by_case():
    with told() as words:
        from_folder(folder_of(classes=["cat", "Cat", "dog"]))
    return words.says("'cat'|cat", "'Cat'|Cat")


@row("folders", "HEIC", "pillow-heif|pillow_heif")
def a_class_of_heic():
    root = folder_of()
    (root / "cat").mkdir()
    for i in range(12):
        (root / "cat" / f"{i}.HEIC").write_bytes(b"\x00\x00\x00\x18ftypheic" + bytes(40))
    with told() as words:
        from_folder(root)
    return words.says("cat", "pillow-heif|pillow_heif")


@row("folders", "stack|pages|page")
def a_stack_of_pages():
    root = folder_of()
    data = tiff_pages(3)
    (root / "disc/stack.tif").write_bytes(data)
    with told() as words:
        from_folder(root)
    return words.says("page|stack|frames")


@row("folders", "linked|twice|same")
def one_folder_as_two_classes():
    root = folder_of()
    os.symlink("disc", root / "round", target_is_directory=True)
    with told() as words:
        from_folder(root)
    return words.says("round", "same|twice|link")


@row("folders", "loop|link", quick=True)
def a_loop_of_links():
    root = folder_of()
    os.symlink("..", root / "disc/again", target_is_directory=True)
    with told() as words:
        n = len(from_folder(root))
    return words.says("again") if n == 6 else f"{n} images instead of 6"


@row("folders", quick=True)
def many_large_photographs():
    "Twelve images of 24 megapixels: within memory"
    root = folder_of()
    photo = Image.new("RGB", (6000, 4000), (90, 120, 30))
    photo.save(root / "disc/large.jpg")
    for i in range(11):
        os.link(root / "disc/large.jpg", root / f"disc/large{i}.jpg")
    return len(from_folder(root)) == 18


def add_all(kind: str, rows: dict):
    for i, (name, (call, *words)) in enumerate(rows.items()):
        add(kind, name, call, *words, quick=i % 8 == 0)


def _flat():
    Path("flat").mkdir()
    picture().save("flat/a.png")
    return from_folder("flat")


def _empty():
    Path("empty").mkdir()
    return from_folder("empty")


add_all(
    "folders",
    {
        "missing": (lambda: from_folder("nowhere"), "nowhere"),
        "a file": (lambda: (picture().save("a.png"), from_folder("a.png")), "a.png", "folder"),
        "empty": (_empty, "empty", "folder"),
        "images without classes": (_flat, "flat", "class"),
        "None": (lambda: from_folder(None), "None", "folder"),
        "a list": (lambda: from_folder(["a", "b"]), "list|['a'", "folder"),
        "classes that are missing": (lambda: from_folder(folder_of(), classes=["disc"]), "square"),
        "classes='disc'": (lambda: from_folder(folder_of(), classes="disc"), "'disc'", "list"),
        "classes twice": (
            lambda: from_folder(folder_of(), classes=["disc", "square", "disc"]),
            "disc",
            "twice|different",
        ),
        "value_range=255": (lambda: from_folder(folder_of(), value_range=255), "value_range=255"),
    },
)


_DEEP = np.arange(48, dtype=np.uint16).reshape(6, 8)

add_all(
    "images",
    {
        "None": (lambda: load_image(None), "None", "image|path"),
        "a number": (lambda: load_image(3), "3|int", "image|path"),
        "a list": (lambda: load_image(["a.png"]), "list|(1,)", "image|path"),
        "an address": (
            lambda: load_image("https://example.org/a.png"),
            "https",
            "download|address|file|URL",
        ),
        "a missing file": (lambda: load_image("no.png"), "no.png"),
        "one number": (lambda: load_image(np.array(3.0)), "shape|array"),
        "a vector": (lambda: load_image(np.zeros(5)), "(5,)"),
        "five channels": (lambda: load_image(np.zeros((4, 4, 5), np.uint8)), "(4, 4, 5)"),
        "four dimensions": (lambda: load_image(np.zeros((2, 4, 4, 3), np.uint8)), "(2, 4, 4, 3)"),
        "channels first": (lambda: load_image(np.zeros((3, 8, 8), np.uint8)), "(3, 8, 8)"),
        "an empty array": (lambda: load_image(np.zeros((0, 4, 3), np.uint8)), "(0, 4, 3)"),
        "NaN": (lambda: load_image(np.full((4, 4), np.nan)), "finite|nan"),
        "floats up to 255": (lambda: load_image(np.full((4, 4), 200.0)), "200", "value_range"),
        "negative floats": (lambda: load_image(np.full((4, 4), -0.5)), "-0.5", "value_range"),
        "complex numbers": (lambda: load_image(np.zeros((4, 4), complex)), "complex"),
        "words": (lambda: load_image(np.array([["a", "b"]])), "image"),
        "objects": (lambda: load_image(np.array([[None, 1]])), "object|array", "image"),
        "dates": (lambda: load_image(np.zeros((4, 4), "datetime64[s]")), "datetime"),
        "value_range of one": (lambda: load_image(_DEEP, value_range=(5, 5)), "5", "differ"),
        "value_range=255": (lambda: load_image(_DEEP, value_range=255), "value_range=255"),
        "value_range of words": (
            lambda: load_image(_DEEP, value_range=("a", "b")),
            "value_range=('a', 'b')",
        ),
        "value_range of NaN": (lambda: load_image(_DEEP, value_range=(0, float("nan"))), "nan"),
        "value_range too small": (lambda: load_image(_DEEP, value_range=(0, 10)), "47", "10"),
        "a label that is no number": (
            lambda: ImageDataset([(picture(), "cat")]),
            "cat",
            "label|number",
        ),
        "items without labels": (lambda: ImageDataset([picture(), picture(1)]), "label|pair"),
        "items=None": (lambda: ImageDataset(None), "None", "pairs|items"),
        "classes='ab'": (lambda: ImageDataset([(picture(), 0)], "ab"), "'ab'", "list"),
        "augment that is no function": (
            lambda: ImageDataset([(picture(), 0)], augment=3),
            "augment=3|augment",
            "function",
        ),
        "augment that is no function, later": (
            lambda: setattr(ImageDataset([(picture(), 0)]), "augment", 3),
            "augment=3",
            "function",
        ),
    },
)


@row("images", "value_range|grey", quick=True)
def twelve_bits_in_sixteen():
    "A 16-bit file that uses a sixteenth of its range: a warning, or a refusal that says how"
    array = (np.arange(4096, dtype=np.uint16) % 4096).reshape(64, 64)
    root = folder_of()
    for i in range(3):
        Image.fromarray(array).save(root / f"disc/deep{i}.png")
    with told() as words:
        from_folder(root)
    return words.says("value_range")


def _dark(array, bright, suffix: str):
    "A folder in which most files use a small part of their range, and one does not"
    root = folder_of()
    for i in range(9):
        Image.fromarray(array).save(root / f"disc/deep{i}.{suffix}")
    Image.fromarray(bright).save(root / f"disc/bright.{suffix}")
    with told() as words:
        from_folder(root)
    return words.says("9 of 10", "value_range")


_GREY = np.linspace(0, 1, 4096, dtype=np.float32).reshape(64, 64)
add("images", "nine dark files of 16 bits and a bright one",
    lambda: _dark((_GREY * 900).astype(np.uint16), (_GREY * 65535).astype(np.uint16), "png"),
    quick=True)  # fmt: skip
add("images", "nine dark files of floats and a bright one",
    lambda: _dark(_GREY * 0.05, _GREY, "tif"), quick=True)  # fmt: skip


_PAIRS = [(i, i % 2) for i in range(24)]

add_all(
    "splits",
    {
        "valid=15": (lambda: split_items(_PAIRS, valid=15), "valid=15"),
        "valid='.1'": (lambda: split_items(_PAIRS, valid="0.1"), "valid='0.1'"),
        "test=-.1": (lambda: split_items(_PAIRS, test=-0.1), "test=-0.1"),
        "nothing to train on": (lambda: split_items(_PAIRS, valid=0.5, test=0.5), "0.5", "train"),
        "NaN": (lambda: split_items(_PAIRS, valid=float("nan")), "nan"),
        "two of a class": (lambda: split_items(_PAIRS[:4]), "2", "3|three"),
        "no items": (lambda: split_items([]), "empty|no items|0 items"),
        "None": (lambda: split_items(None), "None", "items|dataset"),
        "a number": (lambda: split_items(24), "24|int", "items|dataset"),
        "images without labels": (
            lambda: split_items([picture(i) for i in range(9)]),
            "label|pair",
        ),
        "groups too short": (lambda: split_items(_PAIRS, sample_groups=[1, 2, 3]), "24", "3"),
        "two groups": (
            lambda: split_items(_PAIRS, sample_groups=[i % 2 for i in range(24)]),
            "2",
            "three",
        ),
        "strata too short": (lambda: split_items(_PAIRS, stratify=[0, 1]), "24", "2"),
        "seed='a'": (lambda: split_items(_PAIRS, seed="a"), "seed='a'"),
        "seed=-1": (lambda: split_items(_PAIRS, seed=-1), "seed=-1"),
        "groups of None": (lambda: split_items(_PAIRS, sample_groups=[None] * 24), "None|group"),
    },
)


@row("splits", "group|empty", quick=True)
def four_patients():
    "Four groups of one class each: every part has images"
    labels = [0] * 12 + [1] * 12
    groups = [i // 6 for i in range(24)]
    with told():
        parts = split_items(list(enumerate(labels)), sample_groups=groups)
    return all(parts) or f"parts of {[len(p) for p in parts]}"


@row("splits", "lack|class|part")
def a_part_without_a_class():
    "Ten groups and five classes: what a part lacks is said"
    labels = [i % 5 for i in range(50)]
    groups = [i % 10 for i in range(50)]
    with told() as words:
        parts = split_items(list(enumerate(labels)), sample_groups=groups)
    lacking = any(len({labels[i] for i in part}) < 5 for part in parts)
    return words.says("class") if lacking else True


def giant(**changes):
    "A model.json that asks for gigabytes or minutes"
    save_model(tiny(), "saved")
    path = Path("saved/model.json")
    data = json.loads(path.read_text())
    for key, value in changes.items():
        holder = data["preprocess"] if key in data["preprocess"] else data
        holder[key] = value
    path.write_text(json.dumps(data))
    model = load_model("saved")
    predict(model, picture())
    return "built as asked"


GIANTS = {
    "a head of 10^9 units": {"head_options": {"width": 10**9}},
    "a head of 10^6 units": {"head_options": {"width": 10**6}},
    "a giant network": {"arch": "vit_giant_patch14_224"},
    "a large network": {"arch": "regnet_y_128gf"},
    "10^6 channels": {"in_channels": 10**6},
    "a size of 50,000": {"size": 50_000},
    "a size of 4,000": {"size": 4000},
    "grey images for colours": {"channels": 1},
    "300 channels": {"in_channels": 300},
    "a size of 10^9": {"size": 10**9},
    "a crop of 10^-9": {"crop_pct": 1e-9},
    "10^6 classes": {"classes": list(range(10**6))},
}
for _i, (_name, _changes) in enumerate(GIANTS.items()):
    _words = "model.json|model.safetensors|saved|size|crop_pct|preprocess"
    _call = partial(giant, **_changes)
    add("hostile", f"model.json: {_name}", _call, _words, quick=_i % 3 == 0)


def asked(**options):
    "`transfer_model` with these `options`"
    transfer_model(ARCH, **{"n_classes": 2, "weights": None} | options)
    return "built"


for _name in ("n_classes", "width", "in_channels"):
    add("hostile", f"{_name} of 10^9", partial(asked, **{_name: 10**9}),
        f"{_name}=1000000000", "at most", quick=True)  # fmt: skip


def header(data: dict, body=b""):
    "A model.safetensors with this header"
    save_model(tiny(), "saved")
    text = json.dumps(data).encode()
    Path("saved/model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + body)
    load_model("saved")
    return "loaded"


def entry(shape, start, end):
    return {"x": {"dtype": "F32", "shape": shape, "data_offsets": [start, end]}}


HEADERS = {
    "of gigabytes": lambda: header(entry([10**9], 0, 4 * 10**9)),
    "that points beyond the end": lambda: header(entry([10], 0, 40)),
    "that points backwards": lambda: header(entry([10], 40, 0), bytes(40)),
    "of negative shape": lambda: header(entry([-10], 0, 40), bytes(40)),
    "without tensors": lambda: header({}),
    "that overlaps": lambda: header(entry([1], 0, 4) | {"y": entry([1], 0, 4)["x"]}, bytes(4)),
}
for _name, _call in HEADERS.items():
    add("hostile", f"safetensors header {_name}", _call, "model.safetensors")


@row("hostile", "model.safetensors", quick=True)
def safetensors_header_of_2_to_the_62_bytes():
    save_model(tiny(), "saved")
    Path("saved/model.safetensors").write_bytes(struct.pack("<Q", 2**62) + b"{}")
    load_model("saved")
    return "loaded"


@row("hostile", "model.json|model.safetensors", quick=True)
def a_fifo_for_weights():
    save_model(tiny(), "saved")
    os.remove("saved/model.safetensors")
    os.mkfifo("saved/model.safetensors")
    load_model("saved")
    return "loaded"


@row("hostile", "model.json")
def a_model_json_of_100_megabytes():
    save_model(tiny(), "saved")
    Path("saved/model.json").write_bytes(b"[" * 100_000_000)
    load_model("saved")
    return "loaded"


@row("hostile", "damaged|hash", "resnet18-f37072fd.pth", quick=True)
def a_cut_file_in_the_cache_of_weights():
    Path("hub").mkdir()
    Path("hub/resnet18-f37072fd.pth").write_bytes(b"cut")
    fetch("https://download.pytorch.org/models/resnet18-f37072fd.pth", "hub")
    return "taken as it is"


def no_file(make, path: str):
    "Put something that is no file in place of `path`"
    os.remove(path)
    make(path)


def resumed_from(make):
    "A run whose checkpoint is no file"
    learner().fit(1, checkpoint="run")
    no_file(make, "run/checkpoint.safetensors")
    learner().resume("run")
    return "resumed"


def cached_in_spite_of(make, pattern: str):
    "A cache in which something is no file: the features are computed again, and right"
    model, data = freeze(mlp()).eval(), vectors()
    before = FeatureCache("cache").extract(model, data, runtime="torch")
    for path in list(Path("cache").glob(pattern)):
        no_file(make, str(path))
    after = FeatureCache("cache").extract(model, data, runtime="torch")
    return bool((before == after).all()) or "wrong features"


@row("hostile", right=True, quick=True)
def a_cache_without_room():
    "Features where nothing can be written: right, in memory, with a word"
    model, data = freeze(mlp()).eval(), vectors()
    with told() as words:
        features = FeatureCache("/proc/cache").extract(model, data, runtime="torch")
    with torch.no_grad():
        same = torch.allclose(features, model(data.tensors[0]), atol=1e-5)
    return words.says("in memory only") if same else "wrong features"


for _name, _make in {"a FIFO": os.mkfifo, "a folder": os.mkdir}.items():
    add("hostile", f"{_name} called checkpoint", partial(resumed_from, _make),
        "checkpoint.safetensors", "no regular file", quick=True)  # fmt: skip
    for _pattern in ("*/*.safetensors", "*/config.json"):
        add("hostile", f"{_name} called {_pattern} in a cache",
            partial(cached_in_spite_of, _make, _pattern), right=True, quick=True)  # fmt: skip
