"""A space of the user's, whose file also builds its networks, is trained like one of Equipoise."""

import json
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="training needs PyTorch: pip install 'equipoise[torch]'")

from equipoise.harness.core.errors import PluginError, StoreError
from equipoise.harness.core.registry import load_space, load_task
from equipoise.harness.tables.table import open_table
from equipoise.harness.training.networks import networks_of
from equipoise.harness.training.setup import Setup
from equipoise.harness.training.tabulate import tabulate

FILE = '''"""Two layers, each of one of two widths."""

from dataclasses import dataclass

from torch import nn

from equipoise.harness.core.space import Decision, LabelledDag
from equipoise.harness.spaces._product import ProductSpace
from equipoise.harness.training.configuration import TrainingConfiguration
from equipoise.harness.training.layers import Classifier, convolution, normalisation, pooled


class Widths(ProductSpace):
    """Two layers, each of one of two widths."""

    name = "widths"
    source = "the tests"
    decisions = (Decision("first", ("2", "4")), Decision("second", ("2", "4")))

    def graph(self, prefix):
        return LabelledDag(("input", "output"), ((0, 1),), ("",))


@dataclass(frozen=True)
class Macro:
    stride: int = 2


class Net(nn.Module):
    paths = 0

    def __init__(self, widths, macro, channels, classes, replicas):
        super().__init__()
        layers = []
        for width in widths:
            layers.append(convolution(replicas, channels, width, 3, macro.stride))
            layers += [normalisation(replicas, width), nn.ReLU()]
            channels = width
        self.body, self.classifier = nn.Sequential(*layers), Classifier(replicas, channels, classes)

    def forward(self, x, keep=None):
        return (self.classifier(pooled(self.body(x))),)


UNUSED_FIELDS = ("auxiliary", "drop_path")


def settings(side):
    return Macro(), TrainingConfiguration(epochs=2, batch_size=500, learning_rate=0.1)


def build(architecture, macro, input_channels, classes, replicas=1):
    return Net([2 + 2 * option for option in architecture], macro, input_channels, classes, replicas)


def count_parameters(architecture, macro, input_channels, classes):
    return sum(p.numel() for p in build(architecture, macro, input_channels, classes).parameters())
'''


@pytest.fixture
def space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "cache"))
    (path := tmp_path / "widths.py").write_text(FILE)
    return path


@pytest.mark.slow
def test_it_is_tabulated_in_worker_processes_and_its_table_is_a_task(
    space: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said: list[str] = []
    assert tabulate("widths.py", "fashion14", tmp_path / "out", replicas=2, say=said.append) == 0
    task = load_task(f"table:{tmp_path / 'out' / 'table.parquet'}")
    assert task.space.name == "widths"
    table = open_table(tmp_path / "out" / "table.parquet")
    assert table.validation.shape == (2, 4, 2)
    assert table.header.space == load_space(str(space))()
    space.write_text(FILE.replace('"2", "4"', '"2", "6"', 1))
    with pytest.raises(StoreError, match=r"another setup \(space_file differ\)"):
        tabulate("widths.py", "fashion14", tmp_path / "out", replicas=2, say=said.append)


def test_training_is_that_of_its_file(space: Path) -> None:
    setup = Setup.named(str(space), "fashion14", replicas=1)
    assert networks_of(str(space)).count_parameters((0, 1), setup.macro, 1, 10) == 18 + 4 + 72 + 8 + 50
    first, second = (setup.trainer((0, 1)).epoch().train_loss for _ in range(2))
    assert first == second


def test_a_space_without_networks_says_what_its_file_lacks(space: Path) -> None:
    space.write_text(FILE.replace("def build(", "def construct(").replace("UNUSED_FIELDS", "REST"))
    with pytest.raises(PluginError, match=r"its module has no UNUSED_FIELDS, build;") as raised:
        Setup.named(str(space), "fashion14")
    assert "\n" not in str(raised.value)


def test_its_networks_are_scored_in_pieces_that_are_resumed(space: Path, tmp_path: Path) -> None:
    from equipoise.harness.benchmarks._score_table import stored_scores
    from equipoise.harness.training import score_table

    said: list[str] = []
    out = tmp_path / "scores"
    assert score_table.tabulate_scores(str(space), "digits", out, said.append) == 0
    assert said[0].startswith("4 of 4 networks")
    (piece,) = (out / "pieces").iterdir()
    before = piece.stat().st_mtime_ns
    assert score_table.tabulate_scores(str(space), "digits", out, said.append) == 0
    assert piece.stat().st_mtime_ns == before, "what is there is not computed again"
    readers = stored_scores(out / "scores.parquet", load_space(str(space))())
    assert set(readers) == {"synflow", "jacov", "nwot", "grad_norm", "snip"}
    values = readers["synflow"]()
    assert len(values) == 4
    assert values[3] > values[0], "the wider network lets more flow"
    content = json.loads(piece.read_text())
    del content["checksum"]  # without one, a piece is read as it is
    piece.write_text(json.dumps(content).replace('"digest": "', '"digest": "0'))
    with pytest.raises(StoreError, match="begun with another setup"):
        score_table.tabulate_scores(str(space), "digits", out, said.append)
