"""The state of a stored suite: the runs that are stored, those that failed, and those that did not run."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from equipoise.harness.core.errors import SettingError, StoreError, SuiteError
from equipoise.harness.core.suite import Suite
from equipoise.harness.store.code_versions import mixtures
from equipoise.harness.store.no_results import no_results
from equipoise.harness.store.run_store import RunStore

__all__ = ["MethodOverview", "Overview", "complete", "opened", "overview_of"]


@dataclass(frozen=True)
class MethodOverview:
    """The runs of one method: asked for, stored, and failed."""

    label: str
    planned: int
    stored: int
    failed: int


@dataclass(frozen=True)
class Overview:
    """The state of a suite.

    Attributes:
        store: The results folder.
        suite: What was asked for.
        started: When, as the manifest says.
        ended: When; None if it has not come to its end.
        methods: One entry per method.
        failures: Runs that failed and are still not stored, as recorded.
        excluded: ``method``, ``task`` and ``reason`` of what was skipped or does not apply.
        mixed: Methods whose runs are of several versions of their code, by label, and which.
    """

    store: RunStore
    suite: Suite
    started: str
    ended: str | None
    methods: tuple[MethodOverview, ...]
    failures: Sequence[Mapping[str, Any]]
    excluded: Sequence[Mapping[str, str]]
    mixed: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """The same in a few lines."""
        width = max([8, *(len(entry.label) for entry in self.methods)])
        lines = [f"suite {self.suite.name}: started {self.started}, ended {self.ended or 'not yet'}"]
        lines += [f"{entry.label:<{width}}  {entry.stored} of {entry.planned} runs" for entry in self.methods]
        lines += [
            f"failed: {f['method']} on {f['task']}, repeat {f['repeat']}: {f['error']}" for f in self.failures[:10]
        ]
        if len(self.failures) > 10:
            lines.append(f"... and {len(self.failures) - 10} more in failures.jsonl")
        lines += [f"mixed: {label}: {said}" for label, said in self.mixed.items()]
        for entry in self.excluded:
            kind = "skipped" if "*" in (entry["method"], entry["task"]) else "not applicable"
            lines.append(f"{kind}: {entry['method']} on {entry['task']}: {entry['reason']}")
        return "\n".join(lines)


def opened(folder: Path) -> tuple[RunStore, Suite]:
    """A results folder, and the suite that its manifest describes.

    Raises:
        StoreError: It holds no results.
    """
    store = RunStore(folder)
    manifest = store.manifest()
    if manifest is None:
        raise no_results(folder)
    try:
        return store, Suite.from_dict(manifest["suite"])
    except (SuiteError, SettingError) as error:
        raise StoreError(f"{folder / 'manifest.json'}: {error}; move the folder away, or restore the file") from error


def complete(store: RunStore, manifest: Mapping[str, Any]) -> bool:
    """Whether each run that a manifest asks for is stored, has failed, or does not apply."""
    suite, ended = Suite.from_dict(manifest["suite"]), {failure["run_id"] for failure in store.failures()}
    pairs = {(entry["method"], entry["task"]) for entry in manifest["left_out"]}
    ended.update(RunStore(store.path).summaries())  # of today: others write there too
    return all(spec.run_id in ended for spec in suite.runs() if (spec.label, spec.task) not in pairs)


def overview_of(folder: Path) -> Overview:
    """The state of the suite of a results folder.

    Raises:
        StoreError: It holds no results, or a part is damaged.
    """
    store, suite = opened(folder)
    manifest = store.manifest() or {}
    pairs = {(entry["method"], entry["task"]) for entry in manifest["left_out"]}
    failures = store.failures()
    failed = Counter(failure["method"] for failure in failures)
    methods = []
    for method in suite.methods:
        specs = [s for task in suite.tasks if (method.label, task) not in pairs for s in suite.runs_of(task, method)]
        methods.append(MethodOverview(method.label, len(specs), sum(map(store.has, specs)), failed[method.label]))
    return Overview(
        store,
        suite,
        manifest["started"],
        manifest["ended"],
        tuple(methods),
        failures,
        manifest["left_out"],
        mixtures(store),
    )
