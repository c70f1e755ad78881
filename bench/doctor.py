"""How long `examine_folder` takes, and how much memory, on N generated images of 64 × 64.

python bench/doctor.py [N] [SEED]    one line of JSON; the images lie in a temporary folder

One image in a hundred is saved again as JPEG in the other class: a contradiction to be found.
"""

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
from PIL import Image

SIDE, COARSE, EVERY = 64, 16, 100
EXAMINE = """
import json, sys
from tlcourse.doctor import examine_folder
checkup = examine_folder(sys.argv[1], log=lambda line: print(line, file=sys.stderr))
print(json.dumps({f["kind"]: f["count"] for f in checkup.findings}))
"""


def draw(rng) -> Image.Image:
    "Coarse random colours with a little grain"
    coarse = rng.integers(0, 256, (COARSE, COARSE, 3), dtype=np.uint8)
    smooth = Image.fromarray(coarse).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    grain = rng.normal(0, 4, (SIDE, SIDE, 1))
    return Image.fromarray((np.asarray(smooth) + grain).clip(0, 255).astype(np.uint8))


def write_images(folder: Path, n: int, seed: int) -> int:
    "Write `n` images in two classes; returns how many of them are copies"
    rng = np.random.default_rng(seed)
    for name in "ab":
        (folder / name).mkdir()
    n_copies, image = 0, None
    for i in range(n):
        if i % EVERY == EVERY - 1:
            image.save(folder / "ba"[i % 2] / f"{i}.jpg", quality=60)
            n_copies += 1
        else:
            image = draw(rng)
            image.save(folder / "ab"[(i + 1) % 2] / f"{i}.png", compress_level=1)
    return n_copies


def main(n: int = 10_000, seed: int = 0):
    with tempfile.TemporaryDirectory() as folder:
        n_copies = write_images(Path(folder), int(n), int(seed))
        started = perf_counter()
        command = [sys.executable, "-c", EXAMINE, folder]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        seconds = perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    row = {
        "images": int(n),
        "seconds": round(seconds, 1),
        "CPU seconds": round(used.ru_utime + used.ru_stime, 1),
        "MB": round(used.ru_maxrss / 1024),
        "copies made": n_copies,
        "found": json.loads(done.stdout.splitlines()[-1]),
    }
    print(json.dumps(row))


if __name__ == "__main__":
    main(*sys.argv[1:])
