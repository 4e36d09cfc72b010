# SPDX-License-Identifier: GPL-3.0-or-later
"""What users would otherwise run: MNIST 784-100-10 with an 8-bit DAC, additive output noise and an 8-bit
ADC, written by hand in numpy and in torch. Prints images/s on one thread, in batches of 1000 and one at
a time. Reads no data: the time does not depend on the pixels (zeros cost what anything costs here)."""
import sys
import time


def median_rate(run, x, batch, repeats):
    rates = []
    for _ in range(repeats):
        start = time.perf_counter()
        for first in range(0, len(x), batch):
            run(x[first:first + batch])
        rates.append(len(x) / (time.perf_counter() - start))
    return sorted(rates)[len(rates) // 2]


def by_numpy():
    import numpy as np
    rng = np.random.default_rng(1)
    weights = [rng.standard_normal(s, dtype=np.float32) * np.float32(0.05) for s in ((784, 100), (100, 10))]

    def run(x):
        for i, w in enumerate(weights):
            scale = np.float32(x.max() or 1.0)
            x = np.round(x * (255.0 / scale)) * (scale / 255.0)
            y = x @ w
            y += rng.standard_normal(y.shape, dtype=np.float32) * np.float32(0.02)
            full = np.float32(np.abs(y).max() or 1.0)
            y = np.round(y * (127.0 / full)) * (full / 127.0)
            x = np.maximum(y, 0.0) if i == 0 else y
        return x.argmax(axis=1)

    return run, rng.random((10000, 784), dtype=np.float32)


def by_torch():
    import torch
    torch.set_num_threads(1)
    torch.manual_seed(1)
    weights = [torch.randn(784, 100) * 0.05, torch.randn(100, 10) * 0.05]

    @torch.no_grad()
    def run(x):
        for i, w in enumerate(weights):
            scale = x.max().clamp(min=1e-9)
            x = torch.round(x * (255.0 / scale)) * (scale / 255.0)
            y = x @ w
            y += torch.randn_like(y) * 0.02
            full = y.abs().max().clamp(min=1e-9)
            y = torch.round(y * (127.0 / full)) * (full / 127.0)
            x = torch.relu(y) if i == 0 else y
        return x.argmax(dim=1)

    return run, torch.rand(10000, 784)


def main():
    for name, make in (("numpy", by_numpy), ("torch", by_torch)):
        try:
            run, x = make()
        except ImportError:
            print(f"{name} not-installed 0 0")
            continue
        run(x[:1000])
        print(name, "by-hand", f"{median_rate(run, x, 1000, 9):.0f}", f"{median_rate(run, x[:2000], 1, 3):.0f}")


if __name__ == "__main__":
    sys.exit(main())
