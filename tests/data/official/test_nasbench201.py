"""The .pth of NAS-Bench-201, in both containers of torch.save, read by us and by the official package."""

import os
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from nas_201_api import NASBench201API
from official_archives import made_results

from equipoise.harness.core.errors import DataError
from equipoise.harness.data.official import nasbench201, streamed_pickle
from equipoise.harness.data.official.arch_results import SPLITS
from equipoise.harness.spaces.nasbench201 import NasBench201

SPACE = NasBench201()
TEXTS = [SPACE.format(cell) for cell in SPACE.sample(np.random.default_rng(0), 4)]


def made_content(number: int = 4) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    stored = {
        index: {
            "less": made_results(rng, index, text, 12),
            "full": made_results(rng, index, text, 200),
        }
        for index, text in enumerate(TEXTS[:number])
    }
    return {"meta_archs": TEXTS[:number], "arch2infos": stored, "evaluated_indexes": set(range(number))}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pth") / "NAS-Bench-201-v1_1-096897.pth"
    torch.save(made_content(), path, _use_new_zipfile_serialization=False)
    return path


def test_every_run_is_what_the_official_package_answers(file: Path) -> None:
    api = NASBench201API(torch.load(file, weights_only=False), verbose=False)
    found = list(nasbench201.records(file))
    assert len(found) == 4 * 2 * (3 + 1 + 2)
    for record in found:
        text, splits = SPACE.format(record.architecture), SPLITS[record.dataset]
        hp = str(record.fidelity)
        official = api.get_more_info(text, splits.trained, hp=hp, is_random=record.seed)
        assert 100 - 100 * record.validation_error == pytest.approx(official["valid-accuracy"])
        assert record.train_seconds == pytest.approx(official["train-all-time"])
        of_run = record.seed if splits.tested == splits.trained else False
        tested = api.get_more_info(text, splits.tested, hp=hp, is_random=of_run)
        assert 100 - 100 * record.test_error == pytest.approx(tested["test-accuracy"])


def test_the_container_of_torch_makes_no_difference(file: Path, tmp_path: Path) -> None:
    assert nasbench201.recognises(file)
    torch.save(made_content(), tmp_path / "zip.pth")
    assert zipfile.is_zipfile(tmp_path / "zip.pth")
    assert repr(list(nasbench201.records(tmp_path / "zip.pth"))) == repr(list(nasbench201.records(file)))


def drained(stream: Generator[Any, None, Any]) -> tuple[list[Any], Any]:
    """What a generator yields, and what it returns."""
    returned = []

    def passed_on() -> Iterator[Any]:
        returned.append((yield from stream))

    return list(passed_on()), returned[0]


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("window", [1, 1_000, 10_000_000])
def test_references_reach_back_however_little_is_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, window: int
) -> None:
    monkeypatch.setattr(streamed_pickle, "WINDOW", window)
    content = made_content(number)
    stream = streamed_pickle.entries(
        pickle.dumps(content, 2), 0, "made", {("__builtin__", "set"): set}, "arch2infos", lambda _: None
    )
    found, rest = drained(stream)
    assert found == list(content["arch2infos"].items())
    assert rest == {**content, "arch2infos": {}}


@pytest.mark.parametrize("code", [b"c", b"cbuiltins", b"cbuiltins\nset"])
def test_a_name_that_is_cut_off_ends_the_reading(code: bytes) -> None:
    data = b"\x80\x02}q\x00(X\x01\x00\x00\x00a" + code
    with pytest.raises(DataError, match="made"):
        drained(streamed_pickle.entries(data, 0, "made", {}, "a", lambda _: None))


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
        | st.lists(inner, max_size=4).map(tuple)
    ),
    max_leaves=12,
)


@settings(deadline=None, max_examples=50)
@given(
    st.dictionaries(st.integers(), st.dictionaries(st.text(max_size=3), PLAIN, min_size=1, max_size=4), max_size=4),
    PLAIN,
    st.sampled_from([1, 3, 1_000]),
)
def test_plain_data_is_unpickled_as_python_does(entries: dict[int, Any], other: Any, window: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streamed_pickle, "WINDOW", window)
        data = pickle.dumps({"other": other, "big": entries, "again": [other, other]}, 2)
        found, rest = drained(streamed_pickle.entries(data, 0, "made", {}, "big", lambda _: None))
    assert found == list(entries.items())
    assert rest == {"other": other, "big": {}, "again": [other, other]}


def _reads(path: Path, words: str) -> None:
    with pytest.raises(DataError, match=words) as raised:
        list(nasbench201.records(path))
    assert "\n" not in str(raised.value)
    assert path.name in str(raised.value)


def saved(path: Path, content: Any, zipped: bool = False) -> Path:
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    return path


def test_dictionaries_and_scalars_of_other_makes_are_read(tmp_path: Path) -> None:
    content = made_content(2)
    run = content["arch2infos"][1]["less"]["all_results"]["cifar100", 777]
    run["train_times"] = OrderedDict(run["train_times"])
    run["eval_acc1es"] = {key: np.float64(value) for key, value in run["eval_acc1es"].items()}
    assert len(list(nasbench201.records(saved(tmp_path / "a.pth", content)))) == 24


class Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.path}",)


@pytest.mark.parametrize("zipped", [False, True])
def test_a_forbidden_name_is_refused_and_nothing_runs(tmp_path: Path, zipped: bool) -> None:
    content = made_content(1)
    content["arch2infos"][0]["full"]["arch_index"] = Bomb(tmp_path / "harm")
    _reads(saved(tmp_path / "a.pth", content, zipped), "not on the allow-list")
    assert not (tmp_path / "harm").exists()


def test_a_broken_file_is_named(file: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    whole = file.read_bytes()
    for content, words in (
        (b"", "cannot be read"),
        (b"<html>quota exceeded</html>", "not a readable pickle"),
        (whole[: len(whole) // 2], "ends too early"),
        (whole[:-2_000], "ends too early"),
        (pickle.dumps(1) * 5, "not a file of torch.save"),
        (whole[:5_000] + b"\xff" * 50 + whole[5_050:], "damaged|not a readable pickle"),
    ):
        path.write_bytes(content)
        _reads(path, words)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", whole)
    _reads(path, "compressed")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/other", b"")
    _reads(path, "not a file of torch.save")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: c["arch2infos"][0].pop("less"), "holds no results"),
        (lambda c: c["arch2infos"].update({0: 3}), "is no dictionary"),
        (lambda c: c["arch2infos"][0]["full"].update(arch_str="|none~0|"), "holds no results"),
        (lambda c: c["arch2infos"][0]["less"].update(arch_str="other"), "say they are of other"),
        (lambda c: c.update(arch2infos=[1]), "holds no dictionary 'arch2infos'"),
    ],
)
def test_content_that_is_not_of_the_format_is_refused(tmp_path: Path, change, words: str) -> None:
    content = made_content(2)
    change(content)
    _reads(saved(tmp_path / "a.pth", content), words)
