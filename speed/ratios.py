"""Time per query as a fraction of that of Optuna's RandomSampler, in the same minutes of the same machine.

    python speed/ratios.py                       # 3 rounds, 2,000 runs of 300 queries each
    python speed/ratios.py --rounds 5 --repeats 500

A round measures ``equipoise run`` with one worker, from the command line to the Parquet files, for each method, then
Optuna in memory without its start. CPU is user + system time of the command and its worker; the start of both, as a
suite of one run takes it, is subtracted. Figures of two calls do not compare, ratios of one round do: the last lines
are the medians over the rounds.
"""

import argparse
import tempfile
from pathlib import Path
from statistics import median

from cost import PEER, PEERS, python, suite_cost

METHODS = {"random_search": 60, "regularized_evolution": 40}
"""Methods, and how many times cheaper than the peer each should be."""
PEER_NAME = "optuna RandomSampler, in memory"
QUERIES = 300


def main() -> None:
    """Prints one line per round, and the medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=2_000)
    asked = parser.parse_args()
    ratios: dict[str, list[float]] = {method: [] for method in METHODS}
    for number in range(1, asked.rounds + 1):
        with tempfile.TemporaryDirectory() as name:
            said = []
            costs = {}
            for method in METHODS:
                start = suite_cost(method, 1, Path(name))
                whole = suite_cost(method, asked.repeats, Path(name))
                costs[method] = (whole - start) / ((asked.repeats - 1) * QUERIES) * 1e6
            peer = float(python(PEER.format(code=PEERS[PEER_NAME], runs=10)))
            for method, cost in costs.items():
                ratios[method].append(peer / cost)
                said.append(f"{method} {cost:.2f} us (1/{peer / cost:.0f})")
            print(f"round {number}: {PEER_NAME} {peer:.0f} us; {'; '.join(said)}", flush=True)
    for method, asked_for in METHODS.items():
        print(f"{method}: 1/{median(ratios[method]):.0f} of Optuna per query; wanted 1/{asked_for}")


if __name__ == "__main__":
    main()
