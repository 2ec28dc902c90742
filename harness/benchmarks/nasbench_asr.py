"""NAS-Bench-ASR: speech recognition on TIMIT, from the official files."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

from equipoise.harness.benchmarks._official import OfficialTables
from equipoise.harness.core.task import Metric
from equipoise.harness.data.official import nasbench_asr
from equipoise.harness.data.official.record import Record
from equipoise.harness.spaces.nasbench_asr import NasBenchAsr
from equipoise.harness.tables.header import TableHeader

__all__ = ["NasBenchAsrBenchmark"]


class NasBenchAsrBenchmark(OfficialTables):
    """8,242 cells, each trained with three seeds; phoneme error rates."""

    name = "nasbench_asr"
    datasets = ("timit", nasbench_asr.CURVE)
    source = "Mehrotra et al., NAS-Bench-ASR, ICLR 2021: the official training files"
    licence = "Apache-2.0"
    citation = """@inproceedings{mehrotra2021nasbenchasr,
  title = {{NAS}-Bench-{ASR}: Reproducible Neural Architecture Search for Speech Recognition},
  author = {Mehrotra, Abhinav and Ramos, Alberto Gil C. P. and Bhattacharya, Sourav and Dudziak, {\\L}ukasz and
    Vipperla, Ravichander and Chau, Thomas and Abdelfattah, Mohamed S. and Ishtiaq, Samin and Lane, Nicholas Donald},
  booktitle = {International Conference on Learning Representations},
  year = {2021}
}"""
    pitfalls = (
        "The validation error is the least over the epochs, since the stored test error is that of the best epoch: it "
        "is a little optimistic, for all architectures alike.",
        "An error is a phoneme error rate and may exceed 1.",
        "The source stores no training time: budgets in seconds are refused.",
    )
    archive = "the nb-asr-*.pickle files of https://github.com/SamsungLabs/nb-asr/releases into one folder"
    imported = "FOLDER"
    splits: ClassVar[Mapping[str, tuple[str, str]]] = {
        "timit": ("val_per, the least over the epochs", "test_per, at the epoch of the least val_per"),
        nasbench_asr.CURVE: ("val_per, after each epoch", ""),
    }
    space = NasBenchAsr()
    metric = Metric("PER", "", 0.0, 1.0)

    def recognises(self, path: Path) -> bool:
        """Whether this is a folder with official training files."""
        return nasbench_asr.recognises(path)

    def records(self, path: Path, curves: bool) -> Iterator[Record]:
        """Reads every training file of the folder."""
        return nasbench_asr.records(path, curves)

    def headers(self, path: Path) -> Mapping[str, TableHeader]:
        """The epochs and seeds that there are files of; the penalty is the worst error of all."""
        epochs, seeds = nasbench_asr.trainings(path)
        worst = max(record.validation_error for record in nasbench_asr.records(path, curve=True))
        shared = {"seeds": seeds, "penalty": max(1.0, worst)}
        return {
            "timit": self.header_of(
                "timit",
                path,
                fidelities=epochs,
                **shared,
            ),
            nasbench_asr.CURVE: self.header_of(
                nasbench_asr.CURVE,
                path,
                fidelities=tuple(range(1, epochs[-1] + 1)),
                rises_with_training=True,
                **shared,
            ),
        }
