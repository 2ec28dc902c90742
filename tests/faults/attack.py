"""Attacks the code again as it was attacked before the mends, with real commands and files, and prints what came of it.

    python tests/faults/attack.py               # every row, about ten minutes
    python tests/faults/attack.py --only 4 5    # some rows

A row counts what was tried, what was used although it was damaged or wrong ("silently wrong"), raw tracebacks and
processes that died ("traceback"), and what was refused, told or recorded in a line that names the fault ("loud and
clear"). What is none of these three changed nothing.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attack_tools import Outcome

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent), str(HERE)]


def attacks() -> "dict[str, tuple[str, Callable[[Outcome, Path], None]]]":
    """The rows by the number of the fault; letters are attacks beyond the seventeen."""
    import attacks_on_input as on_input
    import attacks_on_runs as on_runs

    return {
        "1": ("pickles that pass bytes for objects, imported", on_input.pickles),
        "2": ("changed bytes of training checkpoints and curves", on_runs.checkpoints),
        "3": ("Ctrl-C, SIGTERM: in runs, while loading, within `import torch`", on_runs.stops),
        "4": ("changed bytes of run files, footers included; `run`, `report`, `status`", on_runs.footers),
        "5": ("changed bytes of a journal; a value edited and resumed", on_runs.journals),
        "6": ("`KeyboardInterrupt` by a method", on_runs.raised("RaisesInterrupt", "SendsInterrupt")),
        "7": ("other `BaseException`s", on_runs.raised("RaisesCancelled", "RaisesGeneratorExit")),
        "8": ("files beginning with a dot in OUT", on_runs.foreign),
        "9": ("endless, greedy, forking methods; threads and children left", on_runs.endless),
        "10": ("SLURM and Dask: open ports, nobody there, no `sbatch`", on_input.listens),
        "11": ("surrogates, escapes, newlines in an error", on_runs.texts),
        "12": ("folder, signals, seeds, environment changed by a method", on_runs.leftovers),
        "13": ("changed bytes of a cached column of 3 MB; odd `meta.json`", on_input.caches),
        "14": ("sizes that a file states", on_input.greedy),
        "15": ("deep, huge and odd suites, headers, manifests", on_input.strange),
        "16": ("a suite's name that is a path", on_input.names("../../x", "/tmp/equipoise-harmed", "a/b", "..")),
        "17": ("labels that cannot be printed", on_input.names("made", label=True)),
        "a": ("`os._exit`, segmentation fault", on_runs.raised("ExitsHard", "Crashes")),
        "b": ("changed bytes of failures, manifests, notes, trained pieces", on_runs.undecided),
        "c": ("run files cut off anywhere", on_input.truncations),
    }


def main() -> None:
    """Prints the table; exits with 1 if anything was silently wrong or a traceback."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background would hand on that it ignores it
    rows = attacks()
    asking = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asking.add_argument("--only", nargs="+", choices=list(rows), help="Rows.")
    asked = asking.parse_args()
    from attack_tools import Outcome

    total = Outcome()
    print("| # | Attack | Tried | Silently wrong | Traceback | Loud and clear | s |\n|---|---|---|---|---|---|---|")
    for name, (title, attack) in rows.items():
        if asked.only and name not in asked.only:
            continue
        outcome, began, environment = Outcome(), time.monotonic(), dict(os.environ)
        with tempfile.TemporaryDirectory() as folder:
            attack(outcome, Path(folder))
        os.environ.clear()  # of a cache in that folder
        os.environ.update(environment)
        counts = f"{outcome.tried:,} | {len(outcome.wrong)} | {len(outcome.tracebacks)} | {outcome.loud:,}"
        print(f"| {name} | {title} | {counts} | {time.monotonic() - began:.0f} |", flush=True)
        for line in (*outcome.wrong, *outcome.tracebacks):
            print(f"    {line}", flush=True)
        total.wrong += outcome.wrong
        total.tracebacks += outcome.tracebacks
    sys.exit(bool(total.wrong or total.tracebacks))


if __name__ == "__main__":
    main()
