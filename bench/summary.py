"""Rows of a table from bench/results.json. Nothing to install, so that a notebook can read it.

table(json.loads(Path("bench/results.json").read_text()))
"""

from statistics import mean, median

RATE = ("extract",)  # compared by pictures per second of the extraction; the others by seconds
INNER = (
    "boundary_last",
    "boundary_half",
)  # both ways run in one process, so the seconds are those of the measured part
FIRST = {"tlcourse": 0, "with cache": 0}


def spent(row):
    return row["inner"] if row["job"] in RATE + INNER else row["seconds"]


def of(results, job, contender):
    "Repetition -> row"
    return {
        row["repeat"]: row for row in results if (row["job"], row["contender"]) == (job, contender)
    }


def ratios(results, job, contender, base):
    "How many times the seconds of `base` the `contender` took: of the medians, and repetition by repetition the lowest and the highest"
    theirs, ours = of(results, job, contender), of(results, job, base)
    if not ours:
        return {}
    pairs = [spent(theirs[r]) / spent(ours[r]) for r in theirs if r in ours] or [float("nan")]
    middle = median(map(spent, theirs.values())) / median(map(spent, ours.values()))
    return {"ratio": middle, "ratio_lowest": min(pairs), "ratio_highest": max(pairs)}


def accuracy(rows):
    "Mean accuracy of `rows` and its standard error for the n pictures, the same in every repetition"
    if "accuracy" not in rows[0]:
        return {}
    p, n = mean(row["accuracy"] for row in rows), rows[0]["n"]
    return {"accuracy": p, "standard_error": (p * (1 - p) / n) ** 0.5, "n": n}


def middle(rows, *keys):
    "The median of each of `keys` that the `rows` have"
    return {key: median(row[key] for row in rows) for key in keys if key in rows[0]}


def table(results):
    "A dictionary per job and contender, tlcourse first: medians, the lowest and highest of the repetitions, ratios to tlcourse"
    found = []
    for job in dict.fromkeys(row["job"] for row in results):
        names = sorted(
            {row["contender"] for row in results if row["job"] == job},
            key=lambda name: (FIRST.get(name, 1), name),
        )
        for name in names:
            rows = list(of(results, job, name).values())
            seconds = [spent(row) for row in rows]
            found.append(
                {
                    "job": job,
                    "contender": name,
                    "repetitions": len(rows),
                    "seconds": median(seconds),
                    "lowest": min(seconds),
                    "highest": max(seconds),
                }
                | ratios(results, job, name, names[0])
                | accuracy(rows)
                | middle(
                    rows,
                    "images_per_second",
                    "warm_per_second",
                    "limit_per_second",
                    "share_of_limit",
                    "peak_mb",
                    "largest_process_mb",
                )
            )
    return found


def text(rows):
    "The table for a terminal"
    spread = lambda row: (
        f"{row['seconds']:8.1f} s ({row['lowest']:.1f}–{row['highest']:.1f})  {row.get('ratio', float('nan')):6.2f}x"
    )
    score = lambda row: (
        f"  accuracy {row['accuracy']:.3f} ± {row['standard_error']:.3f}"
        if "accuracy" in row
        else ""
    )
    rate = lambda row: "".join(
        f"  {row[k]:.3g} {name}"
        for k, name in (
            ("images_per_second", "pictures/s"),
            ("warm_per_second", "warm"),
            ("share_of_limit", "of the limit"),
        )
        if k in row
    )
    return "\n".join(
        f"{row['job']:14}{row['contender']:15}{spread(row)}{score(row)}{rate(row)}  {row['largest_process_mb']:.0f} MB"
        for row in rows
    )
