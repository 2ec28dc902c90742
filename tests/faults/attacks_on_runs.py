"""Attacks on runs in progress, on what they write, and by methods."""

import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from attack_tools import Outcome, call, errors, rows, run, start, stored, suite


def checkpoints(outcome: Outcome, folder: Path) -> None:
    """Every third byte of an unfinished checkpoint and of a finished curve."""
    outcome.flips(folder, unfinished_checkpoint=3, finished_curve=1)


def stops(outcome: Outcome, folder: Path) -> None:
    """Ctrl-C while runs of 30 s are in progress, and while the command or torch loads."""
    for method, sent in (("Sleeps", signal.SIGINT), ("Deaf", signal.SIGINT), ("Endless", signal.SIGTERM)):
        place = folder / method
        place.mkdir()
        suite(place, method, queries=500)
        process = start(place, "run", "suite.toml", "--out", "out", "--workers", "1")
        until = time.monotonic() + 120
        while not (place / "begun").exists() and time.monotonic() < until:
            time.sleep(0.05)
        process.send_signal(sent)
        began = time.monotonic()
        out, said = process.communicate(timeout=300)
        ran = subprocess.CompletedProcess(process.args, process.returncode, out, said)
        outcome.judge(ran, [130], "the same command goes on from here")
        outcome.expect(time.monotonic() - began < 25, f"{method} went on for {time.monotonic() - began:.0f} s")
        outcome.expect(errors(place) == {}, f"false failures: {errors(place)}")
    suite(folder, "rs_ws", rules="", task="nasbench201/fashion14")
    for tenths in (2, 6, 10, 20, 30, 40):  # among others while the worker imports torch
        process = start(folder, "run", "suite.toml", "--out", "out", "--workers", "1")
        time.sleep(tenths / 10)
        process.send_signal(signal.SIGINT)
        out, said = process.communicate(timeout=300)
        ran = subprocess.CompletedProcess(process.args, process.returncode, out, said)
        loading = "Traceback" in said and "/equipoise/" not in said  # Python was not yet there itself
        if process.returncode != -signal.SIGINT and not loading:
            outcome.judge(ran, [130, 0, 1], "")
        outcome.expect(errors(folder) == {}, f"false failures after {tenths / 10} s: {errors(folder)}")


def footers(outcome: Outcome, folder: Path) -> None:
    """Every second byte of a run file; then the commands themselves on a few damaged ones."""
    outcome.flips(folder, **{"run_file,_read": 2, "run_file,_at_the_start_of_a_run": 5})
    suite(folder, "random_search")
    run(folder)
    before = rows(folder)
    for share in (0.3, 0.6, 0.75, 0.9, 0.99):
        part = min((folder / "out" / "runs").glob("*.parquet"))
        content = bytearray(part.read_bytes())
        content[int(share * len(content))] ^= 4
        part.write_bytes(content)
        for command in ("report", "status"):
            outcome.judge(call(folder, command, "out"), [2], part.name)
        outcome.judge(run(folder), [0], f"{part.name}: damaged or cut off .*moved aside, its runs are repeated")
        outcome.expect(rows(folder) == before, "other rows after the repair")


def journals(outcome: Outcome, folder: Path) -> None:
    """Every byte of a journal; then a value edited by hand, resumed by the command."""
    outcome.flips(folder, journal=1)
    suite(folder, "plugins_for_tests:Slow", task="plugins_for_tests:SlowTask/plain", queries=400)
    run(folder)
    before = rows(folder)
    for path in (folder / "out" / "runs").glob("*.parquet"):
        path.unlink()
    process = start(folder, "run", "suite.toml", "--out", "out", "--workers", "1")
    until = time.monotonic() + 120
    journal: list[Path] = []
    while not (journal and journal[0].read_text().count("\n") > 3) and time.monotonic() < until:
        time.sleep(0.05)
        journal = list((folder / "out" / "journal").glob("*.jsonl"))
    process.kill()
    process.communicate()
    text = journal[0].read_text()
    journal[0].write_text(re.sub(r"0\.(\d)", lambda match: f"0.{(int(match[1]) + 7) % 10}", text, count=1))
    outcome.judge(run(folder), [0], f"{journal[0].name}: line 1 is damaged .* evaluated again")
    outcome.expect(rows(folder) == before, "other rows after a journal was edited")


def raised(*methods: str) -> Callable[[Outcome, Path], None]:
    """Methods that raise what no method should; beside them one that does not."""

    def attack(outcome: Outcome, folder: Path) -> None:
        suite(folder, *methods, "Plain")
        outcome.judge(run(folder), [1], f"2 of {2 * len(methods) + 2} runs stored, {2 * len(methods)} failed")
        for method in methods:
            outcome.expect(method in errors(folder), f"no failure of {method}", loud=True)
        outcome.expect(stored(folder) == {"Plain"}, f"stored: {stored(folder)}")

    return attack


def foreign(outcome: Outcome, folder: Path) -> None:
    """Files and folders in OUT that look like scratch files."""
    suite(folder, "random_search")
    (folder / "out" / "runs").mkdir(parents=True)
    own = [folder / "out" / ".notes.20240101", folder / "out" / "runs" / ".x.parquet.7"]
    for path in own:
        path.write_text("mine")
    (folder / "out" / ".folder.20240101").mkdir()
    outcome.judge(run(folder), [0], "2 of 2 runs stored")
    outcome.judge(run(folder), [0], "2 of 2 runs stored")
    for path in (*own, folder / "out" / ".folder.20240101"):
        outcome.expect(path.exists(), f"{path.name} was deleted")


def endless(outcome: Outcome, folder: Path) -> None:
    """Methods that never end, take all memory, leave threads and children, or charge less than nothing."""
    methods = ("Endless", "Hungry", "NegativeTraining", "LeavesThread", "LeavesChild", "Forks", "Plain")
    suite(folder, *methods, rules='seconds_per_run = 60\nmemory_per_run = "800MB"')
    outcome.judge(run(folder), [1], "8 of 14 runs stored, 6 failed")
    said = errors(folder)
    for method, words in (("Endless", "seconds_per_run"), ("Hungry", "memory_per_run"), ("NegativeTraining", "= -1")):
        outcome.expect(words in said.get(method, ""), f"{method}: {said.get(method)}", loud=True)
    outcome.expect(stored(folder) == set(methods[3:]), f"stored: {stored(folder)}")
    left = subprocess.run(["pgrep", "-f", str(folder)], capture_output=True, text=True, check=False).stdout.split()
    outcome.expect(not left, f"left running: {left}")


def texts(outcome: Outcome, folder: Path) -> None:
    """Errors with lone surrogates, escapes and newlines, in every page and on the terminal."""
    suite(folder, "RaisesBytes", "RaisesNoText", "Plain")
    outcome.judge(run(folder), [1], r"\\ud800")
    for command in ("status", "report"):
        ran = call(folder, command, "out")
        outcome.judge(ran, [0], "")
        printable = all(line.isprintable() for line in (ran.stdout + ran.stderr).split("\n"))
        outcome.expect(printable, f"{command} prints what is not printable")
    for page in (folder / "out").glob("report*"):
        if page.is_file():
            harmed = re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]", page.read_bytes())
            outcome.expect(page.suffix == ".pdf" or harmed is None, f"{page.name} holds control characters")


def leftovers(outcome: Outcome, folder: Path) -> None:
    """Folder, signals, seeds, environment and numpy's errors, changed by one method and looked at by the next."""
    suite(folder, "LeavesFolder", "Looks", "Rearranges", "plugins_for_tests:Good", "Plain")
    text = (folder / "suite.toml").read_text()
    (folder / "suite.toml").write_text(text + '[[methods]]\nname = "hostile:Looks"\nlabel = "again"\n')
    outcome.judge(run(folder), [0], "12 of 12 runs stored")
    outcome.expect(errors(folder) == {}, str(errors(folder)))


def undecided(outcome: Outcome, folder: Path) -> None:
    """Damaged failures, manifests, notes and trained pieces: what the old attack had not tried."""
    outcome.flips(folder, failures=1, manifest=1, note_of_a_table=1, piece_of_a_trained_table=3)
