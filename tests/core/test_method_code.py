import sys
from pathlib import Path

import pytest

from equipoise.harness.core.local_classes import address_of
from equipoise.harness.core.method_code import code_of, code_of_class, sources_of
from equipoise.harness.core.registry import load_method

METHOD = """
from equipoise.harness.core.method import Method, Query
{imports}

class Mine(Method):
    family = "baseline"
    source = "the tests"

    def ask(self):
        {inner}
        return Query(self.space.sample(self.rng, 1)[0])

    def tell(self, observation):
        pass
"""


def fresh(path: Path) -> str:
    code_of_class.cache_clear()
    return code_of(load_method(str(path)))


def test_a_method_in_the_project_counts_with_what_it_shares() -> None:
    found = sources_of(load_method("bohb"))
    assert {"equipoise.methods.bohb", "equipoise.methods._shared.brackets"} <= set(found)
    assert all(name.startswith("equipoise.methods") for name in found)
    package = sources_of(load_method("graph_vae"))
    assert {"equipoise.methods.graph_vae", "equipoise.methods.graph_vae.model"} <= set(package)
    assert len({code_of(load_method(name)) for name in ("bohb", "hyperband", "random_search", "graph_vae")}) == 4
    assert "equipoise.methods.tpe" not in found


@pytest.mark.parametrize("inner", ["pass", "import helper", "from helper import value"])
def test_a_file_counts_with_what_it_imports_from_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inner: str
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    path = tmp_path / "mine.py"
    path.write_text(METHOD.format(imports="", inner=inner))
    for name in ("helper", "other", "inside"):
        (tmp_path / f"{name}.py").write_text("value = 1\n" + ("import inside\n" if name == "helper" else ""))
    before = fresh(path)
    assert len(before) == 16
    (tmp_path / "other.py").write_text("value = 2\n")
    assert fresh(path) == before
    (tmp_path / "inside.py").write_text("value = 2\n")
    assert (fresh(path) != before) == (inner != "pass")
    now = fresh(path)
    (tmp_path / "helper.py").write_text("value = 3\n")
    assert (fresh(path) != now) == (inner != "pass")
    path.write_text(path.read_text() + "\n# edited\n")
    assert fresh(path) != now


def test_two_files_of_one_name_are_two_methods(tmp_path: Path) -> None:
    found = []
    for folder, inner in (("one", "pass"), ("other", "1 + 1")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.py").write_text(METHOD.format(imports="", inner=inner))
        found.append(load_method(str(tmp_path / folder / "mine.py")))
    assert [Path(address_of(cls)).parent.name for cls in found] == ["one", "other"]
    assert len({code_of(cls) for cls in found}) == 2
    assert b"1 + 1" in sources_of(found[1])["mine"]
    assert b"1 + 1" not in sources_of(found[0])["mine"]


def test_a_package_counts_as_far_as_it_is_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    package = tmp_path / "made_package"
    (package / "deep").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "deep" / "__init__.py").write_text("from . import beside\n")
    (package / "deep" / "beside.py").write_text("from ..above import value\n")
    (package / "above.py").write_text("value = 1\n")
    (package / "unused.py").write_text("value = 1\n")
    (package / "method.py").write_text(METHOD.format(imports="from .deep import beside", inner="pass"))
    found = sources_of(load_method("made_package.method:Mine"))
    parts = ("", ".method", ".deep", ".deep.beside", ".above")
    assert set(found) == {f"made_package{part}" for part in parts}
    for name in [name for name in sys.modules if name.startswith("made_package")]:
        del sys.modules[name]


def test_versions_of_declared_packages_count(monkeypatch: pytest.MonkeyPatch) -> None:
    cls = load_method("tpe")
    code_of_class.cache_clear()
    before = code_of(cls)
    monkeypatch.setattr("importlib.metadata.version", lambda name: "0")
    code_of_class.cache_clear()
    assert code_of(cls) != before
    code_of_class.cache_clear()


def test_a_class_without_source_has_no_digest() -> None:
    made: dict[str, type] = {}
    exec("class Mine: pass", {"__name__": "__main__"}, made)
    assert code_of(made["Mine"]) == ""
