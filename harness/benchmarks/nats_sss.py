"""The size space of NATS-Bench: one network in 32,768 widths, from the official fast-mode archive."""

from equipoise.harness.benchmarks._nats_bench import NatsBench
from equipoise.harness.data.official import nats_bench
from equipoise.harness.spaces.nats_sss import NatsSss

__all__ = ["NatsSssBenchmark"]


class NatsSssBenchmark(NatsBench):
    """32,768 networks on three data sets, trained for 1, 12 and 90 epochs."""

    name = "nats_sss"
    source = "Dong, Liu, Musial and Gabrys, NATS-Bench, TPAMI 2021: size search space, every stored seed"
    archive = "NATS-sss-v1_0-50262-simple.tar from the links at https://github.com/D-X-Y/NATS-Bench"
    imported = "NATS-sss-v1_0-50262-simple.tar"
    space = NatsSss()
    epochs = nats_bench.EPOCHS["nats_sss"]
