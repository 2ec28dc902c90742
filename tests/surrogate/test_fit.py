"""Fitting, its scores, and the file."""

import io
import json
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_samples import noise, table

from equipoise.harness.cli.surrogate_command import fit_named
from equipoise.harness.core.errors import DataError, EquipoiseError, PluginError
from equipoise.harness.core.registry import load_space
from equipoise.harness.surrogate.fit import fit_surrogate
from equipoise.harness.surrogate.surrogate import Surrogate, _digest, read_header
from equipoise.harness.surrogate.surrogate_model import load_surrogate_model, surrogate_model_names
from equipoise.harness.tables.table import open_table

MODELS = ("gp", "trees")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return table(tmp_path_factory.mktemp("made") / "sample.parquet", "nasbench201", 300)


@pytest.fixture(scope="module", params=MODELS)
def fitted(request: pytest.FixtureRequest, sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp(request.param) / "it.npz"
    fit_named(str(sample), out, request.param, None, lambda _: None)
    return out


def test_the_surrogate_models_are_these() -> None:
    assert tuple(surrogate_model_names()) == MODELS
    with pytest.raises(PluginError, match="no surrogate model 'forest'"):
        load_surrogate_model("forest")


def test_an_imported_table_is_known_by_its_name(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `equipoise data import` prints it, from any folder."""
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=r"imported-sample\.parquet"):
        fit_named("imported-sample.parquet", tmp_path / "it.npz", "trees", None, lambda _: None)
    (tmp_path / "cache" / "tables").mkdir(parents=True)
    shutil.copy(sample, tmp_path / "cache" / "tables" / "imported-sample.parquet")
    fit_named("imported-sample.parquet", tmp_path / "it.npz", "trees", None, lambda _: None)
    assert (tmp_path / "it.npz").exists()


def test_it_ranks_what_it_has_not_seen(fitted: Path) -> None:
    header = read_header(fitted)
    assert [level.epochs for level in header.levels] == [5, 50]
    for level in header.levels:
        assert 20 <= level.scores.architectures <= 40
        assert level.scores.kendall_tau > 0.6
        assert level.scores.r2 > 0.6
    assert header.cost is not None
    assert header.cost.shares == pytest.approx((0.1, 1.0))


@pytest.mark.parametrize("model", MODELS)
def test_scores_are_honest_where_there_is_nothing_to_learn(tmp_path: Path, model: str) -> None:
    fitted = fit_surrogate(table(tmp_path / "noise.parquet", "nasbench201", 400, noise), model)
    scores = fitted.header.levels[-1].scores
    assert abs(scores.kendall_tau) < 0.35  # 40 values: four standard errors; on what was fitted it would be near 1
    assert scores.r2 < 0.3


def test_the_scores_can_be_computed_again_from_the_file(fitted: Path, sample: Path) -> None:
    from scipy.stats import kendalltau, spearmanr

    model, source = Surrogate.load(fitted), open_table(sample)
    rng = np.random.default_rng(model.header.seed)
    space = source.header.space
    classes = list(dict.fromkeys(map(space.canonical, source.architectures)))
    chosen = {classes[number] for number in rng.permutation(len(classes))[: round(0.1 * len(classes))]}
    held = [row for row, a in enumerate(source.architectures) if space.canonical(a) in chosen]
    true = source.columns["mean"][-1, held]
    predicted = model.header.levels[-1].transform.inverse(
        model.predict([source.architectures[row] for row in held]).centre
    )
    scores = model.header.levels[-1].scores
    assert scores.architectures == len(held)
    assert scores.kendall_tau == pytest.approx(kendalltau(true, predicted).statistic)
    assert scores.spearman_rho == pytest.approx(spearmanr(true, predicted).statistic)
    assert scores.r2 == pytest.approx(1 - np.mean((true - predicted) ** 2) / np.var(true))
    assert model.header.fitted == len(source.architectures) - len(held)


def test_the_noise_covers_what_was_held_out(fitted: Path, sample: Path) -> None:
    """By construction 68 % of the held-out values lie within one width; of all values, more than half must."""
    model, source = Surrogate.load(fitted), open_table(sample)
    found = model.predict(source.architectures)
    true = model.header.levels[-1].transform.transform(np.asarray(source.columns["mean"][-1]))
    assert 0.5 < np.mean(np.abs(true - found.centre) <= found.spread) <= 1


def test_a_fit_repeats_bit_for_bit(fitted: Path, sample: Path) -> None:
    header = read_header(fitted)
    again = fit_surrogate(sample, header.model).save(fitted.with_name("again.npz"))
    assert again.header.digest == header.digest
    assert fitted.with_name("again.npz").read_bytes() == fitted.read_bytes()


def test_another_seed_is_another_split(sample: Path) -> None:
    one, other = (fit_surrogate(sample, "gp", seed).header.levels[-1].scores for seed in (0, 1))
    assert one != other


def test_the_file_reads_back_without_pickles(fitted: Path) -> None:
    model = Surrogate.load(fitted)
    copy = model.save(fitted.with_name("copy.npz"))
    assert copy.header == model.header
    with zipfile.ZipFile(fitted) as archive:
        for name in archive.namelist():
            header = archive.read(name)[:128]
            assert b"|O" not in header, f"{name} holds Python objects"
    some = load_space("nasbench201")().sample(np.random.default_rng(0), 5)
    assert np.array_equal(Surrogate.load(fitted).predict(some).centre, model.predict(some).centre)


def test_files_of_the_first_version_are_read(fitted: Path, tmp_path: Path) -> None:
    """They say technique and warp; their digest is that of the header as it was written."""
    with np.load(fitted) as archive:
        arrays = {name: archive[name] for name in archive.files}
    content = json.loads(bytes(arrays.pop("header")))
    old = {**content, "format": "equipoise-surrogate/1", "technique": content["model"], "digest": ""}
    old.pop("model")
    for one in (*old["levels"], old["cost"]):
        one["warp"] = one.pop("transform")
    old["digest"] = _digest(old, arrays)
    header = np.frombuffer(json.dumps(old).encode(), dtype=np.uint8)
    np.savez(tmp_path / "old.npz", header=header, **arrays)
    read, current = Surrogate.load(tmp_path / "old.npz"), Surrogate.load(fitted)
    assert replace(read.header, digest="") == replace(current.header, digest="")
    some = load_space("nasbench201")().sample(np.random.default_rng(0), 5)
    assert np.array_equal(read.predict(some).centre, current.predict(some).centre)


def _with_header(path: Path, **changes: object) -> bytes:
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    content = {**json.loads(bytes(arrays.pop("header"))), **changes}
    sink = io.BytesIO()
    np.savez(sink, header=np.frombuffer(json.dumps(content).encode(), dtype=np.uint8), **arrays)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda path: b"", "cannot be read as a surrogate"),
        (lambda path: b"<!doctype html>", "cannot be read as a surrogate"),
        (lambda path: path.read_bytes()[:-200], "cannot be read as a surrogate"),
        (lambda path: _with_header(path, format="other/1"), "expected format equipoise-surrogate/2"),
        (lambda path: _with_header(path, levels=[{}]), "missing or of the wrong kind"),
        (lambda path: _with_header(path, fitted=7), "digest does not agree"),
        (lambda path: _with_header(path, table={"format": "x"}), "table header"),
    ],
    ids=["empty", "page", "cut", "format", "levels", "changed", "table"],
)
def test_damaged_files_are_one_clear_error(fitted: Path, tmp_path: Path, damage, words: str) -> None:
    (tmp_path / "damaged.npz").write_bytes(damage(fitted))
    with pytest.raises(DataError, match=words) as raised:
        Surrogate.load(tmp_path / "damaged.npz")
    assert "damaged.npz" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_pickle_in_the_file_is_not_executed(tmp_path: Path) -> None:
    np.savez(tmp_path / "evil.npz", header=np.array([{"a": 1}], dtype=object))
    with pytest.raises(DataError, match="cannot be read as a surrogate"):
        read_header(tmp_path / "evil.npz")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("{sample}", None, None, None), "--out is missing"),
        (("{sample}", "it.pkl", None, None), "give the .npz file"),
        (("{sample}", "it.npz", "forest", None), "no surrogate model 'forest'"),
        (("{sample}", "it.npz", None, -1), "--seed -1 is not a whole number"),
        (("absent.parquet", "it.npz", None, None), "absent.parquet: cannot be read"),
        (("{small}", "it.npz", None, None), "50 architectures; a surrogate needs 100"),
        (("{equal}", "it.npz", None, None), "all values are equal"),
        (("nasbench201/cifar10", None, None, None), "no surrogate that is fitted here"),
        (("nasbench101-surrogate/cifar10", None, "gp", None), "--model gp"),
        (("nasbench101-surrogate/cifar10", None, None, None), "equipoise data fetch nasbench101-sample"),
        (("nowhere/cifar10", None, None, None), "no benchmark 'nowhere'"),
    ],
    ids=["no-out", "suffix", "model", "seed", "absent", "small", "equal", "table", "option", "unfetched", "name"],
)
def test_what_cannot_be_fitted_is_one_clear_error(
    arguments: tuple[str | int | None, ...], words: str, sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "cache"))
    made = {
        "{sample}": lambda: sample,
        "{small}": lambda: table(tmp_path / "small.parquet", "nasbench201", 50),
        "{equal}": lambda: table(tmp_path / "equal.parquet", "nasbench201", 120, lambda *_: 0.25),
    }
    name, out, model, seed = arguments
    name = str(made[name]()) if name in made else name
    with pytest.raises(EquipoiseError, match=words) as raised:
        fit_named(name, out and Path(out), model, seed, lambda _: None)
    assert "\n" not in str(raised.value)
    assert not list(tmp_path.glob("it.*"))


def test_joined_trees_predict_what_each_member_predicts() -> None:
    from equipoise.harness.surrogate.models import trees

    rng = np.random.default_rng(0)
    features = rng.random((60, 4), dtype=np.float32)
    members = [trees._fitted(features, features[:, 0] - 0.5, rng) for _ in range(3)]
    joined = trees._joined(members).inplace_predict(features)
    assert np.array_equal(joined, np.stack([member.inplace_predict(features) for member in members], axis=1))
    assert not np.array_equal(joined[:, 0], joined[:, 1])
