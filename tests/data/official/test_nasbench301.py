"""The archive of NAS-Bench-301: folders and zip files, pickles that run nothing, and damage."""

import json
import pickle
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from damaged_zips import WRONG, write_wrong_zip
from nasbench301_archives import add_ensemble, add_graph_ensemble

from equipoise.harness.core.errors import DataError
from equipoise.harness.data.official.nasbench301 import ensembles, recognises
from equipoise.harness.surrogate.nasbench301.ensembles import join

OF_2020 = Path(__file__).with_name("nasbench301_of_2020.zip")
"""Models pickled by XGBoost 1.4.2 and LightGBM 2.3.1, of the years of the official archive, with their predictions."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "nb_models"
    add_ensemble(root, "xgb_v1.0", "xgb", (2, 3))
    add_ensemble(root, "lgb_runtime_v1.0", "lgb_time", (2, 2))
    add_graph_ensemble(root)
    return root


class Evil:
    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (Path("evil"),)


def test_pickles_of_the_years_of_the_archive_predict_what_they_did_then() -> None:
    told = json.loads(zipfile.ZipFile(OF_2020).read("predictions.json"))
    found = list(ensembles(OF_2020))
    assert [(one.name, one.library, one.runtime) for one in found] == [
        ("lgb_runtime_v0.9", "lightgbm", True),
        ("xgb_v0.9", "xgboost", False),
    ]
    for one in found:
        predicted = join(one, "here").predict(np.array(told["vectors"]))
        assert predicted.tolist() == told[{"xgboost": "xgb", "lightgbm": "lgb"}[one.library]]


def test_a_folder_and_its_zip_hold_the_same(folder: Path) -> None:
    packed = Path(shutil.make_archive(str(folder), "zip", folder.parent, folder.name))
    assert recognises(folder)
    assert recognises(packed)
    assert [one.pickles for one in ensembles(folder)] == [one.pickles for one in ensembles(packed)]
    assert [one.name for one in ensembles(folder)] == ["lgb_runtime_v1.0", "xgb_v1.0"]  # the graph one left alone


def test_other_files_are_not_recognised(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("plain")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("a/b.json", "{}")
    assert not any(map(recognises, (tmp_path, tmp_path / "plain", tmp_path / "other.zip", tmp_path / "absent")))


def test_a_pickle_that_would_run_something_is_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (folder / "xgb_v1.0/ensemble_member_1/surrogate_model.model").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(DataError, match="not on the allow-list; nothing was run"):
        list(ensembles(folder))
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<html>", "not a readable pickle"),
        (pickle.dumps({"handle": b""}), "holds no model of xgboost"),
        (b"", "not a readable pickle"),
    ],
)
def test_a_damaged_member_is_said(folder: Path, content: bytes, said: str) -> None:
    (folder / "xgb_v1.0/ensemble_member_1/surrogate_model.model").write_bytes(content)
    with pytest.raises(DataError, match=said):
        list(ensembles(folder))


def test_a_truncated_member_is_said(folder: Path) -> None:
    file = folder / "xgb_v1.0/ensemble_member_1/surrogate_model.model"
    file.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(DataError, match="not a readable pickle"):
        list(ensembles(folder))


def test_a_member_without_its_setting_is_said(folder: Path) -> None:
    (folder / "xgb_v1.0/ensemble_member_1/model_config.json").unlink()
    with pytest.raises(DataError, match=r"model_config.json is missing"):
        list(ensembles(folder))
    (folder / "xgb_v1.0/ensemble_member_1/model_config.json").write_text("[]")
    with pytest.raises(DataError, match="does not say which model it is"):
        list(ensembles(folder))


def test_members_of_several_kinds_are_refused(folder: Path) -> None:
    (folder / "xgb_v1.0/ensemble_member_1/model_config.json").write_text('{"model": "lgb"}')
    with pytest.raises(DataError, match="of several kinds: lgb, xgb"):
        list(ensembles(folder))


def test_a_path_that_climbs_out_of_the_archive_is_refused(folder: Path, tmp_path: Path) -> None:
    packed = Path(shutil.make_archive(str(folder), "zip", folder.parent, folder.name))
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("../outside", "x")
    with pytest.raises(DataError, match="lies outside the archive; nothing was read"):
        list(ensembles(packed))


@pytest.mark.parametrize("wrong", WRONG)
def test_a_zip_that_cannot_be_read_is_said(tmp_path: Path, wrong: str) -> None:
    path = write_wrong_zip(tmp_path / "a.zip", wrong, "xgb/0/surrogate_model.model", "x")
    assert not recognises(path)
    with pytest.raises(DataError, match=r"a\.zip: "):
        list(ensembles(path))


def test_a_truncated_archive_is_said(folder: Path) -> None:
    packed = Path(shutil.make_archive(str(folder), "zip", folder.parent, folder.name))
    packed.write_bytes(packed.read_bytes()[:-100])
    with pytest.raises(DataError, match="damaged archive"):
        list(ensembles(packed))
