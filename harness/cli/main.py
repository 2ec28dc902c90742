"""The command line."""

import json
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer

from equipoise.harness.cli.data_commands import data
from equipoise.harness.core.errors import EquipoiseError

__all__ = ["app", "main"]

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(data, name="data")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"equipoise {version('equipoise')}")
        raise typer.Exit


@app.callback()
def options(
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = False,
) -> None:
    """Compare NAS methods with general hyperparameter optimisers, on real benchmarks, under equal budgets."""


@app.command()
def run(
    suite: Annotated[str, typer.Argument(help="A suite file, or the name of a suite that comes with Equipoise.")],
    out: Annotated[Path | None, typer.Option(help="Results folder (default: results/NAME).")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes (default: one a core).")] = None,
    cluster: Annotated[str, typer.Option(help="local, slurm, or the address of a Dask scheduler.")] = "local",
    only: Annotated[list[str] | None, typer.Option(help="Only this method (its label); may be given again.")] = None,
    task: Annotated[list[str] | None, typer.Option(help="Only this task, or pattern; may be given again.")] = None,
    repeats: Annotated[int | None, typer.Option(help="Override the number of repeats of every method.")] = None,
    queries: Annotated[int | None, typer.Option(help="Override the budget: queries a run.")] = None,
    skip_missing: Annotated[bool, typer.Option("--skip-missing", help="Leave out what cannot run here.")] = False,
) -> None:
    """Play a suite. Run it again to resume, or to add repeats, tasks or methods."""
    from equipoise.harness.cli.progress import progress
    from equipoise.harness.engine.session import run_suite

    failed = run_suite(
        suite, out, workers, cluster, tuple(only or ()), repeats, queries, skip_missing, tuple(task or ()), progress
    )
    raise typer.Exit(failed)


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="A results folder.")],
    formats: Annotated[str, typer.Option(help="Comma-separated: md, tex, html.")] = "md,tex,html",
    style: Annotated[str, typer.Option(help="Of the figures: report, neurips, icml or one-column.")] = "report",
    focus: Annotated[str | None, typer.Option(help="A method to compare with each other one.")] = None,
) -> None:
    """Write the report of stored runs beside them."""
    for path in _reports("write").write(folder, tuple(formats.split(",")), style, focus):
        typer.echo(path)


@app.command()
def plan(
    folder: Annotated[Path, typer.Argument(help="A results folder.")],
    effect: Annotated[float, typer.Option(help="Difference of regret to be found, in points.")] = 0.1,
    power: Annotated[float, typer.Option(help="Probability of finding it.")] = 0.8,
) -> None:
    """Say how many repeats it takes to find a difference, from the spread of stored runs."""
    typer.echo(_reports("plan").plan(folder, effect, power))


@app.command()
def status(folder: Annotated[Path, typer.Argument(help="A results folder.")]) -> None:
    """Say what of a suite is done, missing and failed."""
    from equipoise.harness.engine.verify import status_of

    typer.echo(status_of(folder))


@app.command("list")
def list_(
    what: Annotated[str, typer.Argument(help="methods, tasks or suites")],
    as_json: Annotated[bool, typer.Option("--json", help="A JSON list of objects.")] = False,
    long: Annotated[bool, typer.Option("--long", help="Of tasks: everything a reader must know of each.")] = False,
) -> None:
    """List what can be played."""
    from equipoise.harness.cli.listing import entries

    found = entries(what)
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    if long and what == "tasks":
        from equipoise.harness.cli.task_summary import text

        typer.echo("\n\n".join(map(text, found)))
        return
    for entry in found:
        note = f"  [cannot run here: {entry['skip']}]" if entry.get("skip") else ""
        typer.echo(f"{entry['name']:<34} {entry.get('family') or '':<9} {entry['source']}{note}")


@app.command()
def check(name: Annotated[str, typer.Argument(help="A name, a path, or package.module:Class.")]) -> None:
    """Run the conformance checks on a method, task or space of yours."""
    from equipoise.harness.conformance import check as run_checks

    raise typer.Exit(run_checks(name, typer.echo))


@app.command()
def verify(
    folder: Annotated[Path, typer.Argument(help="A results folder.")],
    sample: Annotated[int, typer.Option(help="Runs to play again.")] = 10,
) -> None:
    """Play some stored runs again and compare them bit for bit."""
    from equipoise.harness.engine.verify import verify as run_verify

    raise typer.Exit(run_verify(folder, sample, typer.echo))


@app.command()
def tabulate(
    space: Annotated[str, typer.Argument(help="A space whose networks can be trained, for example nasbench201.")],
    images: Annotated[str, typer.Argument(help="Images to train on, for example fashion14.")],
    out: Annotated[Path, typer.Option(help="Folder of the pieces; the same folder resumes.")],
    sample: Annotated[int | None, typer.Option(help="Only so many architectures.")] = None,
    seeds: Annotated[int, typer.Option(help="Training seeds of each architecture.")] = 3,
    workers: Annotated[int, typer.Option(help="Processes.")] = 1,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
) -> None:
    """Train every architecture of a space, or a sample, and keep every epoch. Run it again to resume."""
    from equipoise.harness.training.tabulate import tabulate as run_tabulate

    raise typer.Exit(run_tabulate(space, images, out, sample, seeds, workers, device, typer.echo))


@app.command()
def surrogate(
    name: Annotated[str, typer.Argument(help="A table in the open format, or a surrogate task to be fitted.")],
    out: Annotated[Path | None, typer.Option(help="Of a table: the .npz file to write.")] = None,
    technique: Annotated[str | None, typer.Option(help="Of a table: trees (default) or gp.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of a table: of the split and the members (default 0).")] = None,
) -> None:
    """Fit a surrogate to a table, score it on held-out architectures, and keep it as one file."""
    from equipoise.harness.cli.surrogate_command import fit_named

    fit_named(name, out, technique, seed, typer.echo)


def _reports(module: str) -> Any:
    """A module of the reports, reached by name: the engine does not import them."""
    return import_module(f"equipoise.reports.{module}")


def main() -> None:
    """Runs the command line; an error of ours is one line and exit status 2."""
    try:
        app()
    except EquipoiseError as error:
        sys.stderr.write(f"equipoise: {error}\n")
        raise SystemExit(2) from error
