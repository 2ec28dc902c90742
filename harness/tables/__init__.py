"""The open table format: a Parquet or CSV file that describes itself and is the task ``table:FILE``.

**Rows.** One row is one training: an architecture with one seed, evaluated after some epochs.

| column | when | meaning |
|---|---|---|
| ``architecture`` | always | as the space writes it; a declared space may have one column per decision instead |
| ``fidelity`` | if the header lists several | epochs of training; the largest is full training |
| ``seed`` | if the header lists several | label of the training seed |
| ``validation_error`` | always | smaller is better; or ``validation``, the value as shown, which the metric turns into an error |
| ``test_error`` | if the header names a test split | likewise, or ``test``; may be empty below full training |
| ``cost_seconds`` | if the header says what it is | seconds from the start of training up to this row |
| ``objective:NAME`` | for each entry of ``objectives`` | a further objective; may be empty below full training |

A cell that was never trained has no row: an empty or NaN validation value is an error, as are two rows for one cell, a
column that is neither listed here nor under ``extra``, and a value of the wrong kind. Seeds may differ from
architecture to architecture. Rows come in any order.

**Header.** JSON, in the metadata of a Parquet file under the key ``equipoise``; in the leading ``#`` lines of a CSV
(``.csv`` or ``.csv.gz``); or in ``FILE.csv.json`` beside it.

    {"format": "equipoise-table/1",
     "name": "mine/fashion",
     "space": "nasbench201",
     "metric": {"name": "accuracy", "unit": "%", "direction": "maximise", "offset": 100, "slope": -100},
     "fidelities": [12, 200], "seeds": [777, 888],
     "validation": "valid-split of the release", "test": "test-split",
     "cost": "training time on one V100, without evaluation",
     "source": "Doe et al., 2026", "licence": "CC-BY-4.0"}

| key | default | meaning |
|---|---|---|
| ``format`` | required | ``equipoise-table/1`` |
| ``name`` | required | ``benchmark/dataset`` |
| ``space`` | required | see *Space* |
| ``metric`` | required | ``name``, ``unit``, ``direction`` (maximise or minimise), ``offset`` (0), ``slope``: shown value = offset + slope x error |
| ``validation`` | required | the source's name of the split that searches see: say "test" if it is the test set |
| ``test`` | null | the source's name of the split that only reports see; null where there is none |
| ``source``, ``licence`` | required | paper and origin; licence of the numbers |
| ``cost`` | null | what ``cost_seconds`` measures |
| ``fidelities`` | [] | epochs, ascending |
| ``seeds`` | [] | labels of the seeds; empty if one value per architecture is stored |
| ``coverage`` | "space" | every architecture of the space is stored; "closed": the task is restricted to the stored ones; "sample": no task, but data to fit a surrogate to |
| ``keyed_by`` | "architecture" | "canonical": one architecture of each class of equal networks stands for all of them |
| ``missing`` | {} | fidelity to the number of architectures without a row there; such a fidelity is not offered to methods |
| ``penalty`` | 1 | error of an invalid proposal, no better than any stored one |
| ``surrogate`` | false | the values are predictions |
| ``rises_with_training`` | false | errors may grow with training; otherwise that is taken for a reversed metric |
| ``digest`` | "" | SHA-256 of the upstream file |
| ``citation`` | "" | BibTeX |
| ``pitfalls`` | [] | what a reader of results must know, one sentence each |
| ``extra`` | [] | further columns of the file, not read |
| ``objectives`` | [] | ``{"name": "latency", "unit": "ms", "direction": "minimise"}``; optional: ``reference`` and ``ideal``, the values at which a hypervolume is bounded and normalised |

**Space.** The architectures are those of

- a space of Equipoise, by the name of its file: ``"nasbench201"``, or ``{"name": "nasbench_graph", "parameters": [...]}``;
- a space of your own, a subclass of `equipoise.SearchSpace`, by the path of its file (``"my_space.py"``, relative to the
  folder of the table) or by address (``"package.module:Class"``); ``{"name", "parameters"}`` where its constructor takes
  arguments. The file is part of the table: its digest enters the digest of the table, and a changed space is another
  table. Opening such a table runs that file: open it only if you trust its source;
- a declaration, ``{"name": "mine", "decisions": [{"name": "lr", "options": ["1e-1", "1e-2"]}, ...]}``: every combination
  of the options.

A declared decision may depend on earlier ones. It matters only for the options listed under ``when``; a decision that
does not matter satisfies no condition:

    {"name": "optimisers", "decisions": [
        {"name": "optimiser", "options": ["sgd", "adam"]},
        {"name": "momentum", "options": ["0", "0.9"], "when": {"optimiser": ["sgd"]}},
        {"name": "nesterov", "options": ["no", "yes"], "when": {"momentum": ["0.9"]}},
        {"name": "beta", "options": ["0.9", "0.99"], "when": {"optimiser": ["adam"]}}]}

These are five architectures: ``sgd,0,,``, ``sgd,0.9,no,``, ``sgd,0.9,yes,``, ``adam,,,0.9`` and ``adam,,,0.99``. The
cell of a decision that does not matter, or its place in the text, is empty or holds the first option; any other option
is an error, since two rows could then be one architecture. Methods see exact masks, an exact size, and the encoding
``conditional``, with which TPE, SMAC and the other optimisers treat such a decision as a conditional parameter.

A cell missing at full training makes the table a part of its space, which ``coverage`` must say; a cell missing at a
lower fidelity is declared under ``missing`` with the exact count, or refused.

**Use.** `equipoise.harness.tables.table.open_table` reads, checks and caches a table (memory-mapped columns: a table
larger than memory stays on disk); `equipoise.harness.tables.writer.TableWriter` writes one in bounded memory and places
it only if it passes the same checks. A benchmark over placed tables is a class of a few lines on
`equipoise.harness.benchmarks._open_table.PlacedTables`.
"""
