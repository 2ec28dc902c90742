"""``equipoise archive``: list, get, add to and check archives of runs."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["archive"]

archive = typer.Typer(no_args_is_help=True, help="Share runs through an archive: a folder or a URL.")

LOCATION = "Folder or URL of an archive."


@archive.command("list")
def list_(
    location: Annotated[str | None, typer.Argument(help=f"{LOCATION} Default: what is here.")] = None,
) -> None:
    """List the entries of an archive. Without one: those that come with Equipoise and those fetched."""
    from equipoise.harness.archive.find import archives_here
    from equipoise.harness.archive.index import Archive

    for place in [location] if location else archives_here():
        found = Archive.open(place)
        typer.echo(f"{found.name}: {found.location}{'' if found.sealed else ' (its index has no checksum)'}")
        for entry in found.entries.values():
            typer.echo(f"  {entry}")


@archive.command()
def get(
    location: Annotated[str, typer.Argument(help=LOCATION)],
    names: Annotated[list[str], typer.Argument(help="Names of entries, or all.")],
) -> None:
    """Fetch entries, checked by their digests; run again to resume."""
    from equipoise.harness.archive.find import fetch_entry
    from equipoise.harness.archive.index import Archive

    found = Archive.open(location)
    for name in found.entries if names == ["all"] else names:
        typer.echo(f"{name}: {fetch_entry(found, name)}; use it with equipoise report DIR --with {name}")


@archive.command()
def add(
    results: Annotated[Path, typer.Argument(help="A results folder.")],
    folder: Annotated[Path, typer.Argument(help="Folder of the archive; made if it is not there.")],
    name: Annotated[str, typer.Option(help="Name of the entry.")],
    author: Annotated[list[str], typer.Option(help="An author; may be given again.")],
    only: Annotated[list[str] | None, typer.Option(help="Only this method (its label); may be given again.")] = None,
    version: Annotated[str, typer.Option(help="Version of the entry.")] = "1",
    about: Annotated[str, typer.Option(help="One line on what it holds.")] = "",
    megabytes: Annotated[float | None, typer.Option(help="Leave repeats out until it fits.")] = None,
) -> None:
    """Add runs to an archive, with the code of methods that are given by path."""
    from equipoise.harness.archive.add import add as add_entry

    options = {"version": version, "authors": author, "about": about, "labels": only or (), "megabytes": megabytes}
    typer.echo(f"{folder}: {add_entry(results, folder, name, **options)}")  # type: ignore[arg-type]


@archive.command()
def check(
    folder: Annotated[Path, typer.Argument(help="Folder of an archive.")],
    names: Annotated[list[str] | None, typer.Argument(help="Names of entries (default: all).")] = None,
    sample: Annotated[int, typer.Option(help="Runs of each entry to execute again.")] = 10,
    mark: Annotated[bool, typer.Option("--mark", help="Write the verdicts into the index.")] = False,
    seconds: Annotated[float, typer.Option(help="Stop the check of an entry after so many.")] = 3600.0,
    memory: Annotated[float, typer.Option(help="Stop the check of an entry at so many GB.")] = 8.0,
) -> None:
    """Check files, values and code of entries. A sample runs again, which executes their code in a process apart.

    An entry that does not repeat is unverified, and the exit status 0; it is 1 if one is damaged.
    """
    from equipoise.harness.archive.check import check as check_entries
    from equipoise.harness.archive.index import Archive
    from equipoise.harness.engine.limits import Limits, memory_is_told

    if not memory_is_told():
        typer.echo("the memory of the check is not limited: this system does not tell that of processes", err=True)
    limits = Limits(seconds, int(memory * 1e9))
    verdicts = check_entries(Archive.open(folder), names or (), sample, typer.echo, mark, limits)
    raise typer.Exit(int(any(verdict.damaged for verdict in verdicts)))
