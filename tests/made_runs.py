"""Finished runs that were never played."""

from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.protocol import Protocol
from equipoise.harness.core.run_spec import RunSpec
from equipoise.harness.core.trajectory import Trajectory
from equipoise.harness.store.run_file import Run

PROTOCOL = Protocol(repeats=2, seed=1)


def made_run(label: str = "m", repeat: int = 1, task: str = "made/plain", queries: int = 3) -> Run:
    spec = RunSpec(task, "m", label, "{}", repeat, Budget(queries=queries), PROTOCOL)
    trajectory = Trajectory()
    for number in range(queries):
        trajectory.architecture.append((0, 0, 2 * (number % 2)))
        trajectory.fidelity.append(None if number == 1 else 4)
        trajectory.validation_error.append(0.1 * number + repeat)
        trajectory.charge.append(1.0 + number)
        trajectory.training_charge.append(float(number))
        trajectory.objectives.append({})
        trajectory.cost_seconds.append(float("nan") if number == 1 else 2.5)
        trajectory.overhead_seconds.append(1e-6)
        trajectory.status.append("ok")
    return Run(spec, trajectory, 0.25)
