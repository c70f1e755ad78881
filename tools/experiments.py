"""Run a stored experiment and keep every finished run: python tools/experiments.py NAME

experiments/NAME.py defines `SETTINGS`, a list of dictionaries (one per run, each with a seed), and `run(**settings)`, which returns a
dictionary of results. Each finished run is appended to nbs/results/NAME.json at once; runs that stand there are skipped, so a stopped
experiment loses one run at most. A lesson reads the file, plots and asserts it, and runs a small live version.
"""
import importlib.util, json, os, platform, sys, time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def versions():
    "What the results may depend on"
    import timm, torch, torchvision
    return {"python": platform.python_version(), "torch": torch.__version__, "torchvision": torchvision.__version__,
            "timm": timm.__version__, "threads": torch.get_num_threads()}


def write(path, rows):
    "Replace the file at `path` in one step, so that a stop never leaves half of it"
    part = path.with_suffix(".part")
    part.write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n", encoding="utf-8")
    os.replace(part, path)


def load_experiment(name):
    "The module experiments/`name`.py"
    sys.path.insert(0, str(ROOT / "experiments"))  # what several of them share: files whose names begin with _
    spec = importlib.util.spec_from_file_location(name, ROOT / "experiments" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main(name=None):
    known = sorted(p.stem for p in (ROOT / "experiments").glob("[!_]*.py"))
    if name not in known: raise SystemExit(f"which experiment? make experiments NAME=…, one of: {', '.join(known)}")
    experiment = load_experiment(name)
    path = ROOT / "nbs" / "results" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    rows = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    for i, settings in enumerate(experiment.SETTINGS):
        label = f"{i + 1}/{len(experiment.SETTINGS)} {settings}"
        if any(row["settings"] == settings for row in rows):
            print(f"{label}: stored already")
            continue
        started = time.perf_counter()
        results = experiment.run(**settings)
        rows.append({"settings": settings, "results": results, "seconds": round(time.perf_counter() - started, 1),
                     "versions": versions(), "command": f"make experiments NAME={name}"})
        write(path, rows)
        print(f"{label}: {results}")


if __name__ == "__main__": main(*sys.argv[1:])
