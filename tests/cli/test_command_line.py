import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from equipoise.harness.cli import listing
from equipoise.harness.cli import task_summary as cards
from equipoise.harness.core.errors import DataError
from equipoise.harness.core.registry import benchmarks, task_names

ROOT = Path(__file__).resolve().parents[2]


def equipoise(*arguments: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "equipoise", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


@pytest.mark.parametrize("what", ["methods", "tasks", "suites"])
def test_lists_are_json_objects_with_the_promised_keys(what: str) -> None:
    ran = equipoise("list", what, "--json")
    assert ran.returncode == 0, ran.stderr
    entries = json.loads(ran.stdout)
    assert entries
    for entry in entries:
        assert {"name", "family", "source", "skip"} <= set(entry)
    names = [entry["name"] for entry in entries]
    assert len(set(names)) == len(names)
    in_words = equipoise("list", what, "--long", "--all")
    assert in_words.returncode == 0
    listed = [line.split()[0] for line in in_words.stdout.splitlines() if line[:1].strip()]
    assert listed[what != "tasks" :] == names


@pytest.fixture(scope="module")
def entries() -> dict[str, dict[str, Any]]:
    return {entry["name"]: entry for entry in listing.entries("tasks")}


def test_every_task_has_a_card_that_tells_what_a_reader_must_know(entries) -> None:
    for name, entry in entries.items():
        card = cards.text(entry)
        assert card.splitlines()[0] == name
        assert all(
            f"\n  {words} " in card
            for words in ("space", "metric", "validation", "test", "noise", "optimum", "licence")
        )
        assert entry["citation"].startswith("@"), name
        assert entry["validation_split"] or entry["surrogate"], name
        assert (entry["optimum"] is None) == (entry["optimum_source"] is None)
    known = entries["nasbench201/cifar10"]
    assert (known["space_size"], known["classes"], known["direction"]) == (15625, 5260, "maximise")
    assert known["test_split"] is None
    assert "the best of all 15,625 stored architectures" in known["optimum_source"]


def test_citations_are_well_formed_and_a_key_stands_for_one_entry(entries) -> None:
    of_key: dict[str, set[str]] = {}
    for citation in {entry["citation"] for entry in entries.values()}:
        for entry in re.split(r"\n(?=@)", citation):
            assert entry.count("{") == entry.count("}"), entry
            assert {"title", "author", "year"} <= set(re.findall(r"^  (\w+) = \{", entry, re.MULTILINE)), entry
            match = re.match(r"@(?:inproceedings|article|misc)\{(\w+),\n", entry)
            assert match, entry
            title = re.search(r"title = \{(.*?)\},\n  \w", entry, re.DOTALL)
            assert title, entry
            of_key.setdefault(match[1], set()).add("".join(re.findall(r"\w", title[1])).lower())
    assert {key: titles for key, titles in of_key.items() if len(titles) > 1} == {}


def test_the_page_of_cards_holds_each_task_and_nothing_unescaped(tmp_path: Path) -> None:
    page = cards.page()
    names = [name for benchmark in benchmarks() for name in task_names(benchmark)]
    assert all(page.count(f'<section id="{name}">') == 1 for name in names)
    assert "<sage" not in page
    assert page.count("<section") == page.count("</section>") == len(names)


def test_families_are_as_the_methods_declare_them() -> None:
    families = {entry["name"]: entry["family"] for entry in json.loads(equipoise("list", "methods", "--json").stdout)}
    assert families["random_search"] == "baseline"
    assert families["regularized_evolution"] == families["local_search"] == families["momentum_local_search"] == "nas"
    assert families["smac"] == families["tpe"] == families["gp_bo"] == "hpo"


def test_check_tells_what_failed(tmp_path: Path) -> None:
    assert equipoise("check", "local_search").returncode == 0
    path = tmp_path / "mine.py"
    path.write_text(
        "from equipoise.harness.core.method import Method, Query\n"
        "class Mine(Method):\n"
        "    family = 'baseline'\n"
        "    source = 'me'\n"
        "    def ask(self): return Query((0,) * len(self.space.decisions))\n"
        "    def tell(self, observation): pass\n"
    )
    ran = equipoise("check", path)
    assert ran.returncode == 1
    assert "FAIL repeats with its seed" in ran.stdout
    assert "another seed gave the same proposals" in ran.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["list", "method"], ["did you mean 'methods'"]),
        (["run", "no_such_suite"], ["no suite file", "quick"]),
        (["run", "quick", "--queries", "0"], ["queries = 0"]),
        (["run", "quick", "--workers", "0"], ["workers = 0"]),
        (["run", "quick", "--cluster-config", "c.toml"], ["--cluster-config c.toml", "give --cluster too"]),
        (["explore", "results/nowhere"], ["no results folder 'results/nowhere'", "no benchmark 'results'"]),
        (["explore", str(ROOT / "pyproject.toml")], ["pyproject.toml: a file; give the results folder"]),
        (["explore", "nasbench_20/*"], ["pattern 'nasbench_20/*' matches no task; did you mean 'nasbench201'"]),
        (["scores", "training/nasbench201/digits"], ["errors of its space are not all known"]),
        (["scores", "plugins_for_tests:GoodTask/plain"], ["offers no training-free score"]),
        (["run", "quick", "--only", "smack"], ["did you mean 'smac'"]),
        (["run", "quick", "--task", "cora"], ["--task cora", "nasbench_graph/cora"]),
        (["check", "no_such_method"], ["no method, task or space 'no_such_method'"]),
        (["check", "darst"], ["did you mean 'darts'"]),
        (["check", "darts"], ["is a method and a space", "check method darts, or check space darts"]),
        (["check", "nasbench101"], ["check space nasbench101, or check task nasbench101/DATASET"]),
        (["check", "method"], ["give one name"]),
        (["check", "metod", "darts"], ["no kind 'metod'; did you mean 'method'"]),
        (["check", "method", "nasbench101"], ["no method 'nasbench101'"]),
        (["new", "metod", "mine"], ["did you mean 'method'"]),
        (["new", "method", "my-method"], ["'my-method' is no name of a Python module"]),
        (["check", "plugins_for_tests:GoodTask"], ["name its data set too"]),
        (["status", "/nowhere"], ["manifest.json"]),
        (["verify", "/nowhere"], ["manifest.json"]),
        (["report", "/nowhere"], ["/nowhere"]),
    ],
)
def test_a_mistake_is_one_line_and_exit_status_2(arguments: list[str], words: list[str], tmp_path: Path) -> None:
    if arguments[0] == "run":
        arguments = [*arguments, "--out", str(tmp_path / "out")]
    ran = equipoise(*arguments)
    assert ran.returncode == 2, ran.stderr
    assert len(ran.stderr.strip().splitlines()) == 1, ran.stderr
    assert ran.stderr.startswith("equipoise: ")
    for word in words:
        assert word in ran.stderr
    assert not (tmp_path / "out").exists()


def test_a_space_can_be_checked(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("from equipoise.harness.spaces.nasbench201 import NasBench201\nclass Mine(NasBench201): pass\n")
    for name in (path, "equipoise.harness.spaces.nasbench201:NasBench201"):
        ran = equipoise("check", name)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert "all checks passed" in ran.stdout


def test_the_version_is_told() -> None:
    assert re.fullmatch(r"equipoise \d+\.\d+\S*\n", equipoise("--version").stdout)


def test_a_task_that_cannot_be_read_does_not_hide_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(task: object) -> None:
        raise DataError("cifar10.pkl: damaged")

    monkeypatch.setattr("equipoise.harness.benchmarks._trained_table.TrainedTableTask.skip", damaged)
    found = {entry["name"]: entry for entry in listing.entries("tasks")}
    assert found["nasbench201/cifar10"]["skip"] == "cifar10.pkl: damaged"
    assert "cifar10.pkl: damaged" in cards.text(found["nasbench201/cifar10"])
    assert found["nasbench_graph/cora"]["skip"] is None


def test_light_commands_import_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys, equipoise.harness.cli.main, equipoise.harness.cli.listing, equipoise.harness.cli.name_list\n"
        "import equipoise.harness.engine.session, equipoise.harness.engine.verify\n"
        "from equipoise.harness.core.registry import load_method, method_names\n"
        "[load_method(name) for name in method_names()]\n"
        "heavy = {'torch', 'smac', 'skopt', 'hyperopt', 'matplotlib', 'sklearn', 'pandas', 'pyarrow', 'scipy'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert ran.stdout.strip() == "[]", ran.stdout + ran.stderr


def test_packages_of_the_user_named_like_ours_stay_apart(tmp_path: Path) -> None:
    for name in ("harness", "methods", "reports", "suites"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise RuntimeError('the wrong package')")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    command = [sys.executable, "-m", "equipoise", "list", "methods"]
    ran = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "random_search" in ran.stdout
    assert "wrong package" not in ran.stdout
