"""The benchmarks: one file per benchmark, each offering one task per data set.

Which part to take for a benchmark of one's own, by where the answers come from:

- *A formula, a program, a service*: a class derived from `equipoise.harness.core.task.Task` with `info` and `space` in
  its body. The registry makes the benchmark of it by itself.
- *The same, for several data sets*: also a class derived from `equipoise.harness.core.task.Benchmark`, which makes the
  task of a data set.
- *A table file in the open format* (`equipoise.harness.tables`): nothing, ``table:FILE`` in a suite is the task. To
  give it a name of its own, ``_open_table.table_file_task``.
- *A fitted surrogate*: nothing, ``surrogate:FILE`` is the task. To give it a name of its own,
  ``_surrogate.SurrogateTask`` with ``_surrogate.surrogate_info``.
- *Arrays out of a package or a program*: ``_table.TableTask``, with ``_table.cached_columns`` around the function that
  makes them.
- *A file that `equipoise data fetch` brings*: ``_table.fetched_table``, with a function that reads the file.
- *An archive that people download by hand*: ``_official.OfficialTables``, which declares what the archive has and reads
  it; `equipoise data import` makes the tables.

`TableTask` is the only class that answers from a table. Benchmarks differ in how they make its data sheet and columns.
"""
