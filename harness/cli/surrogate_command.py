"""``equipoise surrogate``: fits a surrogate to a table, or the one that a benchmark names."""

from collections.abc import Callable
from pathlib import Path

from equipoise.harness.core.errors import DataError
from equipoise.harness.core.registry import locate_task
from equipoise.harness.surrogate.fit import fit_surrogate
from equipoise.harness.surrogate.surrogate import Surrogate
from equipoise.harness.surrogate.surrogate_model import load_surrogate_model
from equipoise.harness.tables.table import tables_folder

__all__ = ["fit_named"]

TABLES = (".parquet", ".csv", ".csv.gz")


def fit_named(
    name: str, out: Path | None, model: str | None, seed: int | None, say: Callable[[str], object]
) -> Surrogate:
    """Fits and keeps a surrogate.

    Args:
        name: A table file, also as ``table:FILE``, or by its name an imported one; or a surrogate task that says itself
            what it is fitted to.
        out: Where to keep it; of a table only.
        model: The surrogate model (default ``trees``); of a table only.
        seed: Of the split and of the members (default 0); of a table only.
        say: Told what is done.

    Raises:
        DataError: The table or an argument is not acceptable; nothing is written.
        PluginError: There is no such model or task.
    """
    path = Path(name.removeprefix("table:"))
    if not path.exists() and path.parent == Path() and (tables_folder() / path).exists():
        path = tables_folder() / path
    if path.name.endswith(TABLES) or name.startswith("table:"):
        if out is None or out.suffix != ".npz":
            raise DataError(f"--out {out or 'is missing'}: give the .npz file in which to keep the surrogate of {path}")
        if seed is not None and seed < 0:
            raise DataError(f"--seed {seed} is not a whole number from 0 on")
        model = model or "trees"
        load_surrogate_model(model)
        return _kept(fit_surrogate(path, model, seed or 0, say), out, say)
    benchmark, dataset = locate_task(name)
    fit = getattr(benchmark, "fit", None)
    if fit is None:
        raise DataError(f"'{name}' is no surrogate that is fitted here; give its name, or a table file {TABLES}")
    for option, value in (("--out", out), ("--model", model), ("--seed", seed)):
        if value is not None:
            raise DataError(f"{option} {value}: {name} says itself what it is; {option} is for a table file")
    fitted: Surrogate = fit(dataset, say)
    return fitted


def _kept(fitted: Surrogate, out: Path, say: Callable[[str], object]) -> Surrogate:
    kept = fitted.save(out)
    say(f"{out}: the task surrogate:{out}")
    return kept
