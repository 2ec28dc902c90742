"""The tuning of methods by one procedure."""

from argparse import Namespace
from pathlib import Path

import pytest

from equipoise.harness.core.method import settings_of
from equipoise.harness.core.registry import load_method, method_names, suites_folder
from equipoise.harness.core.suite import Suite
from studies.tuning import RANGES, TASK, earlier, main, regret, tuned, written


def test_the_best_of_the_draws_and_the_defaults_is_kept() -> None:
    settings, best, usual = tuned("tabular_reinforce", draws=6, queries=60, repeats=2)
    assert best <= usual == regret("tabular_reinforce", {}, 60, 2)
    assert best == regret("tabular_reinforce", settings, 60, 2)
    assert tuned("tabular_reinforce", draws=6, queries=60, repeats=2) == (settings, best, usual)


def test_ranges_name_settings_that_methods_have() -> None:
    assert set(RANGES) <= set(method_names())
    for name, ranges in RANGES.items():
        settings_of(load_method(name), dict.fromkeys(ranges), name)


def test_a_later_call_keeps_what_an_earlier_one_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "tuned.toml"
    few = ["--settings", "3", "--repeats", "1", "--queries", "20", "--out", str(path), "--only"]
    main([*few, "local_search"])
    first = earlier(path)
    main([*few, "asng"])
    assert capsys.readouterr().out.count("defaults") >= 2
    both = earlier(path)
    assert both["local_search"] == first["local_search"]
    assert list(both) == ["local_search", "asng"]
    suite = Suite.load(path)
    assert TASK not in suite.tasks
    assert len(suite.tasks) == 12
    assert {method.label for method in suite.methods} == {"local_search", "local_search, tuned", "asng", "asng, tuned"}


def test_the_suite_that_ships_was_written_by_it() -> None:
    suite = Suite.load("tuned")
    assert TASK not in suite.tasks
    for method in suite.methods:
        settings_of(load_method(method.name), method.settings, method.label)
    usual = [method.name for method in suite.methods if "tuned" not in method.label]
    assert [method.name for method in suite.methods if "tuned" in method.label] == usual
    path = suites_folder() / "tuned.toml"
    text = path.read_text(encoding="utf-8")
    assert written(earlier(path), Namespace(settings=20, queries=100, repeats=10)) == text
    assert text.startswith(f"# {len(usual)} methods at their defaults and at settings tuned by one procedure")
