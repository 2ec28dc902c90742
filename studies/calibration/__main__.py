"""Calibration of the statistics: rates of false positives and coverages on simulated data with known truth.

Run ``python -m studies.calibration`` (some minutes; ``--draws 100`` for a quick look). Seeds are fixed.
"""

import argparse

from studies.calibration.rates import STUDIES, calibrate


def main() -> None:
    """Prints the table; exit status 1 if a rate violates its nominal value by more than three standard errors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1_000)
    draws = parser.parse_args().draws
    broken = 0
    for study in STUDIES:
        print(f"\n{study} ({draws} data sets)")
        for check in calibrate(study, draws):
            sign = "<=" if check.bound else "  "
            verdict = "for comparison" if check.aside else "kept" if check.kept() else "BROKEN"
            broken += verdict == "BROKEN"
            print(
                f"  {check.observed:.3f}  promised {sign}{check.promised:.2f} +- {check.error:.3f}"
                f"  {verdict:14}  {check.name}"
            )
    raise SystemExit(1 if broken else 0)


if __name__ == "__main__":
    main()
