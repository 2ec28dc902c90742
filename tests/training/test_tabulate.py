"""The table made by training: pieces, resuming, refusing what does not belong together."""

import json

import pandas as pd
import pytest

pytest.importorskip("torch", reason="training needs PyTorch: pip install 'equipoise[torch]'")

import torch

from equipoise.harness.core.errors import PluginError, StoreError, SuiteError
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.harness.training import tabulate as module
from equipoise.harness.training.tabulate import pieces, tabulate


def run(out, sample=2, **options):
    said = []
    return tabulate("nasbench201", "fashion14", out, sample, say=said.append, **options), said


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    out = tmp_path_factory.mktemp("table")
    assert run(out, replicas=1)[0] == 0
    return out


def test_a_piece_holds_every_epoch_of_every_seed(table):
    (piece,) = pieces(table)
    frame = pd.read_parquet(piece)
    assert len(frame) == 2 * 1 * 8
    assert list(frame.epoch) == [*range(1, 9)] * 2
    assert frame.validation_error.between(0, 1).all()
    assert frame.test_error.notna().sum() == 2
    assert frame.groupby("architecture").cost_seconds.is_monotonic_increasing.all()
    assert all(NasBench201().format(NasBench201().parse(text)) == text for text in frame.architecture)


def test_a_finished_table_is_not_trained_again(table):
    (before,) = pieces(table)
    stamp = before.stat().st_mtime_ns
    status, said = run(table, replicas=1)
    assert status == 0
    assert said[0] == f"{table}: 2 of 2 architectures trained"
    assert len(said) == 2  # and the table
    assert before.stat().st_mtime_ns == stamp


def test_another_setup_is_refused(table):
    with pytest.raises(StoreError, match=r"another setup \(replicas differ\)"):
        run(table, replicas=2)


def test_a_table_stays_on_one_device(table, tmp_path):
    header = json.loads((table / "header.json").read_text())
    assert header["device"] == "cpu"
    (tmp_path / "header.json").write_text(json.dumps({**header, "device": "cuda"}))
    with pytest.raises(StoreError, match="begun on cuda, not on cpu"):
        run(tmp_path, replicas=1)
    with pytest.raises(SuiteError, match="--device tpu: 'tpu' is no device to train on"):
        tabulate("nasbench201", "fashion14", tmp_path / "t", 1, device="tpu")
    if not torch.cuda.is_available():
        with pytest.raises(SuiteError, match="PyTorch does not find here"):
            tabulate("nasbench201", "fashion14", tmp_path / "t", 1, device="cuda:7")


def test_code_that_trains_otherwise_is_refused(table, tmp_path):
    header = json.loads((table / "header.json").read_text())
    header["fingerprint"][0] *= 1.01
    (tmp_path / "header.json").write_text(json.dumps(header))
    with pytest.raises(StoreError, match="no longer trains as it did"):
        run(tmp_path, replicas=1)


@pytest.mark.parametrize("text", ["{", "[]", '{"fingerprint": ["x"]}', '{"fingerprint": 7}'])
def test_a_damaged_header_is_refused(tmp_path, text):
    (tmp_path / "header.json").write_text(text)
    with pytest.raises(StoreError, match="damaged"):
        run(tmp_path, replicas=1)


def test_a_smaller_sample_is_the_beginning_of_a_larger_one():
    space = NasBench201()
    assert module._order(space, 20) == module._order(space, 50)[:20]
    assert len(module._order(space, None)) == 5260


def test_bad_options_are_refused(tmp_path):
    with pytest.raises(SuiteError, match="positive whole numbers"):
        run(tmp_path, sample=0)
    with pytest.raises(PluginError, match="no networks of a space 'nasbench_graph'"):
        tabulate("nasbench_graph", "fashion14", tmp_path)
