"""A reduced study of which graph features matter."""

import pytest

from equipoise.methods._shared.graph_features import GROUPS
from studies.structural_gp import fitted, main


def test_the_graph_matters_more_than_decisions_on_nasbench201() -> None:
    found = fitted("nasbench201/cifar10", 60, seed=0)
    assert sum(found[term] for term in ("decisions", "graph", "linear", "noise")) == pytest.approx(1)
    assert found["graph"] > found["decisions"]
    assert all(found[group] > 0 for group in GROUPS)


def test_a_row_is_printed_per_task(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--architectures", "12", "--seeds", "1", "nasbench201/cifar10", "nasbench_graph/proteins"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["nasbench201/cifar10", "nasbench_graph/proteins"]
    assert len(lines[0].split()) == 4 + len(GROUPS)
