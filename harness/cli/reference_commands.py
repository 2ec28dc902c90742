"""``equipoise reference``: make the reference runs, and pack them."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["reference"]

reference = typer.Typer(no_args_is_help=True, help="Make the reference runs (for maintainers).")


@reference.command()
def make(
    out: Annotated[Path, typer.Option(help="Results folder; the same folder resumes.")],
    suite: Annotated[str, typer.Argument(help="A suite.")] = "embedded",
    workers: Annotated[int | None, typer.Option(help="Processes (default: one per core).")] = None,
    repeats: Annotated[int, typer.Option(help="Repeats of methods that take under 3 s of CPU per run.")] = 100,
    costly_repeats: Annotated[int, typer.Option(help="Repeats of the others.")] = 20,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how long it will take.")] = False,
) -> None:
    """Run the suite of the reference, cheap methods first. Run it again to resume."""
    from equipoise.harness.archive.find import REFERENCE, SHIPPED
    from equipoise.harness.archive.reference import estimate
    from equipoise.harness.archive.reference import make as make_runs
    from equipoise.harness.cli.progress import progress
    from equipoise.harness.core.suite import Suite
    from equipoise.harness.store.entry import Entry
    from equipoise.harness.store.run_store import RunStore

    chosen, count = Suite.load(suite), workers or os.cpu_count() or 1
    if dry_run:
        known = [*Entry(SHIPPED / REFERENCE).summaries().values(), *RunStore(out).summaries().values()]
        typer.echo(estimate(chosen.changed(repeats=costly_repeats), RunStore(out), known).text(count))
        return
    options = {"repeats": repeats, "costly_repeats": costly_repeats, "command": sys.argv[1:], "progress": progress}
    ran = make_runs(chosen, out, count, typer.echo, **options)  # type: ignore[arg-type]
    typer.echo(f"{ran}\nnext: equipoise reference pack {out}")
    raise typer.Exit(ran.exit_status if ran.interrupted else 0)


@reference.command()
def pack(
    results: Annotated[Path, typer.Argument(help="A results folder, complete or not.")],
    archive: Annotated[Path | None, typer.Argument(help="Folder of the archive (default: the one that ships).")] = None,
    version: Annotated[str, typer.Option(help="Version of the entry.")] = "1",
    megabytes: Annotated[float, typer.Option(help="Leave repeats out until it fits.")] = 8.0,
    least: Annotated[int, typer.Option(min=1, help="Leave methods out that have fewer complete repeats.")] = 3,
) -> None:
    """Pack results as the entry reference. Of each method, repeats stored on every task are kept."""
    from equipoise.harness.archive.find import SHIPPED
    from equipoise.harness.archive.reference import pack as pack_runs

    listed = pack_runs(results, archive or SHIPPED, version, megabytes, least=least, say=typer.echo)
    typer.echo(f"{archive or SHIPPED}: {listed}")
