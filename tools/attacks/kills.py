"""Kills and interruptions: SIGKILL in the middle of a run, Ctrl-C in the middle of `lr_find`."""

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import torch
from torch import nn

from attacks.rows import add
from attacks.things import bits, learner, quiet, shelf, vectors
from tlcourse.training import Phase, lr_find

N_KILLS, N_INTERRUPTS = 30, 60


def net() -> nn.Sequential:
    "Dropout and BatchNorm, so that generators and buffers count"
    torch.manual_seed(0)
    layers = (nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 2))
    return nn.Sequential(*layers)


def run_learner():
    torch.manual_seed(1)
    return learner(net(), vectors(48), vectors(16), bs=8, log=quiet)


PHASES = [Phase(2), Phase(2, carry=True)]
OPTIONS = {"every": 0.0, "best": "valid loss"}


def outcome(learn) -> str:
    "All that a run leaves, as text: weights, history without seconds, generators"
    history = [{k: v for k, v in row.items() if k != "seconds"} for row in learn.history]
    weights = [b.hex() for b in bits(learn.model)]
    return json.dumps([history, weights, torch.get_rng_state().tolist()])


def reference_run(folder: Path):
    "The run without a kill: what it leaves, its seconds, and the calls that it makes"
    started = time.perf_counter()
    learn = run_learner().fit(PHASES, checkpoint=folder / "timed", **OPTIONS)
    seconds = time.perf_counter() - started
    (folder / "outcome.json").write_text(outcome(learn))
    calls = count_calls(lambda: run_learner().fit(PHASES, checkpoint=folder / "run", **OPTIONS))
    (folder / "size.json").write_text(json.dumps([seconds, calls]))


def count_calls(call) -> int:
    "How many calls of functions, in Python or C, happen in `call()`"
    n = [0]

    def count(frame, event, arg):
        n[0] += event in ("call", "c_call")

    sys.setprofile(count)
    call()
    sys.setprofile(None)
    return n[0]


def at_call(k: int, act):
    "Do `act(k)` at the call number `k` from now on; and again at the next ones until it is true"
    n = [0]

    def count(frame, event, arg):
        n[0] += event in ("call", "c_call")
        if n[0] >= k and act(n[0]):
            sys.setprofile(None)

    sys.setprofile(count)


def in_child(work) -> int:
    "Fork; the child does `work()`; returns its pid"
    pid = os.fork()
    if not pid:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return pid


def killed_run(seed: int):
    "A run that is killed: by the clock, or at a call that the seed decides"
    rng = random.Random(seed)
    seconds, calls = json.loads((shelf(reference_run) / "size.json").read_text())

    def work():
        if seed % 2:
            k = rng.randrange(calls)
            at_call(k, lambda n: os.kill(os.getpid(), signal.SIGKILL))
        run_learner().fit(PHASES, checkpoint="run", **OPTIONS)

    pid = in_child(work)
    if not seed % 2:
        time.sleep(rng.uniform(0, seconds))
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def resumed_after_kill(seed: int):
    "Killed, resumed: to the bit what an undisturbed run leaves"
    killed_run(seed)
    learn = run_learner()
    if not Path("run/checkpoint.safetensors").exists():
        learn.fit(PHASES, checkpoint="run", **OPTIONS)
    else:
        learn.resume("run", every=0.0)
    if outcome(learn) != (shelf(reference_run) / "outcome.json").read_text():
        return "the resumed run is not the undisturbed one"
    left = [p.name for p in Path("run").iterdir() if p.name != "checkpoint.safetensors"]
    return True if not left else f"files are left behind: {left}"


for _seed in range(N_KILLS):
    add("resume", f"kill {_seed}", lambda seed=_seed: resumed_after_kill(seed), right=True,
        prepare=reference_run, seconds=60, quick=_seed in (0, 1))  # fmt: skip


def lr_find_size(folder: Path):
    "How many calls `lr_find` makes"
    learn = run_learner()
    lr_find(learn, n=20)
    calls = count_calls(lambda: lr_find(learn, n=20))
    (folder / "size.json").write_text(json.dumps(calls))


def is_in_lr_find(frame) -> bool:
    while frame is not None and frame.f_code is not lr_find.__code__:
        frame = frame.f_back
    return frame is not None


def press(number, frame):
    "The handler of a terminal, as long as `lr_find` runs"
    if is_in_lr_find(frame):
        raise KeyboardInterrupt


def presser(rng, parent):
    "A child that presses Ctrl-C four times within milliseconds, when it is told to by a byte"
    told, tell = os.pipe()

    def work():
        os.read(told, 1)
        for _ in range(4):
            os.kill(parent, signal.SIGINT)
            time.sleep(rng.uniform(0, 0.001))

    return in_child(work), tell


def four_presses(seed: int):
    "Interrupted four times, `lr_find` leaves model and generators as they were, to the bit"
    rng = random.Random(seed)
    calls = json.loads((shelf(lr_find_size) / "size.json").read_text())
    learn = run_learner()
    learn.model.train()
    before = state_of(learn.model)
    signal.signal(signal.SIGINT, press)
    pid, tell = presser(rng, os.getpid())
    at_call(rng.randrange(calls), lambda n: os.write(tell, b"x"))
    try:
        lr_find(learn, n=20)
    except KeyboardInterrupt:
        pass
    sys.setprofile(None)
    os.write(tell, b"x")  # if the moment never came
    os.waitpid(pid, 0)
    if state_of(learn.model) != before:
        return "half a model was restored"
    handler = signal.getsignal(signal.SIGINT)
    return True if handler is press else f"the handler of Ctrl-C is now {handler}"


def state_of(model) -> list:
    "What `lr_find` must give back"
    flags = [(m.training, "train" in vars(m)) for m in model.modules()]
    grads = [(p.requires_grad, p.grad is None) for p in model.parameters()]
    return [bits(model), flags, grads, torch.get_rng_state().tolist()]


for _seed in range(N_INTERRUPTS):
    add("lr_find ^C", f"presses {_seed}", lambda seed=_seed: four_presses(seed), right=True,
        prepare=lr_find_size, quick=_seed < 4)  # fmt: skip
