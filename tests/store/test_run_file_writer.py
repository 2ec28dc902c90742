"""Run files as they are written: readable without Equipoise, and with the ranges that a reader skips by."""

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
from made import MadeSpace
from made_runs import made_run

from equipoise.harness.store.run_store import RunStore


def test_the_format_is_open(tmp_path: Path) -> None:
    RunStore(tmp_path).write([made_run()], MadeSpace())
    assert len(pd.read_parquet(tmp_path / "runs")) == 3


def test_a_file_states_the_ranges_of_what_tells_runs_apart_alone(tmp_path: Path) -> None:
    part = RunStore(tmp_path).write([made_run(repeat=2)], MadeSpace())
    group = pq.ParquetFile(part).metadata.row_group(0)
    columns = [group.column(number) for number in range(group.num_columns)]
    stated = {column.path_in_schema for column in columns if column.is_stats_set}
    assert stated == {"task", "method", "budget", "repeat", "query"}
