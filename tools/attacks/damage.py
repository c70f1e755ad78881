"""Damaged, shared and stale caches: whatever happens, the features are those of the model."""

import dataclasses
import enum
import fractions
import importlib
import os
import random
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

from attacks.rows import add
from attacks.things import Items, shelf
from tlcourse.core.cache import FeatureCache
from tlcourse.freezing import freeze
from tlcourse.pretrained import Preprocess


class Scaled(nn.Module):
    "A body whose features depend on a setting of any kind"

    def __init__(self, setting, read=float):
        super().__init__()
        torch.manual_seed(0)
        self.linear = nn.Linear(8, 4)
        self.setting = setting
        self.read = read

    def forward(self, x):
        return self.linear(x) * self.read(self.setting)


def body(setting=1.0, read=float):
    return freeze(Scaled(setting, read)).eval()


def rows_of(n=24) -> Items:
    "Vectors with labels"
    g = torch.Generator().manual_seed(0)
    return Items([(x, i % 2) for i, x in enumerate(torch.randn(n, 8, generator=g))])


def features(folder, model=None, dataset=None) -> torch.Tensor:
    "Features from a cache in `folder`"
    cache = FeatureCache(folder)
    cache.shard_bytes = 100  # several files
    return cache.extract(model or body(), dataset or rows_of(), runtime="torch")


def computed(model=None, dataset=None) -> torch.Tensor:
    "The same without a cache"
    with torch.no_grad():
        return torch.stack([(model or body())(x) for x, _ in (dataset or rows_of())])


def is_same(found, wanted) -> bool:
    return found.shape == wanted.shape and torch.allclose(found, wanted, atol=1e-6)


def filled_cache(folder: Path):
    "A cache with a few shards"
    features(folder / "cache")


def flip_bit(data, rng):
    at = rng.randrange(len(data))
    data[at] ^= 1 << rng.randrange(8)


def flip_bit_in_rows(data, rng):
    "In the exponent of one of the last numbers"
    at = len(data) - 1 - 4 * rng.randrange(16)
    data[at] ^= 1 << rng.randrange(8)


def zero_page(data, rng):
    at = rng.randrange(max(1, len(data) - 32))
    data[at : at + 32] = bytes(len(data[at : at + 32]))


def truncate(data, rng):
    del data[rng.randrange(len(data)) :]


def swap_rows(data, rng):
    "The last two rows of numbers, 16 bytes each"
    data[-32:-16], data[-16:] = data[-16:], data[-32:-16]


def empty(data, rng):
    data.clear()


def grow(data, rng):
    data.extend(bytes(64))


def rewrite(path: Path, change):
    "The tensors of a shard, changed and written again as a file that is whole"
    from safetensors.torch import load_file, save_file

    tensors = {k: v.clone() for k, v in load_file(path).items()}
    change(tensors)
    save_file(tensors, path)


def fewer_rows(tensors):
    tensors["rows"] = tensors["rows"][:-1].clone()


def other_rows(tensors):
    tensors["rows"] = tensors["rows"].flip(0).contiguous() + 1


def one_row_of_nan(tensors):
    tensors["rows"][0] = float("nan")


def narrow_rows(tensors):
    tensors["rows"] = tensors["rows"][:, :2].clone()


BYTES = (flip_bit, flip_bit_in_rows, zero_page, truncate, swap_rows, empty, grow)
TENSORS = (fewer_rows, other_rows, one_row_of_nan, narrow_rows)


def after_damage(damage, seed: int):
    "A copy of the filled cache, one shard damaged: the features are as computed, twice"
    rng = random.Random(seed)
    os.system(f"cp -r '{shelf(filled_cache)}/cache' damaged")
    shards = sorted(Path("damaged").rglob("*.safetensors"))
    path = rng.choice(shards)
    if damage in BYTES:
        data = bytearray(path.read_bytes())
        damage(data, rng)
        path.write_bytes(data)
    else:
        rewrite(path, damage)
    wanted = computed()
    for look in ("first", "second"):
        if not is_same(features("damaged"), wanted):
            return f"wrong features at the {look} look"
    return True


for _i in range(45):
    _damage = (*BYTES, *TENSORS)[_i % 11]
    add("damage", f"{_damage.__name__} {_i}", lambda d=_damage, i=_i: after_damage(d, i),
        right=True, prepare=filled_cache, quick=_i < 11)  # fmt: skip


def other_process(folder, seed: int, n: int) -> int:
    "A process that asks for features in a cache too small for all, and checks them"
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        rng = random.Random(seed)
        for _ in range(n):
            cache = FeatureCache(folder, max_gb=6e-6)
            cache.shard_bytes = 100
            model, data = body(1.0 + rng.randrange(3)), rows_of(12)
            if not is_same(cache.extract(model, data, runtime="torch"), computed(model, data)):
                code = 2
                break
        else:
            code = 0
    finally:
        os._exit(code)


def three_at_once(seed: int):
    "Three processes, one folder, eviction: never wrong, never dead"
    pids = [other_process("shared", 3 * seed + i, 12) for i in range(3)]
    codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
    if 2 in codes:
        return "wrong features"
    if any(codes):
        raise RuntimeError(f"{sum(map(bool, codes))} of 3 processes died")
    return True


for _i in range(36):
    add("eviction", f"three processes {_i}", lambda i=_i: three_at_once(i), right=True,
        seconds=60, quick=_i < 2)  # fmt: skip


@dataclasses.dataclass
class Setting:
    value: float


class Level(enum.Enum):
    LOW = 1.0
    HIGH = 3.0


class Plain:
    def __init__(self, value):
        self.value = value


class Slotted:
    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value


class Caller(Plain):
    def __call__(self):
        return self.value


FACTOR = 1.0


def read_global(_):
    return FACTOR


class ReadsGlobal(Scaled):
    def forward(self, x):
        return self.linear(x) * FACTOR


class TwicePreprocess(Preprocess):
    "Its own calculation under the same configuration"

    def __call__(self, image):
        return super().__call__(image) * self.factor

    def batch(self, images):
        return super().batch(images) * self.factor


def value_of(setting):
    return setting.value


def is_fresh(first, second):
    "Features of two bodies that differ: those of the second are its own, from one cache"
    features("cache", first)
    if not is_same(features("cache", second), computed(second)):
        return "stale features"
    return True


def changed_in_place(setting, change, read):
    "A setting whose attribute is changed after the first look"
    model = body(setting, read)
    features("cache", model)
    change(setting)
    return is_same(features("cache", model), computed(model)) or "stale features"


def with_global():
    global FACTOR
    model = freeze(ReadsGlobal(1.0)).eval()
    features("cache", model)
    FACTOR = 3.0
    return is_same(features("cache", model), computed(model)) or "stale features"


def with_global_function():
    global FACTOR
    model = body(1.0, read_global)
    features("cache", model)
    FACTOR = 3.0
    return is_same(features("cache", model), computed(model)) or "stale features"


def with_preprocess():
    "A preprocess of the same name and configuration that calculates something else"
    from attacks.things import images, tiny

    results = []
    for factor in (1.0, 2.0):
        model = freeze(tiny().body).eval()
        model.preprocess = TwicePreprocess(**model.preprocess.config)
        model.preprocess.__dict__["factor"] = factor
        results.append(FeatureCache("cache").extract(model, images(4), runtime="torch"))
    return not torch.equal(*results) or "stale features"


class Groups(Scaled):
    "Reads what elsewhere is no setting"

    def forward(self, x):
        return self.linear(x) * self.layer_groups


def inside(setting):
    "A body with a layer whose setting is called `preprocess`"
    layer = Scaled(1.0)
    layer.preprocess = Plain(setting)
    layer.read = lambda _: layer.preprocess.value
    return freeze(nn.Sequential(layer)).eval()


def with_groups(setting):
    model = freeze(Groups(1.0)).eval()
    model.layer_groups = setting
    return model


class Moving(Scaled):
    "Another answer each time: a random one, or by a count"

    def forward(self, x):
        if self.setting == "draws":
            return nn.functional.dropout(self.linear(x), 0.5, training=True)
        self.n = getattr(self, "n", 0) + 1
        return self.linear(x) * self.n


def cached_while_moving(setting):
    "Features that nobody could find again are refused"
    features("cache", body(1.0, float) if setting is None else freeze(Moving(setting)).eval())
    return "cached"


def with_hook_for_all():
    handle = nn.modules.module.register_module_forward_hook(lambda m, x, out: out * 3)
    try:
        return cached_while_moving(None)
    finally:
        handle.remove()


class Merged(Items):
    "Lists three classes and yields two; the two ends agree"

    targets = [0, *[1, 2] * 5, 0]

    def __getitem__(self, i):
        return super().__getitem__(i)[0], min(self.targets[i], 1)


def with_merged_labels():
    data = FeatureCache("cache").dataset(body(), Merged(rows_of(12)), runtime="torch", pool=True)
    return {int(label) for _, label in data} == {0, 1} or "labels that the items do not have"


attacked = None  # the module, once a row has written it
CONFIG = """
from . import inner
K = 1.0
"""


def with_module(forward):
    "A body that reads a module of the user's own, which changes"
    Path("attacked/").mkdir()
    Path("attacked/__init__.py").write_text(CONFIG)
    Path("attacked/inner.py").write_text("K = 1.0\n")
    sys.path.insert(0, str(Path.cwd()))
    attacked = importlib.import_module("attacked")
    os.environ["ATTACKED"] = "1.0"
    globals()["attacked"] = attacked
    model = freeze(type("Reads", (Scaled,), {"forward": forward})(1.0)).eval()
    features("cache", model)
    attacked.K = attacked.inner.K = 3.0
    os.environ["ATTACKED"] = "3.0"
    return is_same(features("cache", model), computed(model)) or "stale features"


def import_name(self, x):
    from attacked import K

    return self.linear(x) * K


def import_module(self, x):
    import attacked.inner as inner

    return self.linear(x) * inner.K


READERS = {
    "a module in a module": lambda self, x: self.linear(x) * attacked.inner.K,
    "getattr of a module": lambda self, x: self.linear(x) * getattr(attacked, "K"),  # noqa: B009
    "the environment": lambda self, x: self.linear(x) * float(os.environ["ATTACKED"]),
    "a name imported in forward": import_name,
    "a module imported in forward": import_module,
}


class Meta(type):
    K = 1.0


class OfMeta(Scaled, metaclass=Meta):
    def forward(self, x):
        return self.linear(x) * type(self).K


def with_metaclass():
    model = freeze(OfMeta(1.0)).eval()
    features("cache", model)
    Meta.K = 3.0
    return is_same(features("cache", model), computed(model)) or "stale features"


class Shy(Plain):
    "Leaves its attributes out of a copy"

    def __getstate__(self):
        return {}


def numbers(kind):
    return lambda: is_fresh(body(kind(1)), body(kind(3)))


def objects(make, read=value_of):
    return lambda: is_fresh(body(make(1.0), read), body(make(3.0), read))


STALE = {
    "a plain object": objects(Plain),
    "an object with slots": objects(Slotted),
    "a dataclass": objects(Setting),
    "an Enum": objects(lambda v: Level(v)),
    "a NumPy scalar": numbers(np.float64),
    "a NumPy integer": numbers(np.int64),
    "a Fraction": numbers(fractions.Fraction),
    "a complex number": objects(lambda v: v + 0j, lambda z: z.real),
    "a callable object": objects(Caller, lambda f: f()),
    "an object in a list": objects(lambda v: [Plain(v)], lambda items: items[0].value),
    "a global read in forward": with_global,
    "a global read in a function": with_global_function,
    "a preprocess of the same name": with_preprocess,
    "an attribute that a copy lacks": objects(Shy),
    "an attribute of a metaclass": with_metaclass,
    "a layer's preprocess": lambda: is_fresh(inside(1.0), inside(3.0)),
    "layer groups read in forward": lambda: is_fresh(with_groups(1.0), with_groups(3.0)),
    "labels merged between the ends": with_merged_labels,
    "an attribute changed in place": lambda: changed_in_place(
        Plain(1.0), lambda s: setattr(s, "value", 3.0), value_of
    ),
}

for _i, (_name, _call) in enumerate(STALE.items()):
    add("stale", _name, _call, "cache|object|setting|attribute", quick=_i % 4 == 0)

for _name in ("draws", "counts"):
    add("stale", f"a body that {_name}", lambda n=_name: cached_while_moving(n),
        "the body", "draw or count", quick=True)  # fmt: skip
add("stale", "a hook for all modules", with_hook_for_all, "hooks on all modules", "remove")

for _name, _forward in READERS.items():
    add("stale", _name, lambda f=_forward: with_module(f), right=True, quick=True)
