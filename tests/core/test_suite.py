from pathlib import Path

import pytest

from equipoise.harness.core.errors import EquipoiseError, SuiteError
from equipoise.harness.core.registry import suites_folder
from equipoise.harness.core.run_spec import RunSpec, located
from equipoise.harness.core.suite import Suite

GOOD = """
name = "s"
[budget]
queries = 10
[protocol]
repeats = 2
seed = 1
[[tasks]]
name = "nasbench201/cifar10"
[[methods]]
name = "random_search"
"""


def load(tmp_path: Path, text: str) -> Suite:
    path = tmp_path / "s.toml"
    path.write_text(text)
    return Suite.load(path)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("queries = 10", "queries = 0", ["queries = 0", "positive"]),
        ("queries = 10", "querys = 10", ["querys", "did you mean 'queries'"]),
        ("queries = 10", "queries = 10\nepochs = 3", ["exactly one"]),
        ("[budget]\nqueries = 10", "budget = 10", ["[budget]"]),
        ("repeats = 2", "repeats = 0", ["repeats = 0"]),
        ("repeats = 2", "", ["repeats", "missing"]),
        ("seed = 1", "seed = -1", ["seed = -1"]),
        ("seed = 1", "seed = 1\nduplicates = 'fre'", ["duplicates = 'fre'", "did you mean 'free'"]),
        ("seed = 1", "seed = 1\nnoize = 'mean'", ["noize", "noise"]),
        ("cifar10", "cifar11", ["cifar11", "did you mean 'cifar10'"]),
        ("nasbench201/cifar10", "nasbench202/cifar10", ["nasbench202", "did you mean 'nasbench201'"]),
        ("nasbench201/cifar10", "nasbench201", ["names a benchmark"]),
        ("nasbench201/cifar10", "none*", ["matches no task"]),
        ('name = "random_search"', 'name = "random_serch"', ["did you mean 'random_search'"]),
        ('name = "random_search"', 'name = "random_search"\nsettings = {replace = true}', ["replace", "replacement"]),
        ('name = "random_search"', 'name = "random_search"\nsettings = 3', ["must be a table of keys", "got 3"]),
        ('name = "random_search"', 'name = "random_search"\nsettings = {replacement = 2020-01-01}',
         ["random_search: replacement = datetime.date(2020, 1, 1) cannot be stored; accepted: numbers, texts"]),
        ('name = "random_search"', 'name = "random_search"\nfamily = "hop"', ["family", "hpo"]),
        ('name = "random_search"', 'name = "random_search"\nrepeats = 1.5', ["repeats = 1.5"]),
        ('name = "random_search"', 'name = "random_search"\nknowledge = ["grph"]', ["'grph'", "did you mean 'graph'"]),
        ('name = "random_search"', 'name = "random_search"\nknowledge = "graph"', ["a list of decisions, legality"]),
        ('name = "random_search"', 'name = "random_search"\n[[methods]]\nname = "random_search"', ["twice", "label"]),
        ('name = "nasbench201/cifar10"', 'name = "nasbench201/cifar10"\n[[tasks]]\nname = "nasbench201/*"', ["twice"]),
        ('name = "s"', "nam = 's'", ["'nam'", "did you mean 'name'"]),
        ("[[methods]]\nname = \"random_search\"", "", ["'methods' is missing"]),
        ("seed = 1", "seed = = 1", ["TOML", "line 7"]),
        ('name = "s"', 'name = "../../x"', ["'../../x' is no name of a folder", "letters, digits"]),
        ('name = "s"', 'name = "/tmp/x"', ["'/tmp/x' is no name of a folder"]),
        ('name = "s"', 'name = ".."', ["'..' is no name of a folder"]),
        ('name = "s"', r'name = "a\u0000b"', [r"'a\x00b' is no name of a folder"]),
        ('name = "random_search"', 'name = "random_search"\n' r'label = "a\u0000b"', [r"'a\x00b'", "printable"]),
        ('name = "random_search"', 'name = "random_search"\n' r'label = "a\u001b[31m"', [r"a\x1b[31m", "printable"]),
        ('name = "random_search"', 'name = "random_search"\nlabel = " "', ["label = ' '", "printable"]),
        ("seed = 1", "seed = 1\nnoise = 'single'\n[[tasks]]\nname = 'nasbench_graph/cora'", ["noise", "mean"]),
    ],
)  # fmt: skip
def test_a_mistake_gives_one_line_that_names_it(tmp_path: Path, old: str, new: str, words: list[str]) -> None:
    from equipoise.harness.engine.session import run_suite

    assert old in GOOD
    path = tmp_path / "s.toml"
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(EquipoiseError) as raised:
        run_suite(Suite.load(path), tmp_path / "out", workers=1)
    message = str(raised.value)
    assert "\n" not in message
    for word in words:
        assert word in message
    assert not (tmp_path / "out").exists()


def test_a_suite_reads_back(tmp_path: Path) -> None:
    suite = load(tmp_path, GOOD)
    assert Suite.from_dict(suite.to_dict()) == suite


def test_the_shipped_suites_load() -> None:
    paths = sorted(suites_folder().glob("*.toml"))
    assert {"quick", "nasbench201", "nasbench_graph", "embedded"} <= {path.stem for path in paths}
    for path in paths:
        suite = Suite.load(path)
        assert suite.name == path.stem
        assert Suite.from_dict(suite.to_dict()) == suite


def test_a_wildcard_names_every_task(tmp_path: Path) -> None:
    suite = load(tmp_path, GOOD.replace("nasbench201/cifar10", "nasbench_graph/*"))
    assert len(suite.tasks) == 9


def test_run_ids_depend_on_everything_but_the_number_of_repeats(tmp_path: Path) -> None:
    first = next(load(tmp_path, GOOD).runs())
    assert next(load(tmp_path, GOOD.replace("repeats = 2", "repeats = 9")).runs()).run_id == first.run_id
    for old, new in (
        ("seed = 1", "seed = 2"),
        ("queries = 10", "queries = 11"),
        ("cifar10", "cifar100"),
        ("seed = 1", "seed = 1\nnoise = 'single'"),
        ('name = "random_search"', 'name = "random_search"\nsettings = {replacement = true}'),
    ):
        assert next(load(tmp_path, GOOD.replace(old, new)).runs()).run_id != first.run_id
    ids = [spec.run_id for spec in load(tmp_path, GOOD).runs()]
    assert len(set(ids)) == len(ids) == 2


def test_streams_are_independent_of_each_other_and_of_the_suite_around_them(tmp_path: Path) -> None:
    def draws(spec: RunSpec, stream: str) -> list[int]:
        return spec.rng(stream).integers(2**40, size=4).tolist()

    two = GOOD + '[[methods]]\nname = "random_search"\nlabel = "other"\n[[tasks]]\nname = "nasbench201/cifar100"\n'
    specs = list(load(tmp_path, two).runs())
    alone = next(load(tmp_path, GOOD).runs())
    assert draws(specs[0], "method") == draws(alone, "method")
    everything = [tuple(draws(spec, stream)) for spec in specs for stream in ("method", "noise")]
    assert len(set(everything)) == len(everything) == 16
    shared = {(spec.task, spec.repeat): draws(spec, "shared") for spec in specs}
    assert all(draws(spec, "shared") == shared[spec.task, spec.repeat] for spec in specs)
    assert len({tuple(values) for values in shared.values()}) == 4


def test_overrides(tmp_path: Path) -> None:
    suite = load(tmp_path, GOOD + 'repeats = 7\n[[methods]]\nname = "local_search"\n')
    changed = suite.changed(("random_search",), 3, 5)
    assert [method.label for method in changed.methods] == ["random_search"]
    assert len(list(changed.runs())) == 3
    assert changed.budget.queries == 5
    assert len(list(suite.runs())) == 9
    for only, repeats, queries in ((("nope",), None, None), ((), 0, None), ((), None, 0)):
        with pytest.raises(SuiteError):
            suite.changed(only, repeats, queries)


def test_a_changed_suite_reads_back(tmp_path: Path) -> None:
    """Else its manifest would lock the results out."""
    both = GOOD + '[[methods]]\nname = "local_search"\n'
    suite = load(tmp_path, 'focus = "local_search"\n' + both)
    assert Suite.from_dict(suite.to_dict()).focus == suite.changed(("local_search",)).focus == "local_search"
    alone = suite.changed(("random_search",))
    assert alone.focus == Suite.from_dict(alone.to_dict()).focus == ""
    with pytest.raises(SuiteError, match="focus = 'local': the suite has no such method"):
        load(tmp_path, 'focus = "local"\n' + both)


@pytest.mark.parametrize("where", ["seed = 1", 'name = "random_search"'])
def test_a_budget_of_queries_does_not_replace_epochs_where_training_goes_on(tmp_path: Path, where: str) -> None:
    text = GOOD.replace("queries = 10", "epochs = 400").replace(where, f"{where}\ncontinue_training = true")
    suite = load(tmp_path, text)
    assert suite.changed(repeats=1).budget == suite.budget
    with pytest.raises(SuiteError, match=r"the budget is 3 queries; set \[budget\] epochs .* leave --queries"):
        suite.changed(queries=3)


MINE = """
from equipoise.harness.core.method import Method, Query
class Mine(Method):
    family, source = "baseline", "me"
    def ask(self): return Query(self.space.sample(self.rng, 1)[0])
    def tell(self, observation): pass
"""


def test_paths_begin_at_the_suites_file_and_a_file_is_called_by_its_stem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from equipoise.harness.engine.session import run_suite
    from equipoise.harness.engine.verify import verify
    from equipoise.harness.store.run_store import RunStore
    from equipoise.reports.load import load as load_results

    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    (project / "plugins").mkdir(parents=True)
    elsewhere.mkdir()
    (project / "plugins" / "mine.py").write_text(MINE)
    (project / "s.toml").write_text(GOOD.replace('"random_search"', '"plugins/mine.py"'))
    ids = []
    for folder, path in ((project, "s.toml"), (elsewhere, "../project/s.toml")):
        monkeypatch.chdir(folder)
        suite = Suite.load(path)
        assert [method.label for method in suite.methods] == ["mine"]
        ids.append([spec.run_id for spec in suite.runs()])
        ran = run_suite(suite, tmp_path / folder.name / "out", workers=1)
        assert (ran.stored, ran.failures) == (2, ())
    assert ids[0] == ids[1]
    monkeypatch.chdir(tmp_path)
    assert set(RunStore(elsewhere / "out").frame()["method"]) == {"mine"}
    assert verify(elsewhere / "out", 1, lambda _: None) == 0
    assert load_results(elsewhere / "out").labels == ("mine",)


def test_a_folder_moves_paths_and_nothing_else() -> None:
    for name, moved in {
        "mine.py": "/s/mine.py",
        "plugins/mine.py/toy": "/s/plugins/mine.py/toy",
        "table:data/mine.csv": "table:/s/data/mine.csv",
        "/elsewhere/mine.py": "/elsewhere/mine.py",
        "table:/data/mine.csv": "table:/data/mine.csv",
        "random_search": "random_search",
        "nasbench201/cifar10": "nasbench201/cifar10",
        "package.module:Class": "package.module:Class",
        "package.module:Class/toy": "package.module:Class/toy",
    }.items():
        assert located(name, "/s") == moved
        assert located(name, "") == name


KEPT = {"quick": "c0036eb5dce46ef5a7ab", "nasbench201": "586bfcc36080fcd1a170", "training": "a9b45fea87ce51c809b0"}


def test_the_suites_that_ship_keep_the_identities_of_their_runs() -> None:
    """Results that are stored somewhere go on: no path, label or folder is part of them."""
    first = {path.stem: next(iter(Suite.load(path).runs())).run_id for path in suites_folder().glob("*.toml")}
    assert {name: first[name] for name in KEPT} == KEPT


def test_an_entry_overrides_what_an_invalid_proposal_costs() -> None:
    suite = Suite.load("nasbench101_invalid")
    rules = {method.label: suite.rules_of(method).invalid for method in suite.methods}
    assert rules["tpe, invalid penalised"] == rules["random_search"] == "penalise"
    assert rules["tpe, invalid redrawn"] == "redraw"
    again = Suite.from_dict({**suite.to_dict(), "folder": suite.folder})
    assert [run.run_id for run in again.runs()] == [run.run_id for run in suite.runs()]
    content = suite.to_dict()
    content["methods"][0]["invalid"] = "ignore"
    with pytest.raises(SuiteError, match="invalid = 'ignore'"):
        Suite.from_dict(content)


def test_a_folder_of_its_name_does_not_hide_a_suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hardware").mkdir()
    monkeypatch.chdir(tmp_path)
    assert Suite.load("hardware").name == "hardware"


def test_an_entry_tells_the_knowledge_of_its_settings() -> None:
    suite = Suite.load("knowledge")
    (plain,) = (method for method in suite.methods if method.label == "structural_gp, no graph")
    assert plain.knowledge == ("decisions", "legality", "isomorphism")
    told = suite.to_dict()
    assert Suite.from_dict(told) == suite
    entry = next(method for method in told["methods"] if method.get("label") == plain.label)
    del entry["knowledge"]
    silent = Suite.from_dict(told)
    assert [run.run_id for run in silent.runs()] == [run.run_id for run in suite.runs()]
