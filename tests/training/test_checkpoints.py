"""Damage to checkpoints: torch's reader does not notice changed bytes, so the file's own SHA-256 must."""

import errno
import os

import numpy as np
import pytest
import torch

from equipoise.harness.core.errors import DataError
from equipoise.harness.training.checkpoints import Checkpoint, Curve

FINISHED = Curve([0.5, 0.4], [0.3, 0.2], [1.5, 1.6], 0.25)
UNFINISHED = Curve([0.5], [0.3], [1.5], None, {"weights": torch.arange(64.0), "epochs_done": 1})


@pytest.mark.parametrize("curve", [FINISHED, UNFINISHED], ids=["finished", "unfinished"])
def test_every_changed_byte_is_noticed_and_named(tmp_path, capsys, curve):
    checkpoint = Checkpoint(tmp_path, "a cell")
    checkpoint.write(curve)
    (file,) = tmp_path.glob("*.pt")
    whole = file.read_bytes()
    read = checkpoint.read()
    assert (read.validation_error, read.test_error) == (curve.validation_error, curve.test_error)
    assert (read.state is None) == (curve.state is None)
    rng = np.random.default_rng(0)
    for place in [*range(40), *rng.integers(0, len(whole), 300).tolist()]:
        content = bytearray(whole)
        content[place] ^= 1 << int(rng.integers(8))
        file.write_bytes(content)
        assert checkpoint.read() == Curve()
        told = capsys.readouterr().err
        assert told.count("\n") == 1
        assert f"{file}: damaged checkpoint" in told
        assert "trained again" in told
    file.write_bytes(whole[:-1])
    assert checkpoint.read() == Curve()


def test_a_full_disk_is_one_line_about_the_cache(tmp_path, monkeypatch):
    checkpoint = Checkpoint(tmp_path, "a cell")
    checkpoint.write(UNFINISHED)

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError, match=r"\.pt: cannot be written \(No space left on device\); .* EQUIPOISE_CACHE"):
        checkpoint.write(FINISHED)
    assert checkpoint.read().validation_error == UNFINISHED.validation_error


def test_a_file_of_another_make_is_named(tmp_path, capsys):
    checkpoint = Checkpoint(tmp_path, "a cell")
    checkpoint.write(FINISHED)
    (file,) = tmp_path.glob("*.pt")
    torch.save(vars(FINISHED), file)
    assert checkpoint.read() == Curve()
    assert "damaged checkpoint" in capsys.readouterr().err
