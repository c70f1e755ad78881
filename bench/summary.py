"""Rows of a table from bench/results.json. Nothing to install, so that a notebook can read it.

table(json.loads(Path("bench/results.json").read_text()))
"""

from statistics import mean, median

RATE = ("extract",)  # compared by images per second of the extraction; the others by seconds
INNER = ("boundary_last", "boundary_half")  # both ways run in one process: the measured part
FIRST = {"tlcourse": 0, "with cache": 0}
CONTENDERS = ("tlcourse", "fastai", "pytorch")
JOBS = {
    "head": "five epochs of the head",
    "all": "one epoch of all layers",
    "extract": "features, images/s",
    "whole": "the head, whole data set, once",
}
MEDIANS = (
    "images_per_second",
    "warm_per_second",
    "bare_per_second",
    "share_of_bare",
    "peak_mb",
    "largest_process_mb",
)


def spent(row) -> float:
    "Seconds of a row: of the whole process, or of its measured part"
    return row["inner"] if row["job"] in RATE + INNER else row["seconds"]


def of(results, job, contender) -> dict:
    "Repetition -> row"
    rows = [row for row in results if (row["job"], row["contender"]) == (job, contender)]
    return {row["repeat"]: row for row in rows}


def ratios(results, job, contender, base) -> dict:
    "The `contender`'s seconds over those of `base`: of the medians, and per repetition"
    theirs = of(results, job, contender)
    ours = of(results, job, base)
    if not ours:
        return {}
    pairs = [spent(theirs[r]) / spent(ours[r]) for r in theirs if r in ours] or [float("nan")]
    middle = median(map(spent, theirs.values())) / median(map(spent, ours.values()))
    return {"ratio": middle, "ratio_lowest": min(pairs), "ratio_highest": max(pairs)}


def accuracy(rows) -> dict:
    "Mean accuracy of `rows` and its standard error for the n images, the same in every repetition"
    if "accuracy" not in rows[0]:
        return {}
    p = mean(row["accuracy"] for row in rows)
    n = rows[0]["n"]
    return {"accuracy": p, "standard_error": (p * (1 - p) / n) ** 0.5, "n": n}


def middle(rows, *keys) -> dict:
    "The median of each of `keys` that the `rows` have"
    return {key: median(row[key] for row in rows) for key in keys if key in rows[0]}


def contenders(results, job) -> list:
    "The names of those that did `job`, tlcourse first"
    names = {row["contender"] for row in results if row["job"] == job}
    return sorted(names, key=lambda name: (FIRST.get(name, 1), name))


def _row(results, job, name, base) -> dict:
    rows = list(of(results, job, name).values())
    seconds = [spent(row) for row in rows]
    measured = {
        "job": job,
        "contender": name,
        "repetitions": len(rows),
        "seconds": median(seconds),
        "lowest": min(seconds),
        "highest": max(seconds),
    }
    compared = ratios(results, job, name, base)
    return measured | compared | accuracy(rows) | middle(rows, *MEDIANS)


def table(results) -> list:
    "A dictionary per job and contender: medians, lowest, highest, ratios to the first contender"
    rows = []
    for job in dict.fromkeys(row["job"] for row in results):
        names = contenders(results, job)
        rows += [_row(results, job, name, names[0]) for name in names]
    return rows


def cost(costs: dict, job: str, name: str) -> str | None:
    "A cell of the README's table: median, lowest to highest, ratio to tlcourse, accuracy"
    row = costs.get((job, name))
    if row is None:
        return None
    is_rate = job in RATE
    spread = f"{row['seconds']:.0f} s ({row['lowest']:.0f}–{row['highest']:.0f})"
    words = [f"{row['images_per_second']:.0f}" if is_rate else spread]
    if name != "tlcourse":
        words.append(f"1/{row['ratio']:.1f}" if is_rate else f"{row['ratio']:.1f}×")
    if "accuracy" in row:
        words.append(f"acc. {row['accuracy']:.3f}")
    few = row["repetitions"] < 3 and job != "whole"
    return ", ".join(words) + (f" [{row['repetitions']} run]" if few else "")


def memory(costs: dict, job: str) -> str:
    "GB of each contender at its peak: '1.3 / 9.9 / 0.9'"
    found = [costs.get((job, name)) for name in CONTENDERS]
    return " / ".join(f"{row['peak_mb'] / 1e3:.1f}" if row else "–" for row in found)


def cost_rows(costs: dict) -> list:
    "The README's table: a row per job, a column per contender"
    return [
        {"job": words, **{n: cost(costs, job, n) for n in CONTENDERS}, "GB": memory(costs, job)}
        for job, words in JOBS.items()
        if (job, "tlcourse") in costs
    ]


def bare_sentence(ours: dict) -> list:
    "Lines that say which share of the bare loop `extract` reached, if it was measured"
    if "share_of_bare" not in ours:
        return []
    return [
        f"It reaches {ours['share_of_bare']:.0%} of a bare loop, in the same batches and threads,",
        "that only decodes, resizes and computes, and keeps nothing (measured in turn with it).",
    ]


def speed_sentences(costs: dict, machine: str) -> str:
    "What the table leaves out: warm extraction, its share of the bare loop, training from cache"
    half = costs["boundary_half", "without cache"]["ratio"]
    last = costs["boundary_last", "without cache"]["ratio"]
    ours = costs["extract", "tlcourse"]
    four, large = (costs["extract", name] for name in ("pytorch", "pytorch, batches of 64"))
    warm = ours["warm_per_second"]
    return "\n".join(
        [
            f"A second pass, with export and choice of runtime done, makes {warm:.0f} images/s:",
            f"{warm / four['images_per_second']:.1f}× PyTorch's in batches of 4,",
            f"{warm / large['images_per_second']:.1f}× in batches of 64.",
            *bare_sentence(ours),
            f"Trained from cached activations, an epoch is {last:.1f}× faster with all but the",
            f"last body group frozen, and {half:.1f}× faster with half of the groups frozen.",
            f"Machine: {machine}.",
            "`make bench` measures yours.",
        ]
    )


def _line(row) -> str:
    ratio = row.get("ratio", float("nan"))
    words = [f"{row['seconds']:8.1f} s ({row['lowest']:.1f}–{row['highest']:.1f})  {ratio:6.2f}x"]
    if "accuracy" in row:
        words.append(f"accuracy {row['accuracy']:.3f} ± {row['standard_error']:.3f}")
    units = {
        "images_per_second": "images/s",
        "warm_per_second": "warm",
        "share_of_bare": "of the bare loop",
    }
    words += [f"{row[key]:.3g} {unit}" for key, unit in units.items() if key in row]
    words.append(f"{row['largest_process_mb']:.0f} MB")
    return f"{row['job']:14}{row['contender']:15}" + "  ".join(words)


def text(rows) -> str:
    "The table for a terminal"
    return "\n".join(map(_line, rows))
