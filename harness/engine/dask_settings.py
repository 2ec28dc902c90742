"""Settings of a Dask cluster on SLURM: Dask's own configuration, a settings file, and the needs of runs."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from equipoise.harness.core.errors import PluginError, SuiteError, nearest
from equipoise.harness.engine.processes import ONE_THREAD
from equipoise.harness.engine.walltime import parse_time

__all__ = ["ClusterSettings", "slurm_arguments"]

LEAST_MINUTES = 0.05


@dataclass(frozen=True)
class ClusterSettings:
    """The content of a file of ``--cluster-config``.

    Attributes:
        minimum_jobs: Jobs that stay even when nothing is left to do for them.
        minutes_without_worker: After so long without any worker, a suite stops.
        dask: What is laid over Dask's own configuration, as its files are written: ``jobqueue.slurm``, ...
    """

    minimum_jobs: int = 0
    minutes_without_worker: float = 60.0
    dask: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path | None) -> "ClusterSettings":
        """Reads a TOML or YAML file in the layout of Dask's configuration, with a table ``equipoise`` for ours.

        Raises:
            SuiteError: It cannot be read, or a setting is unknown or of the wrong kind.
        """
        if path is None:
            return cls()
        content = _content(path)
        ours = content.pop("equipoise", {})
        accepted = ("minimum-jobs", "minutes-without-worker")
        if not isinstance(ours, dict):
            raise SuiteError(f"{path}: [equipoise] is not a table; got {ours!r}")
        for key in ours:
            if key not in accepted:
                raise SuiteError(f"{path}: [equipoise]: unknown key '{key}'; {nearest(str(key), accepted)}")
        jobs, minutes = ours.get("minimum-jobs", 0), ours.get("minutes-without-worker", 60.0)
        if isinstance(jobs, bool) or not isinstance(jobs, int) or jobs < 0:
            raise SuiteError(f"{path}: minimum-jobs = {jobs!r} is not a whole number from 0 on")
        if isinstance(minutes, bool) or not isinstance(minutes, int | float) or minutes < LEAST_MINUTES:
            raise SuiteError(f"{path}: minutes-without-worker = {minutes!r} is not a positive number")
        return cls(jobs, float(minutes), content)


def _content(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SuiteError(f"--cluster-config {path}: cannot be read ({error})") from error
    content: Any
    if path.suffix in (".yaml", ".yml"):
        try:
            import yaml
        except ModuleNotFoundError as error:
            raise PluginError(f"{path} needs PyYAML, which comes with Dask: pip install 'equipoise[dask]'") from error
        try:
            content = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise SuiteError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error
    else:
        try:
            content = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise SuiteError(f"{path}: not valid TOML: {error}") from error
    if not isinstance(content, dict):
        raise SuiteError(f"{path}: not a table of settings, such as [jobqueue.slurm]")
    return content


def slurm_arguments(configured: Mapping[str, Any], host: str) -> dict[str, Any]:
    """The arguments of `dask_jobqueue.SLURMCluster` that go beyond what is configured.

    What is configured stays: our lines are appended to its lists, and defaults of ours stand where it says nothing.
    A job gets as many processes as cores, of one thread each. Its workers end by themselves before the time of the job
    is over, so that what they were doing is handed to others in order. The scheduler listens on one address of this
    machine, and shows no dashboard.

    Args:
        configured: ``jobqueue.slurm`` of Dask's configuration.
        host: The address of this machine to listen on.
    """
    values = {key.replace("_", "-"): value for key, value in configured.items()}
    cores = values.get("cores") or 1
    arguments: dict[str, Any] = {
        "cores": cores,
        "processes": cores,
        "memory": values.get("memory") or f"{4 * cores}GB",
        "job_script_prologue": [*(values.get("job-script-prologue") or ()), *(f"export {v}=1" for v in ONE_THREAD)],
    }
    extra = list(values.get("worker-extra-args") or ())
    walltime = values.get("walltime")
    if walltime and "--lifetime" not in extra:
        seconds = parse_time(str(walltime))
        stagger = max(1, round(min(0.05 * seconds, 60)))
        extra += ["--lifetime", f"{round(seconds - max(min(0.15 * seconds, 180), 3 * stagger))}s"]
        extra += ["--lifetime-stagger", f"{stagger}s"]
    if not any(argument.startswith(("--dashboard", "--no-dashboard")) for argument in extra):
        extra += ["--no-dashboard"]
    arguments["worker_extra_args"] = extra
    scheduler = dict(values.get("scheduler-options") or {})
    if not values.get("interface") and not {"host", "interface"} & set(scheduler):
        scheduler["host"] = host
    if "dashboard_address" not in scheduler and "dashboard" not in scheduler:
        scheduler.update(dashboard=False, dashboard_address="127.0.0.1:0")
    arguments["scheduler_options"] = scheduler
    return arguments
