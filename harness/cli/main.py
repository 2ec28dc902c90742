"""The command line."""

import json
import logging
import shutil
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from equipoise.harness.cli import completion
from equipoise.harness.cli.archive_commands import archive
from equipoise.harness.cli.beside import WithEntries, WithReference, announce, entries_beside, entry_at
from equipoise.harness.cli.data_commands import data
from equipoise.harness.cli.reference_commands import reference
from equipoise.harness.cli.sbatch_command import sbatch
from equipoise.harness.core.errors import EquipoiseError, PluginError

__all__ = ["app", "main"]

ONLY = "Only this method (its label); may be given again."
TASK = "Only this task, or pattern; may be given again."

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(data, name="data")
app.add_typer(archive, name="archive")
app.add_typer(reference, name="reference")


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"equipoise {version('equipoise')}")
        raise typer.Exit


@app.callback()
def options(
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = False,
) -> None:
    """Compare NAS methods with general hyperparameter optimisers, on real benchmarks, under equal budgets."""


@app.command()
def run(
    suite: Annotated[
        str,
        typer.Argument(
            help="A suite file, or the name of a suite that comes with Equipoise.", autocompletion=completion.suites
        ),
    ],
    out: Annotated[Path | None, typer.Option(help="Results folder (default: results/NAME).")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes (default: one per core).")] = None,
    cluster: Annotated[str, typer.Option(help="local, slurm, or the address of a Dask scheduler.")] = "local",
    cluster_config: Annotated[
        Path | None, typer.Option(help="TOML or YAML file of a Dask cluster's settings, such as [jobqueue.slurm].")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Only this method (its label); may be given again.", autocompletion=completion.methods),
    ] = None,
    task: Annotated[
        list[str] | None,
        typer.Option(help="Only this task, or pattern; may be given again.", autocompletion=completion.tasks),
    ] = None,
    repeats: Annotated[int | None, typer.Option(help="Override the number of repeats of every method.")] = None,
    queries: Annotated[int | None, typer.Option(help="Override the budget: queries per run.")] = None,
    skip_missing: Annotated[bool, typer.Option("--skip-missing", help="Skip what cannot run here.")] = False,
    redo: Annotated[
        list[str] | None, typer.Option(metavar="METHOD", help="Run its stored runs again; may be given again.")
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the stored runs of methods whose code has changed.")
    ] = False,
    shard: Annotated[
        str | None, typer.Option(help="Only this share of the runs, for example 3/20; all may run at once.")
    ] = None,
    time: Annotated[
        str | None,
        typer.Option(help="Stop before this time (2:00:00) is over, with exit status 75; run again to go on."),
    ] = None,
    with_reference: WithReference = False,
    with_: WithEntries = None,
) -> None:
    """Run a suite. Run it again to resume, or to add repeats, tasks or methods."""
    from equipoise.harness.cli.progress import progress
    from equipoise.harness.core.suite import Suite
    from equipoise.harness.engine.session import run_suite
    from equipoise.harness.engine.shard import Shard
    from equipoise.harness.engine.walltime import parse_time

    chosen = Suite.load(suite).changed(tuple(only or ()), repeats, queries, tuple(task or ()))
    beside = entries_beside(with_reference, with_)
    announce(chosen, beside)
    ran = run_suite(
        chosen,
        out,
        workers=workers,
        cluster=cluster,
        cluster_config=cluster_config,
        skip_missing=skip_missing,
        redo=tuple(redo or ()),
        keep=keep,
        shard=None if shard is None else Shard.parse(shard),
        seconds=None if time is None else parse_time(time),
        command=sys.argv[1:],
        progress=progress,
    )
    sys.stderr.write(f"equipoise: {ran}\n")
    if beside and ran.stored and not ran.interrupted:
        for path in _reports("write").write(ran.folder, beside=beside):
            typer.echo(path)
    raise typer.Exit(ran.exit_status)


@app.command()
def merge(
    folders: Annotated[list[Path], typer.Argument(help="Results folders of one suite.")],
    out: Annotated[Path, typer.Option(help="Target folder; may hold results of the suite already.")],
) -> None:
    """Join results folders of one suite. Folders of other data, code or rules are refused."""
    from equipoise.harness.store.join import join

    typer.echo(join(folders, out))


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="A results folder.")],
    formats: Annotated[str, typer.Option(help="Comma-separated: md, tex, html.")] = "md,tex,html",
    style: Annotated[str, typer.Option(help="Style of the figures: report, neurips, icml or one-column.")] = "report",
    focus: Annotated[str | None, typer.Option(help="A method to compare with every other.")] = None,
    with_reference: WithReference = False,
    with_: WithEntries = None,
) -> None:
    """Write the report of a results folder, into that folder."""
    beside = entries_beside(with_reference, with_)
    for path in _reports("write").write(folder, tuple(formats.split(",")), style=style, focus=focus, beside=beside):
        typer.echo(path)


@app.command()
def explore(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="DIR|ENTRY|TASK...",
            help="A results folder, an entry of an archive (reference), or tasks and patterns such as 'nasbench201/*'.",
            autocompletion=completion.tasks,
        ),
    ],
    out: Annotated[Path, typer.Option(help="The HTML file to write.")] = Path("explorer.html"),
    with_reference: WithReference = False,
    with_: WithEntries = None,
) -> None:
    """Write an HTML page of landscapes, searches and Pareto fronts. It works offline."""
    typer.echo(_reports("explorer.page").explore(what, out, entries_beside(with_reference, with_)))


@app.command()
def watch(
    folder: Annotated[Path, typer.Argument(help="A results folder.")],
    terminal: Annotated[bool, typer.Option("--terminal", help="Show a table in the terminal.")] = False,
    port: Annotated[int, typer.Option(help="Port of the page, open to this machine only; 0 picks a free one.")] = 0,
) -> None:
    """Watch a suite while it runs, in a browser or the terminal."""
    from equipoise.harness.cli.watch_terminal import live_lines, watch_terminal

    if terminal:
        watch_terminal(folder)
    else:
        _reports("explorer.server").serve(folder, port, live_lines(folder), typer.echo)


@app.command()
def plan(
    folder: Annotated[Path, typer.Argument(help="A results folder.")],
    effect: Annotated[float, typer.Option(help="Difference of regret to find, in the unit of the report.")] = 0.1,
    power: Annotated[float, typer.Option(help="Probability of finding it.")] = 0.8,
) -> None:
    """Say how many repeats it takes to find a difference. The spread of stored runs decides."""
    typer.echo(_reports("plan").plan(folder, effect, power))


@app.command()
def status(folder: Annotated[Path, typer.Argument(help="A results folder.")]) -> None:
    """Show which runs of a suite are stored, missing or failed."""
    from equipoise.harness.store.overview import overview_of

    typer.echo(overview_of(folder))


@app.command("list")
def list_(
    what: Annotated[str, typer.Argument(help="methods, tasks or suites", autocompletion=completion.lists)],
    everything: Annotated[bool, typer.Option("--all", help="Include what cannot run here, with the reason.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as a JSON list.")] = False,
    long: Annotated[bool, typer.Option("--long", help="Print all facts about each task.")] = False,
) -> None:
    """List methods, tasks or suites that can run here."""
    from equipoise.harness.cli import listing, name_list

    if as_json:
        typer.echo(json.dumps(listing.entries(what), indent=2))
    elif long and what == "tasks":
        from equipoise.harness.cli.task_summary import text

        found = listing.entries(what)
        typer.echo("\n\n".join(text(entry) for entry in found if everything or not entry["skip"]))
    else:
        names, left = name_list.overview(what, everything)
        typer.echo(names.table(shutil.get_terminal_size().columns if sys.stdout.isatty() else None))
        if left:
            typer.echo(f"{left} more cannot run here: equipoise list {what} --all says why", err=True)


@app.command()
def new(
    kind: Annotated[str, typer.Argument(help="method, task, space or suite", autocompletion=completion.new_kinds)],
    name: Annotated[str, typer.Argument(help="Name of the file, without its ending.")],
) -> None:
    """Write a file to start from: a method, task, space or suite."""
    from equipoise.harness.cli.new_command import new as write

    typer.echo(write(kind, name))


@app.command()
def check(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="[KIND] NAME",
            help="method, task or space; then a name, a path, or package.module:Class.",
            autocompletion=completion.kinds_and_names,
        ),
    ],
) -> None:
    """Run the conformance checks on a method, task or space. Omit the kind where only one has that name."""
    from equipoise.harness.conformance import KINDS, failures_of

    if len(names) > 2 or names[-1] in KINDS:
        raise PluginError(f"check {' '.join(names)}: give one name, a path, or package.module:Class, after its kind")
    results = failures_of(names[-1], *names[:-1])
    for title, reason in results:
        typer.echo(f"{'FAIL' if reason else 'ok  '} {title}{f': {reason}' if reason else ''}")
    failed = sum(reason is not None for _, reason in results)
    typer.echo(f"{failed} of {len(results)} checks failed" if failed else "all checks passed")
    raise typer.Exit(failed > 0)


@app.command()
def verify(
    folder: Annotated[Path, typer.Argument(help="A results folder, or an entry of an archive, such as reference.")],
    sample: Annotated[int, typer.Option(help="Runs to execute again.")] = 10,
) -> None:
    """Execute some stored runs again and compare them bit for bit."""
    from equipoise.harness.engine.verify import verify as run_verify
    from equipoise.harness.engine.verify import verify_runs

    if (entry := entry_at(folder)) is not None:
        from equipoise.harness.archive.check import runnable
        from equipoise.harness.store.comparable import flags

        for line in flags(entry):
            typer.echo(line)
        raise typer.Exit(verify_runs(entry, runnable(entry.suite, typer.echo), sample, typer.echo))
    raise typer.Exit(run_verify(folder, sample, typer.echo))


@app.command()
def tabulate(
    space: Annotated[str, typer.Argument(help="A space whose networks can be trained, for example nasbench201.")],
    images: Annotated[str, typer.Argument(help="Images to train on, for example fashion14.")],
    out: Annotated[Path, typer.Option(help="Folder for the results so far; the same folder resumes.")],
    sample: Annotated[int | None, typer.Option(help="Number of architectures, drawn at random (default: all).")] = None,
    seeds: Annotated[int, typer.Option(help="Training seeds per architecture.")] = 3,
    workers: Annotated[int, typer.Option(help="Processes.")] = 1,
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto.")] = "cpu",
    scores: Annotated[bool, typer.Option("--scores", help="Compute training-free scores instead of training.")] = False,
) -> None:
    """Train the architectures of a space and keep every epoch. Run it again to resume."""
    if scores:
        from equipoise.harness.training.score_table import tabulate_scores

        raise typer.Exit(tabulate_scores(space, images, out, typer.echo))
    from equipoise.harness.training.tabulate import tabulate as run_tabulate

    raise typer.Exit(run_tabulate(space, images, out, sample, seeds, workers, device, typer.echo))


@app.command()
def scores(
    tasks: Annotated[
        list[str],
        typer.Argument(help="Tasks or patterns, for example 'nasbench201/*'; tables only."),
    ],
) -> None:
    """Measure what training-free scores are worth on a task. Prints rank correlations, and regret of the k best."""
    document = _reports("sections.scores").scores_document(tasks)
    typer.echo(_reports("render.markdown").render(document))


@app.command()
def surrogate(
    name: Annotated[str, typer.Argument(help="A table in the open format, or a surrogate task to be fitted.")],
    out: Annotated[Path | None, typer.Option(help="For a table: the .npz file to write.")] = None,
    model: Annotated[
        str | None, typer.Option("--model", "--technique", help="For a table: trees or gp (default: trees).")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="For a table: seed of split and members (default: 0).")] = None,
) -> None:
    """Fit a surrogate to a table and write it as one file. Its accuracy on held-out architectures is printed."""
    from equipoise.harness.cli.surrogate_command import fit_named

    fit_named(name, out, model, seed, typer.echo)


app.command()(sbatch)


def _reports(module: str) -> Any:
    """A module of the reports, reached by name: the engine does not import them."""
    return import_module(f"equipoise.reports.{module}")


class _Stderr(logging.Handler):
    """Says what is logged in one line."""

    def emit(self, record: logging.LogRecord) -> None:
        sys.stderr.write(f"equipoise: {record.getMessage()}\n")


def main() -> None:
    """Runs the command line; an error of ours is one line and exit status 2."""
    log = logging.getLogger("equipoise")
    log.addHandler(_Stderr())
    log.setLevel(logging.INFO)
    try:
        app()
    except EquipoiseError as error:
        sys.stderr.write(f"equipoise: {error}\n")
        raise SystemExit(2) from error
