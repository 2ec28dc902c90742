"""A sample of DARTS genotypes with predictions of NAS-Bench-301's surrogate, as a table to fit a surrogate to.

Run ``python studies/darts_predictions.py SAMPLE.csv.gz darts-nb301-predictions.csv``, then

    equipoise surrogate darts-nb301-predictions.csv --out suites/darts-nb301-predictions.npz --model trees

for the task ``surrogate:darts-nb301-predictions.npz`` of ``suites/nas_bench_suite.toml``; likewise ``--model gp``
for its ``-gp.npz``. SAMPLE has a column ``compact_genotype`` of ((input, operation), ...) pairs of the normal and the
reduction cell, as NASLib numbers them, and one ``nb301_surrogate_val_acc``. No value was trained: a surrogate of a
surrogate. It gives methods a landscape on the DARTS space whose shape is roughly right, and no number to quote.
`nasbench301` runs the official ensembles instead, where their archive is at hand.

Measured with 1,218 genotypes: Kendall tau 0.711, Spearman rho 0.887, R2 0.759 on 122 held-out ones (trees);
0.782, 0.928 and 0.886 (Gaussian processes).
"""

import ast
import csv
import gzip
import hashlib
import json
import sys
from pathlib import Path

from equipoise.harness.spaces.darts import Darts

SPACE = Darts()


def table_of(sample: Path) -> str:
    """The table, in the open format."""
    content = sample.read_bytes()
    rows = csv.DictReader(gzip.decompress(content).decode().splitlines())
    found: dict[str, float] = {}
    for row in rows:
        normal, reduction = ast.literal_eval(row["compact_genotype"])
        found[SPACE.format(SPACE.from_edges([*normal, *reduction]))] = float(row["nb301_surrogate_val_acc"])
    header = {
        "format": "equipoise-table/1",
        "name": "darts-nb301-predictions/cifar10",
        "space": "darts",
        "coverage": "sample",
        "metric": {"name": "accuracy", "unit": "%", "direction": "maximise", "offset": 100, "slope": -100},
        "validation": "PREDICTED by a surrogate of NAS-Bench-301, not trained",
        "source": f"predictions of NAS-Bench-301's surrogate for {len(found)} random genotypes, {sample.name}",
        "licence": "Apache-2.0 (NAS-Bench-301)",
        "digest": hashlib.sha256(content).hexdigest(),
        "pitfalls": ["Fitted to the predictions of another surrogate: no value was trained."],
    }
    lines = [f"# {json.dumps(header)}", "architecture,validation"]
    lines += [f'"{architecture}",{accuracy!r}' for architecture, accuracy in found.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(table_of(Path(sys.argv[1])), encoding="utf-8")
