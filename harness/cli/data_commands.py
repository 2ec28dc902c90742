"""``equipoise data``: list, fetch, import and verify upstream files."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from equipoise.harness.core.errors import DataError

if TYPE_CHECKING:  # commands import what they use: --help and completion wait for nothing
    from equipoise.harness.data.sources import Source

__all__ = ["data"]

data = typer.Typer(no_args_is_help=True, help="Fetch, import and verify the data of further tasks.")


@data.command("list")
def list_() -> None:
    """List files and official archives. Says which are here, and which tasks need them."""
    from equipoise.harness.benchmarks._official import official_benchmarks
    from equipoise.harness.data.sources import sources

    for entry in sources().values():
        state = "here" if entry.missing() is None else "missing"
        typer.echo(f"{entry.name:<25} {state:<8} {entry.size / 1e6:6.1f} MB  {entry.tasks:<26} {entry.licence}")
    for benchmark in official_benchmarks():
        state = "here" if any(benchmark.place(dataset).exists() for dataset in benchmark.datasets) else "missing"
        typer.echo(f"{benchmark.imported:<33} {state:<8} by hand: equipoise data import; {benchmark.archive}")


@data.command("fetch")
def fetch_(names: Annotated[list[str], typer.Argument(help="Names of `equipoise data list`, or all.")]) -> None:
    """Fetch files; run it again to resume. EQUIPOISE_MIRROR is searched before their sources."""
    from equipoise.harness.data.fetch import fetch
    from equipoise.harness.data.sources import source, sources

    problems = []
    for entry in sources().values() if names == ["all"] else [source(name) for name in names]:
        try:
            with _bar(entry) as tell:
                origin = fetch(entry, tell)
        except DataError as error:
            problems.append(str(error))
        else:
            typer.echo(f"{entry.name}: {origin}")
    if problems:
        raise DataError("; ".join(problems))


@data.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(help="Files that were downloaded some other way, or folders of them.")],
    curves: Annotated[bool, typer.Option("--curves", help="Of an archive, import every epoch too.")] = False,
) -> None:
    """Import files or official archives that you downloaded. `equipoise data list` names what is known."""
    from equipoise.harness.benchmarks._official import import_archive, is_archive
    from equipoise.harness.data.fetch import adopt

    for path in files:
        if is_archive(path):
            for table in import_archive(path, curves):
                typer.echo(f"{path.name}: {table}")
        else:
            entry = adopt(path)
            typer.echo(f"{entry.name}: {entry.path}")


@data.command()
def verify(
    name: Annotated[str | None, typer.Argument(help="A locally trained table: a task, or a .parquet file.")] = None,
    sample: Annotated[int, typer.Option(help="Architectures of the table to train again.")] = 20,
) -> None:
    """Verify fetched files, or train a sample of a table again. Exit status 1 if one is damaged or differs."""
    if name is not None:
        from equipoise.harness.training.retrain import retrain

        raise typer.Exit(retrain(name, sample, typer.echo))
    from equipoise.harness.data.sources import digest_of, sources

    damaged = False
    for entry in sources().values():
        if not entry.path.exists():
            typer.echo(f"{entry.name:<25} missing")
        elif digest_of(entry.path) == entry.sha256:
            typer.echo(f"{entry.name:<25} ok")
        else:
            damaged = True
            typer.echo(f"{entry.name:<25} DAMAGED: equipoise data fetch {entry.name}")
    raise typer.Exit(damaged)


@data.command("card", hidden=True)  # its former name
@data.command("summary")
def summary(
    name: Annotated[str, typer.Argument(help="A locally trained table: a task, or a .parquet file.")],
    against: Annotated[str, typer.Option(help="A task with the same space to compare with.")] = "nasbench201/cifar10",
) -> None:
    """Summarise a locally trained table. Prints seed noise, ranks of early epochs, agreement with another table."""
    from equipoise.harness.training.table_summary import table_summary

    typer.echo(table_summary(name, against))


@contextmanager
def _bar(entry: "Source") -> Iterator[Callable[[int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = TextColumn(entry.name), BarColumn(), DownloadColumn(), TransferSpeedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task(entry.name, total=entry.size)
        yield lambda received: progress.update(bar, completed=received)
