"""``equipoise sbatch``: a suite as a SLURM job array."""

from pathlib import Path
from typing import Annotated

import typer

from equipoise.harness.cli import completion

__all__ = ["sbatch"]


def sbatch(
    suite: Annotated[
        str,
        typer.Argument(
            help="A suite file, or the name of a suite that comes with Equipoise.", autocompletion=completion.suites
        ),
    ],
    time: Annotated[str, typer.Option(help="Time limit of a job, as SLURM writes it: 2:00:00, 1-00:00:00.")],
    out: Annotated[Path | None, typer.Option(help="Results folder (default: results/NAME).")] = None,
    shards: Annotated[int, typer.Option(help="Jobs of the array; each runs its share.", min=1)] = 20,
    array_parallel: Annotated[int | None, typer.Option(help="Jobs that may run at once.", min=1)] = None,
    partition: Annotated[str | None, typer.Option(help="Partition, as for sbatch.")] = None,
    account: Annotated[str | None, typer.Option(help="Account, as for sbatch.")] = None,
    qos: Annotated[str | None, typer.Option(help="Quality of service, as for sbatch.")] = None,
    gres: Annotated[str | None, typer.Option(help="Generic resources per job, for example gpu:1.")] = None,
    cpus: Annotated[int, typer.Option(help="Cores per job, one worker process on each.", min=1)] = 1,
    memory: Annotated[str | None, typer.Option(help="Memory per job, for example 4G.")] = None,
    directive: Annotated[
        list[str] | None, typer.Option(help="A further option of sbatch, NAME=VALUE; may be given again.")
    ] = None,
    setup: Annotated[
        list[str] | None, typer.Option(help="A shell line to run first, such as module load; may be given again.")
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
    submit: Annotated[bool, typer.Option("--submit", help="Submit the script, too.")] = False,
) -> None:
    """Write a SLURM job array that runs a suite. It queues itself again until all runs are stored."""
    from equipoise.harness.cli import array_job
    from equipoise.harness.core.suite import Suite
    from equipoise.harness.engine.preflight import preflight

    chosen = Suite.load(suite).changed(tuple(only or ()), repeats, queries, tuple(task or ()))
    preflight(chosen, skip_missing)  # before it waits in a queue
    given = {"partition": partition, "account": account, "qos": qos, "gres": gres, "mem": memory}
    further = dict(text.partition("=")[::2] for text in directive or ())
    options = [*["--skip-missing"] * skip_missing]
    for name, values in (("--only", only), ("--task", task), ("--repeats", [repeats]), ("--queries", [queries])):
        options += [text for value in values or () if value is not None for text in (name, str(value))]
    job = array_job.ArrayJob(
        suite=suite,
        out=out or Path("results") / chosen.name,
        shards=min(shards, sum(1 for _ in chosen.runs())),
        time=time,
        directives={**given, "cpus-per-task": cpus, **further},
        parallel=array_parallel,
        options=options,
        setup=setup or (),
    )
    script = job.write()
    typer.echo(f"{script}: {job.shards} jobs of {time}, into {job.out}")
    typer.echo(array_job.submit(script) if submit else f"submit it:  sbatch {script}")
    typer.echo(f"meanwhile:  equipoise status {job.out}\nthen:       equipoise report {job.out}")
