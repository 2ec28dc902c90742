"""A method in another process: the protocol, a client in another language, and programs that misbehave."""

import gc
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from method_runs import make_search, run_search
from page_blocks import blocks

import equipoise as eq
from equipoise.harness.archive.add import add
from equipoise.harness.archive.check import check
from equipoise.harness.archive.find import entry_named
from equipoise.harness.archive.index import Archive
from equipoise.harness.core.errors import ProposalError, RunError, SearchEnded, SettingError
from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.method import Observation, Problem, Query
from equipoise.harness.core.method_code import code_of
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.harness.store.comparable import flags
from equipoise.methods.external import External

ROOT = Path(__file__).parents[2]
PERL = ROOT / "examples" / "external_method.pl"
CELL = "[0, 1, 2, 3, 4, 0]"


def has_perl() -> bool:
    """Whether there is a Perl with the JSON of its core modules, which some systems package apart."""
    return (
        shutil.which("perl") is not None and not subprocess.run(["perl", "-MJSON::PP", "-e1"], check=False).returncode
    )


needs_perl = pytest.mark.skipif(not has_perl(), reason="perl with JSON::PP is not installed")


def command(tmp_path: Path, body: str) -> str:
    """The command line of a Python program that has read the first two lines, and then does this."""
    file = tmp_path / "program.py"
    file.write_text(f"import json, sys, time\nstart, first = input(), input()\n{body}\n")
    return shlex.join([sys.executable, str(file)])


def make(tmp_path: Path, body: str, seconds: float = 20.0) -> External:
    problem = Problem(NasBench201(), Budget(queries=5), fidelities=(12, 200))
    return External(problem, np.random.default_rng(0), command=command(tmp_path, body), seconds=seconds)


@needs_perl
def test_a_client_in_perl_searches_and_repeats_with_its_seed() -> None:
    """It beats random search over 100 queries on NAS-Bench-201: its mutants are of the best that it was told."""
    words = shlex.join(["perl", str(PERL)])
    first, again, other = (run_search(make_search("external", seed=seed, command=words)) for seed in (0, 0, 1))
    assert first.architecture == again.architecture != other.architecture
    drawn = run_search(make_search("random_search"))
    assert min(first.validation_error) < min(drawn.validation_error)


def test_the_page_shows_the_client_that_is_tested() -> None:
    shown = [block.code for block in blocks(ROOT / "docs" / "external_methods.md") if block.language == "perl"]
    assert shown == [PERL.read_text()]


@needs_perl
def test_the_files_of_the_command_count_as_code(tmp_path: Path) -> None:
    """Rows of an edited client are not taken for rows of the one before."""
    client = tmp_path / "client.pl"
    client.write_text(PERL.read_text())
    settings = {"command": f"perl {client}"}
    before = code_of(External, settings)
    assert before not in ("", code_of(External), code_of(External, {"command": "perl elsewhere.pl"}))
    suite = {
        "budget": {"queries": 12},
        "protocol": {"repeats": 1, "seed": 1},
        "tasks": [{"name": "nasbench_graph/proteins"}],
        "methods": [{"name": "external", "settings": settings}],
    }
    eq.run(suite, out=tmp_path / "out", workers=1)
    client.write_text(client.read_text().replace("0.2", "0.3"))
    assert code_of(External, settings) != before
    with pytest.raises(eq.StoreError, match="the code has changed since runs were stored of: external"):
        eq.run(suite, out=tmp_path / "out", workers=1)


@needs_perl
def test_an_archive_takes_the_files_of_the_command_for_the_code(tmp_path: Path) -> None:
    client = tmp_path / "client.pl"
    client.write_text(PERL.read_text())
    suite = {
        "budget": {"queries": 6},
        "protocol": {"repeats": 1, "seed": 1},
        "tasks": [{"name": "nasbench_graph/proteins"}],
        "methods": [{"name": "external", "settings": {"command": f"perl {client}"}}],
    }
    eq.run(suite, out=tmp_path / "out", workers=1)
    add(tmp_path / "out", tmp_path / "archive", "mine")
    assert flags(entry_named(str(tmp_path / "archive" / "mine"))) == []
    (verdict,) = check(Archive.open(tmp_path / "archive"), (), 1, lambda _: None)
    assert verdict.reasons == ()
    client.write_text(client.read_text().replace("0.2", "0.3"))
    (said,) = flags(entry_named(str(tmp_path / "archive" / "mine")))
    assert said == "mine: runs of external were made by other code than is here"


def test_the_first_line_tells_space_budget_and_seed(tmp_path: Path) -> None:
    told_in = str(tmp_path / "told")
    body = f"open({told_in!r}, 'w').write(start + '\\n' + first)\nprint('{{\"end\": \"read\"}}', flush=True)"
    with pytest.raises(SearchEnded, match="the program has ended: read"):
        make(tmp_path, body).ask()
    start, first = map(json.loads, (tmp_path / "told").read_text().splitlines())
    assert first == {"ask": 1}
    told = start["start"]
    assert (told["protocol"], told["budget"], told["fidelities"]) == (1, {"queries": 5}, [12, 200])
    assert told["space"]["name"] == "nasbench201"
    assert [one["options"] for one in told["space"]["decisions"]] == [list(NasBench201().decisions[0].options)] * 6
    assert 0 <= told["seed"] < 2**31


def test_requests_are_answered_and_observations_passed_on(tmp_path: Path) -> None:
    """The program compares every answer with what the space says, and proposes by text and by fidelity."""
    space = NasBench201()
    one = (0, 1, 2, 3, 4, 0)
    body = f"""
def request(name, given):
    print(json.dumps({{name: given}}), flush=True)
    return json.loads(input())[name]
one = {list(one)}
assert len(request("sample", 3)) == 3
assert request("legal", [0, 1]) == [True] * 5
assert request("neighbours", one) == {[list(other) for other in space.neighbours(one)]}
assert request("mutate", one) in request("neighbours", one)
assert request("key", one) == one
assert request("graph", one)["node_labels"] == ["input", "sum", "sum", "output"]
print(json.dumps({{"architecture": {space.format(one)!r}, "fidelity": 12}}), flush=True)
told = json.loads(input())["tell"]
assert told == {{"architecture": one, "fidelity": 12, "validation_error": 0.25, "cost_seconds": None}}, told
assert json.loads(input()) == {{"ask": 2}}
print(json.dumps({{"architecture": one}}), flush=True)
input()
"""
    method = make(tmp_path, body)
    query = method.ask()
    assert query == Query(one, 12)
    method.tell(Observation(query, 0.25, float("nan")))
    assert method.ask() == Query(one)


@pytest.mark.parametrize(
    ("body", "error", "said"),
    [
        ("sys.exit('no licence')", RunError, "ended with status 1 while an answer was due: no licence"),
        ("sys.exit(3)", RunError, "ended with status 3 while an answer was due, and nothing on standard error"),
        ("import os; os.close(1); time.sleep(60)", RunError, "closed its output"),
        ("print('Hello', flush=True); input()", RunError, "wrote 'Hello'; accepted: one JSON object per line"),
        ("print('[1]', flush=True); input()", RunError, "accepted: one JSON object per line"),
        ("print('[' * 100000, flush=True); input()", RunError, "accepted: one JSON object per line"),
        (
            "sys.stdout.buffer.write(b'\\xff\\x00\\n'); sys.stdout.flush(); input()",
            RunError,
            "accepted: one JSON object",
        ),
        ("while True: print('x' * 4096, end='')", RunError, "a line of more than"),
        ("print('{}', flush=True); input()", RunError, "accepted: architecture, end, or a request: sample"),
        ("print('{\"sample\": 1e9}', flush=True); input()", RunError, "accepted: architecture, end, or a request"),
        ("print('{\"mutate\": [0]}', flush=True); input()", RunError, "accepted: architecture, end, or a request"),
        ("print('{\"architecture\": [1]}', flush=True); input()", RunError, "accepted: 6 option numbers"),
        ("print('{\"architecture\": [0,0,0,0,0,9]}', flush=True); input()", RunError, "accepted: 6 option numbers"),
        ("print('{\"architecture\": [0,0,0,0,0,true]}', flush=True); input()", RunError, "accepted: 6 option numbers"),
        ('print(\'{"architecture": "conv"}\', flush=True); input()', ProposalError, "'conv' is no cell"),
        (f'print(\'{{"architecture": {CELL}, "fidelity": 7}}\', flush=True)', RunError, "accepted: fidelity: 12, 200"),
    ],
)
def test_programs_that_misbehave_end_in_one_clear_line(
    tmp_path: Path, body: str, error: type[Exception], said: str
) -> None:
    method = make(tmp_path, body)
    with pytest.raises(error) as raised:
        method.ask()
    assert said in str(raised.value)
    assert str(raised.value).startswith("external: ")
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 900


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("time.sleep(60)", "gave no answer before its time was over"),
        ("while True: print('{\"sample\": 1}', flush=True); input()", "before its time was over"),
    ],
)
def test_a_program_that_hangs_is_stopped(tmp_path: Path, body: str, said: str) -> None:
    method, started = make(tmp_path, body, seconds=0.7), time.monotonic()
    with pytest.raises(RunError, match=said):
        method.ask()
    assert time.monotonic() - started < 50  # the program would take a minute


def test_a_program_that_reads_nothing_is_stopped(tmp_path: Path) -> None:
    """Observations fill the pipe; the write that blocks has a limit too."""
    method = make(tmp_path, f"print('{{\"architecture\": {CELL}}}', flush=True); time.sleep(60)", seconds=1.0)
    query = method.ask()

    def tell() -> None:
        for _ in range(20_000):
            method.tell(Observation(query, 0.5, 1.0))

    with pytest.raises(RunError, match="reads nothing before its time was over"):
        tell()


def test_the_program_ends_with_the_method(tmp_path: Path) -> None:
    """Even one that ignores the end of its input, and a run leaves no process behind."""
    file = tmp_path / "pid"
    body = (
        f"import os; open({str(file)!r}, 'w').write(str(os.getpid()))\n"
        f"print('{{\"architecture\": {CELL}}}', flush=True)\ntime.sleep(60)"
    )
    method = make(tmp_path, body)
    method.ask()
    process = int(file.read_text())
    os.kill(process, 0)
    del method
    gc.collect()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"command": ""}, "external: command = '.*accepted: a command line"),
        ({"command": "no-such-program --now"}, "external: 'no-such-program --now' does not start"),
        ({"command": "perl 'open"}, "does not start: No closing quotation"),
        ({"command": "perl -", "seconds": 0.0}, "external: seconds = 0.0; accepted: numbers above 0"),
    ],
)
def test_bad_settings_are_refused(settings: dict[str, object], said: str) -> None:
    with pytest.raises(SettingError, match=said):
        make_search("external", **settings)
