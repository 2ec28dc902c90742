"""CPU seconds of the 50,000-resample bootstrap of 7 methods x 12 tasks x 30 repeats.

Run ``OMP_NUM_THREADS=1 python speed/bootstrap.py``.
"""

import time

import numpy as np

from equipoise.reports.statistics.bootstrap import aggregate, performance_profiles
from equipoise.reports.statistics.improvement import probability_of_improvement


def main() -> None:
    """Prints CPU seconds of each statistic, the minimum of three."""
    scores = np.random.default_rng(0).beta(5, 2, size=(7, 12, 30))
    jobs = {
        "means, IQM and gaps, 50,000 resamples": lambda: aggregate(scores),
        "probability of improvement, 21 pairs, 2,000 resamples": lambda: probability_of_improvement(-scores),
        "performance profiles, 101 thresholds, 2,000 resamples": lambda: performance_profiles(
            scores, np.linspace(0, 1, 101)
        ),
    }
    for name, job in jobs.items():
        taken = []
        for _ in range(3):
            start = time.process_time()
            job()
            taken.append(time.process_time() - start)
        print(f"{min(taken):8.2f} s CPU  {name}")


if __name__ == "__main__":
    main()
