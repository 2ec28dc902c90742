"""Compare neural-architecture-search methods with general optimisers, on real benchmarks, under equal budgets.

    import equipoise as eq

    trajectory = eq.search("bananas", "nasbench201/cifar10", queries=100, seed=0)

Names are imported when they are first used: ``import equipoise`` itself costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from equipoise.api.check import CheckResults as CheckResults
    from equipoise.api.check import check as check
    from equipoise.api.compare import compare as compare
    from equipoise.api.explore import explore as explore
    from equipoise.api.lists import methods as methods
    from equipoise.api.lists import suites as suites
    from equipoise.api.lists import tasks as tasks
    from equipoise.api.results import Results as Results
    from equipoise.api.run import load as load
    from equipoise.api.run import run as run
    from equipoise.api.search import search as search
    from equipoise.api.trajectory import Incumbent as Incumbent
    from equipoise.api.trajectory import SearchTrajectory as SearchTrajectory
    from equipoise.harness.core.errors import DataError as DataError
    from equipoise.harness.core.errors import EquipoiseError as EquipoiseError
    from equipoise.harness.core.errors import PluginError as PluginError
    from equipoise.harness.core.errors import ProposalError as ProposalError
    from equipoise.harness.core.errors import RunError as RunError
    from equipoise.harness.core.errors import SearchEnded as SearchEnded
    from equipoise.harness.core.errors import SettingError as SettingError
    from equipoise.harness.core.errors import SpaceError as SpaceError
    from equipoise.harness.core.errors import StoreError as StoreError
    from equipoise.harness.core.errors import SuiteError as SuiteError
    from equipoise.harness.core.ledger import Budget as Budget
    from equipoise.harness.core.method import Method as Method
    from equipoise.harness.core.method import Observation as Observation
    from equipoise.harness.core.method import Problem as Problem
    from equipoise.harness.core.method import Query as Query
    from equipoise.harness.core.method import Requirements as Requirements
    from equipoise.harness.core.scores import Score as Score
    from equipoise.harness.core.scores import ScoreReader as ScoreReader
    from equipoise.harness.core.space import Architecture as Architecture
    from equipoise.harness.core.space import Decision as Decision
    from equipoise.harness.core.space import LabelledDag as LabelledDag
    from equipoise.harness.core.space import SearchSpace as SearchSpace
    from equipoise.harness.core.suite import Suite as Suite
    from equipoise.harness.core.task import Benchmark as Benchmark
    from equipoise.harness.core.task import Evaluation as Evaluation
    from equipoise.harness.core.task import Task as Task
    from equipoise.harness.core.task_info import Metric as Metric
    from equipoise.harness.core.task_info import Objective as Objective
    from equipoise.harness.core.task_info import TaskInfo as TaskInfo

_MODULES = {
    "api.check": "CheckResults check",
    "api.compare": "compare",
    "api.explore": "explore",
    "api.lists": "methods suites tasks",
    "api.results": "Results",
    "api.run": "load run",
    "api.search": "search",
    "api.trajectory": "Incumbent SearchTrajectory",
    "harness.core.errors": "DataError EquipoiseError PluginError ProposalError RunError SearchEnded SettingError "
    "SpaceError StoreError SuiteError",
    "harness.core.ledger": "Budget",
    "harness.core.method": "Method Observation Problem Query Requirements",
    "harness.core.scores": "Score ScoreReader",
    "harness.core.space": "Architecture Decision LabelledDag SearchSpace",
    "harness.core.suite": "Suite",
    "harness.core.task": "Benchmark Evaluation Task",
    "harness.core.task_info": "Metric Objective TaskInfo",
}
"""Where the names above live, once more for the time of running; a test holds the two lists together."""

_HOME = {name: f"equipoise.{module}" for module, names in _MODULES.items() for name in names.split()}
__all__ = [*_HOME]  # noqa: PLE0604 - texts, which the check does not see


if not TYPE_CHECKING:  # else every misspelt name would pass for Any

    def __getattr__(name: str) -> Any:
        if name not in _HOME:
            raise AttributeError(f"module 'equipoise' has no attribute '{name}'")
        globals()[name] = value = getattr(import_module(_HOME[name]), name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
