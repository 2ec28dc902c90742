"""The field's words: terms that the code once had of its own stay gone, and docstrings begin as they should."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SCOPE = (
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "README.md",
    "docs",
    "equipoise/__init__.py",
    "equipoise/api",
    "equipoise/testing.py",
    "examples",
    "harness",
    "methods",
    "pyproject.toml",
    "reports",
    "speed",
    "studies",
    "suites",
    "tests/conformance",
    "tests/spaces",
    "tests/studies",
    "tests/surrogate",
    "tests/tables",
    "tests/training",
    "tox.ini",
)
"""Files and folders that are checked."""

SUFFIXES = (".ini", ".ipynb", ".j2", ".md", ".py", ".toml", ".txt")

GENERATED = ("docs/derived", "docs/examples")

UNITS = (
    "architecture|axis|batch|bin|block|cell|class|cluster|column|copy|decision|edge|entry|epoch|fidelity|file|generation|"
    "genotype|group|hour|image|key|layer|level|line|member|method|micro-?second|model|name|network|node|option|page|pair|"
    "parameter|piece|point|process|proposal|query|record|repeat|replica|round|row|run|second|seed|space|step|target|task|"
    "training|way|worker"
)
"""Nouns that the distributive article stood before: "one row a query"."""

WORDS = {
    r"techniques?": "surrogate model",
    r"warp(s|ed)?|unwarp(s|ed)?": "target transform",
    r"\.forth\(|\.back\(": "transform, inverse",
    r"recipes?": "training configuration",
    r"(?:several|independent|training) copies|copies(?: side by side| of (?:a|one) network| train|:| \*)": "replicas",
    r"skeletons?": "macro architecture",
    r"usual_encoding": "default_encoding",
    r"anew": "again, afresh; ignore_cache",
    r"shortfall": "unspent budget",
    r"play(s|ed|ing|able)?": "run, evaluate",
    r"MADE|Made[A-Z]\w*|made_(?:error|landscapes?|run|results|nats|pth|tfrecord)": "toy, synthetic, locally trained",
    r"(data )?cards?": "TaskInfo, dataset summary",
    r"parted": "split",
    r"(?:tails?|differences?|values?)(?: are)? drawn (?:in|out)": "compressed, stretched",
    r"way back": "backward pass",
    r"rivals?": "baselines",
    r"carr(y|ies|ied|ying) on": "contributing",
    r"unmet|lacking_needs": "missing()",
    r"simulated seconds": "simulated training time",
    r"law of random search": "exact random-search baseline",
    r"false alarms?": "false positives",
    r"(?:(?:one|a) (?!(?:of|in|on|to|as|at|for|from|with|by|is|than|that|which|and|or)\b)\w+|"
    rf"images|batches|rows|trees|files|seconds|nats|digits) an? (?:{UNITS})": "per, not the distributive article",
}
"""A pattern, matched as a whole word whatever its case, and the term to use instead."""

EXCLUDED = {
    ("skeleton", "nasbench201"): "NAS-Bench-201 calls its macro architecture a skeleton",
    ("skeleton", "tests/training"): "tests of NAS-Bench-201 networks",
    ("skeleton", "harness/training/setup.py"): "a key of stored files",
    ("skeleton", "harness/training/tabulate.py"): "a key of stored files",
    ("skeleton", "harness/training/architecture_gradient.py"): "measured on the skeleton of NAS-Bench-201",
    ("recipe", "harness/training/setup.py"): "a key of stored files",
    ("recipe", "harness/training/tabulate.py"): "a key of stored files",
    ("anew", "suites/"): "part of the label of a method, on which its random numbers depend",
    ("one round a generation", "suites/"): "a label too",
    ("technique", "CHANGELOG.md"): "the former name of an option",
    ("recipe", "CHANGELOG.md"): "a former name",
    ("card", "CHANGELOG.md"): "the former name of a command",
    ("technique", "reports/sections/provenance.py"): "a key of stored manifests",
    ("made", "tests/"): "shared helpers of the tests",
    ("played", "tests/studies/test_space_tables.py"): "likewise",
    ("card", "harness/cli/data_commands.py"): "the former name of a command",
    ("technique", "harness/cli/main.py"): "the former name of an option",
    ("technique", "harness/store/task_data.py"): "a key of stored manifests",
    ("shortfall", "harness/store/run_file_reader.py"): "a key of the first version of the format",
    ("technique", "harness/surrogate/__init__.py"): "a key of the first version of the format",
    ("technique", "harness/surrogate/surrogate.py"): "a key of the first version of the format",
    ("technique", "harness/surrogate/nasbench301/vector.py"): "a parameter of Auto-PyTorch",
    ("technique", "tests/surrogate/test_fit.py"): "a key of the first version of the format",
    ("warp", "harness/surrogate/__init__.py"): "a key of the first version of the format",
    ("warp", "harness/surrogate/surrogate.py"): "a key of the first version of the format",
    ("warp", "tests/surrogate/test_fit.py"): "a key of the first version of the format",
}
"""(word, part of a path) where it is right, and why."""


def files_of(root: Path) -> list[Path]:
    """The checked files, this one excepted: it lists the words."""
    found = [
        path for name in SCOPE for path in ([root / name] if (root / name).is_file() else (root / name).rglob("*"))
    ]
    found = [path for path in found if path.suffix in SUFFIXES]
    made = [root / name for name in GENERATED]
    return sorted(path for path in found if path != Path(__file__) and not any(map(path.is_relative_to, made)))


def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern as a whole word; whatever its case, unless it has capitals."""
    whole = pattern if pattern.startswith("\\") else rf"(?<![A-Za-z])(?:{pattern})(?![a-z])"
    return re.compile(whole, re.IGNORECASE if pattern.islower() else 0)


PATTERNS = [(compiled(pattern), instead) for pattern, instead in WORDS.items()]


def hits(text: str, shown: str) -> Iterator[str]:
    """Every old word of a text as FILE:LINE."""
    for pattern, instead in PATTERNS:
        for match in pattern.finditer(text):
            word = match[0]
            if not any(word.lower().startswith(old) and part in shown for old, part in EXCLUDED):
                yield f"{shown}:{text.count(chr(10), 0, match.start()) + 1}: '{word}'; say {instead}"


def docstrings(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of every docstring of a module, also those under constants."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, node.value.value


@pytest.fixture(scope="module")
def files(request: pytest.FixtureRequest) -> list[Path]:
    return files_of(Path(__file__).parents[1])


def test_old_words_stay_gone(files: list[Path]) -> None:
    root = Path(__file__).parents[1]
    found = [hit for path in files for hit in hits(path.read_text(), path.relative_to(root).as_posix())]
    assert not found, "\n".join(["", *found])


def test_no_docstring_begins_with_what_or_how(files: list[Path]) -> None:
    root = Path(__file__).parents[1]
    found = [
        f"{path.relative_to(root)}:{line}: {text.splitlines()[0]}"
        for path in files
        if path.suffix == ".py"
        for line, text in docstrings(path.read_text())
        if text.startswith(("What ", "How ", "Why "))
    ]
    assert not found, "\n".join(["", *found])


@pytest.mark.parametrize(
    "line",
    [
        "The technique of a surrogate",
        "self.warp.back(values)",
        "How a recipe is read",
        "One row a query",
        "one column an edge label",
        "runs are played",
        "class MadeSpace(SearchSpace):",
        "several copies of one network",
    ],
)
def test_the_check_sees_an_old_word(line: str) -> None:
    assert list(hits(line, "harness/x.py"))


def test_every_name_of_the_scope_leads_to_files(files: list[Path]) -> None:
    root = Path(__file__).parents[1]
    assert all(any(path == root / name or path.is_relative_to(root / name) for path in files) for name in SCOPE)
    assert {path.suffix for path in files} >= {".ini", ".md", ".py", ".toml"}


def test_the_check_accepts_the_field_s_words() -> None:
    text = "One row per query: a surrogate model, its target transform, and the training configuration of a network."
    assert not list(hits(text, "harness/x.py"))
    assert not list(hits("class Skeleton:", "harness/training/nasbench201.py"))
