"""NATS-Bench archives in fast mode, read by us and by the official package."""

import io
import math
import os
import pickle
import shutil
import tarfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
from nats_bench import create
from official_archives import SEEDS, made_nats_folder, made_results, write_compressed

from equipoise.harness.core.errors import DataError
from equipoise.harness.data.official import nats_bench
from equipoise.harness.data.official.arch_results import SPLITS
from equipoise.harness.data.official.record import Record
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.harness.spaces.nats_sss import NatsSss

TSS, SSS = NasBench201(), NatsSss()
TEXTS = [TSS.format(cell) for cell in TSS.sample(np.random.default_rng(0), 3)]
EPOCHS = {"12": 12, "200": 200}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_nats_folder(tmp_path_factory.mktemp("nats") / "NATS-tss-simple", TEXTS, range(3), EPOCHS)


@pytest.fixture
def damaged(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def packed(folder: Path, path: Path, *more: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w") as archive:
        archive.add(folder, folder.name)
        for member in more:
            archive.addfile(member, io.BytesIO(b"x" * member.size))
    return path


def test_every_run_is_what_the_official_package_answers(folder: Path) -> None:
    api = create(str(folder), "tss", fast_mode=True, verbose=False)
    found = list(nats_bench.records(folder))
    assert len(found) == 3 * 2 * sum(len(SEEDS[splits.trained]) for splits in SPLITS.values())
    for record in found:
        text, splits = TSS.format(record.architecture), SPLITS[record.dataset]
        hp = {"hp": str(record.fidelity)}
        official = api.get_more_info(text, splits.trained, is_random=record.seed, **hp)
        assert 100 - 100 * record.validation_error == pytest.approx(official["valid-accuracy"])
        assert record.train_seconds == pytest.approx(official["train-all-time"])
        of_run = record.seed if splits.tested == splits.trained else False
        tested = api.get_more_info(text, splits.tested, is_random=of_run, **hp)
        assert 100 - 100 * record.test_error == pytest.approx(tested["test-accuracy"])


def test_what_a_query_costs_is_what_the_official_package_simulates(folder: Path) -> None:
    api = create(str(folder), "tss", fast_mode=True, verbose=False)
    for text in TEXTS:
        _, _, seconds, _ = api.simulate_train_eval(text, "cifar100", hp="12")
        (record,) = (
            r
            for r in nats_bench.records(folder)
            if (r.dataset, r.fidelity, TSS.format(r.architecture)) == ("cifar100", 12, text)
        )
        assert record.cost_seconds == pytest.approx(seconds)


def test_the_curve_holds_every_epoch_of_the_longest_training(folder: Path) -> None:
    curve = [r for r in nats_bench.records(folder, curve=True) if r.dataset == "cifar10-curve"]
    assert len(curve) == 3 * 3 * 200
    ends = {(r.architecture, r.seed): r for r in curve if r.fidelity == 200}
    api = create(str(folder), "tss", fast_mode=True, verbose=False)
    for r in nats_bench.records(folder):
        if r.dataset == "cifar10" and r.fidelity == 200:
            end = ends[r.architecture, r.seed]
            assert end.validation_error == r.validation_error
            assert end.train_seconds == pytest.approx(r.train_seconds)
    middle = next(r for r in curve if r.fidelity == 77 and r.seed == 888)
    official = api.get_more_info(TSS.format(middle.architecture), "cifar10-valid", iepoch=76, hp="200", is_random=888)
    assert 100 - 100 * middle.validation_error == pytest.approx(official["valid-accuracy"])
    assert middle.train_seconds == pytest.approx(official["train-all-time"])
    assert all(math.isnan(r.test_error) for r in curve)


def test_the_size_space_has_three_trainings(tmp_path: Path) -> None:
    texts = [SSS.format(network) for network in SSS.sample(np.random.default_rng(1), 2)]
    made = made_nats_folder(tmp_path / "NATS-sss-simple", texts, [0, 1], {"01": 1, "12": 12, "90": 90})
    assert nats_bench.recognises(made)
    assert nats_bench.space_of(made) == SSS
    found = list(nats_bench.records(made))
    assert {r.fidelity for r in found} == {1, 12, 90}
    api = create(str(made), "sss", fast_mode=True, verbose=False)
    for r in found:
        if r.dataset == "imagenet16-120":
            text = SSS.format(r.architecture)
            official = api.get_more_info(text, "ImageNet16-120", hp=f"{r.fidelity:02d}", is_random=r.seed)
            assert 100 - 100 * r.test_error == pytest.approx(official["test-accuracy"])


def test_a_tar_is_read_as_its_folder(folder: Path, tmp_path: Path) -> None:
    archive = packed(folder, tmp_path / "NATS-tss-v1_0-3ffb9-simple.tar")
    assert nats_bench.recognises(archive)
    assert repr(list(nats_bench.records(archive))) == repr(list(nats_bench.records(folder)))


def _reads(path: Path, words: str) -> None:
    with pytest.raises(DataError, match=words) as raised:
        list(nats_bench.records(path))
    assert "\n" not in str(raised.value)
    assert path.name in str(raised.value)


def test_members_outside_the_archive_are_refused(folder: Path, tmp_path: Path) -> None:
    link = tarfile.TarInfo("a/000000.pickle.pbz2")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    for number, member in enumerate((tarfile.TarInfo("../000001.pickle.pbz2"), tarfile.TarInfo("/meta"), link)):
        _reads(packed(folder, tmp_path / f"NATS{number}.tar", member), "outside the archive")


def test_a_broken_tar_is_named(folder: Path, tmp_path: Path) -> None:
    archive = packed(folder, tmp_path / "NATS.tar")
    whole = archive.read_bytes()
    for content in (b"", b"<html>quota exceeded</html>", whole[: len(whole) // 2]):
        archive.write_bytes(content)
        _reads(archive, "damaged|missing")


def _rewritten(folder: Path, change) -> Path:
    stored = {name: made_results(np.random.default_rng(0), 1, TEXTS[1], number) for name, number in EPOCHS.items()}
    change(stored)
    write_compressed(folder / "000001.pickle.pbz2", stored)
    return folder


class Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.path}",)


def test_a_forbidden_name_is_refused_and_nothing_runs(damaged: Path, tmp_path: Path) -> None:
    _reads(_rewritten(damaged, lambda s: s["200"].update(arch_index=Bomb(tmp_path / "harm"))), "not on the allow-list")
    assert not (tmp_path / "harm").exists()


def test_ordered_dictionaries_and_numpy_scalars_are_read(damaged: Path, folder: Path) -> None:
    def change(stored) -> None:
        run = stored["12"]["all_results"]["cifar100", 777]
        run["train_times"] = OrderedDict(run["train_times"])
        run["eval_acc1es"] = {key: np.float64(value) for key, value in run["eval_acc1es"].items()}

    assert len(list(nats_bench.records(_rewritten(damaged, change)))) == len(list(nats_bench.records(folder)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: s.pop("12"), "not the results of an architecture"),
        (lambda s: s["12"].update(arch_str=TEXTS[0]), "say they are of"),
        (lambda s: s["12"]["dataset_seed"].pop("cifar100"), "not as the format says"),
        (lambda s: s["12"]["all_results"].pop(("cifar10", 888)), "not as the format says"),
        (lambda s: s["12"]["all_results"]["cifar100", 777].update(seed=888), "says seed 888"),
        (lambda s: s["12"]["all_results"]["cifar100", 777].update(epochs=200), "says seed 777 and 200 epochs"),
        (lambda s: s["12"]["all_results"]["cifar100", 777]["eval_acc1es"].update({"x-valid@11": math.nan}), "is nan"),
        (lambda s: s["12"]["all_results"]["cifar100", 777]["eval_acc1es"].update({"x-test@11": 101.0}), "is 101.0"),
        (lambda s: s["12"]["all_results"]["cifar100", 777]["eval_acc1es"].pop("x-valid@11"), "not as the format says"),
    ],
)
def test_results_that_are_not_of_the_format_are_refused(damaged: Path, change, words: str) -> None:
    _reads(_rewritten(damaged, change), words)


def test_a_pickle_of_something_else_is_refused(damaged: Path) -> None:
    write_compressed(damaged / "000001.pickle.pbz2", [1, 2])
    _reads(damaged, "not the results of an architecture")


def test_broken_members_are_named(damaged: Path) -> None:
    member = damaged / "000001.pickle.pbz2"
    whole = member.read_bytes()
    for content in (b"", whole[: len(whole) // 2], b"<html>", whole[:200] + b"\0" * 50 + whole[250:]):
        member.write_bytes(content)
        _reads(damaged, "000001")
    member.unlink()
    _reads(damaged, "000001.pickle.pbz2 is missing")


@pytest.mark.parametrize(
    ("meta", "words"),
    [
        ({"meta_archs": TEXTS}, "not the list"),
        ({"meta_archs": [], "evaluated_indexes": set()}, "lists architectures twice"),
        ({"meta_archs": [TEXTS[0]] * 3, "evaluated_indexes": {0}}, "lists architectures twice"),
        ({"meta_archs": TEXTS, "evaluated_indexes": {7}}, "no architecture for"),
        ({"meta_archs": ["1:2:3"], "evaluated_indexes": {0}}, "3 widths"),
    ],
)
def test_a_list_that_is_no_list_is_refused(damaged: Path, meta: object, words: str) -> None:
    write_compressed(damaged / "meta.pickle.pbz2", meta)
    _reads(damaged, words)


def test_what_would_unpack_to_too_much_is_refused(damaged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nats_bench, "MOST_BYTES", 10_000)
    _reads(damaged, "more than the accepted 10000 bytes")


def test_records_are_plain(folder: Path) -> None:
    for record in nats_bench.records(folder):
        assert pickle.loads(pickle.dumps(record)) == record
        assert isinstance(record, Record)
