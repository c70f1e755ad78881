"""How fast is a frozen body, and a training step of all layers, in each engine? Measured side by side, in one run, as ratios to eager float32.

    make bench
"""
import copy, statistics, sys, time
import torch
from tlcourse.features import autocast
from tlcourse.surgery import transfer_model

REPEATS = 5
VARIANTS = {"eager float32": (torch.contiguous_format, "torch"), "channels_last": (torch.channels_last, "torch"),
            "channels_last, bfloat16": (torch.channels_last, "torch-bf16")}


def forward(model, xb, engine):
    with torch.inference_mode(), autocast(engine, "cpu"): model.eval().body(xb)


def step(model, xb, engine):
    with autocast(engine, "cpu"): loss = model.train()(xb).float().logsumexp(1).mean()
    loss.backward()
    model.zero_grad()


def main():
    for size, bs in ((224, 32), (128, 64)):
        for name, job in (("forward pass of the body", forward), ("training step, all layers", step)):
            model = transfer_model("tf_efficientnet_lite0", 2)
            made = {v: (copy.deepcopy(model).to(memory_format=f), torch.randn(bs, 3, size, size).to(memory_format=f), e) for v, (f, e) in VARIANTS.items()}
            seconds = {v: [] for v in made}
            for repeat in range(REPEATS + 1):  # alternating, so that a slow moment of the machine hits all
                for v, args in made.items():
                    start = time.perf_counter()
                    job(*args)
                    if repeat: seconds[v].append(time.perf_counter() - start)
            base = statistics.median(seconds["eager float32"])
            print(f"\n{name}, {size} px, batches of {bs}, {torch.get_num_threads()} threads, {REPEATS} repeats")
            for v, s in seconds.items():
                m = statistics.median(s)
                print(f"  {v:24} {bs / m:7.1f} pictures/s ({bs / max(s):.1f} to {bs / min(s):.1f})   {base / m:.2f} times eager float32")


if __name__ == "__main__": sys.exit(main())
