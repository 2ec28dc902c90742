"""Overhead of the harness, from the command line to the Parquet file.

Run ``python speed/cost.py`` (``tox -e bench``). CPU is user + system time of the command and all its workers
(getrusage of finished children), so other load on the machine matters little; peers that are installed are measured
in the same run, because figures of two runs do not compare.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SUITE = """
name = "cost"
[budget]
queries = 300
[protocol]
repeats = {repeats}
seed = 1
[[tasks]]
name = "nasbench201/cifar10"
[[methods]]
name = "{method}"
"""

START = "import time; begin = time.process_time(); import numpy; numpy_seconds = time.process_time() - begin; "

WORKER = (
    START + "from equipoise.harness.engine.worker_startup import collect_rarely; collect_rarely(); "
    "import equipoise.harness.engine.worker; "
    "from equipoise.harness.core.registry import load_task; t = load_task('{task}'); "
    "import numpy as np; t.evaluate(t.space.sample(np.random.default_rng(0), 1)[0], None, np.random.default_rng(0)); "
    "print(time.process_time() - begin - numpy_seconds)"
)

MEMORY = (
    "import resource, sys; from equipoise.harness.core.suite import Suite\n"
    "from equipoise.harness.engine.worker import execute_runs\n"
    "execute_runs(list(Suite.load(sys.argv[1]).runs())[:40], sys.argv[2])\n"
    "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
)

PEERS = {
    "optuna RandomSampler, in memory": """
import time, numpy as np, optuna
optuna.logging.set_verbosity(optuna.logging.WARNING)
def run(seed):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    for _ in range(300):
        trial = study.ask()
        cell = [trial.suggest_categorical(f"d{i}", [0, 1, 2, 3, 4]) for i in range(6)]
        study.tell(trial, TABLE[tuple(cell)])
""",
    "hyperopt rand": """
import time, numpy as np, hyperopt
def run(seed):
    space = [hyperopt.hp.choice(f"d{i}", [0, 1, 2, 3, 4]) for i in range(6)]
    hyperopt.fmin(lambda cell: TABLE[tuple(cell)], space, hyperopt.rand.suggest, 300,
                  rstate=np.random.default_rng(seed), show_progressbar=False, verbose=False)
""",
    "plain loop over a dictionary": """
import time, numpy as np
def run(seed):
    rng, best = np.random.default_rng(seed), 1.0
    for cell in map(tuple, rng.integers(5, size=(300, 6)).tolist()):
        best = min(best, TABLE[cell])
""",
}

PEER = """
from equipoise.harness.core.registry import load_task
task = load_task("nasbench201/cifar10")
TABLE = dict(zip(task.space.enumerate(), task.landscape().tolist()))
{code}
run(0)
begin = time.process_time()
for seed in range({runs}):
    run(seed + 1)
print((time.process_time() - begin) / ({runs} * 300) * 1e6)
"""


def children_cpu() -> float:
    """CPU seconds of all finished children so far."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def python(code: str, *arguments: str) -> str:
    """Runs code in a fresh interpreter and returns what it printed."""
    ran = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    if ran.returncode:
        last = ran.stderr.strip().splitlines()[-1]
        return f"not measured ({last})"
    return ran.stdout.strip()


def suite_cost(method: str, repeats: int, folder: Path) -> float:
    """CPU seconds of ``equipoise run`` with one worker."""
    suite = folder / f"{method}-{repeats}.toml"
    suite.write_text(SUITE.format(method=method, repeats=repeats))
    before = children_cpu()
    command = [
        sys.executable,
        "-m",
        "equipoise",
        "run",
        str(suite),
        "--out",
        str(folder / suite.stem),
        "--workers",
        "1",
    ]
    subprocess.run(command, check=True, capture_output=True)
    return children_cpu() - before


def main() -> None:
    """Prints all measurements."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"CPU per query, {repeats} runs of 300 queries on nasbench201/cifar10, command line to Parquet:")
        for method in ("random_search", "regularized_evolution", "local_search", "momentum_local_search"):
            start = suite_cost(method, 1, folder)
            whole = suite_cost(method, repeats, folder)
            queries = repeats * 300
            steady = (whole - start) / (queries - 300) * 1e6
            in_all = whole / queries * 1e6
            print(f"  {method:24} {in_all:7.1f} us in all, {steady:.1f} us without the {start:.2f} s to start")
        print("peers, us of CPU per query of random search, without their start:")
        for peer, code in PEERS.items():
            print(f"  {peer:32} {python(PEER.format(code=code, runs=20))}")
        print("start of a worker on a task whose cache is built, CPU ms beyond `import numpy`:")
        for task in ("nasbench201/cifar10", "nasbench_graph/cora"):
            python(WORKER.format(task=task))
            times = [float(python(WORKER.format(task=task))) * 1e3 for _ in range(5)]
            print(f"  {task:24} {sorted(times)[2]:.0f}")
        peak = float(python(MEMORY, str(suite_path(folder)), str(folder / "m")))
        print(f"  peak memory of a worker after 40 runs: {peak:.0f} MB")
        begin, cpu = time.perf_counter(), children_cpu()
        subprocess.run([sys.executable, "-m", "equipoise", "--help"], check=True, capture_output=True)
        print(f"equipoise --help: {children_cpu() - cpu:.2f} s CPU, {time.perf_counter() - begin:.2f} s wall")


def suite_path(folder: Path) -> Path:
    """One of the suites written before."""
    return next(folder.glob("regularized_evolution-*.toml"))


if __name__ == "__main__":
    main()
