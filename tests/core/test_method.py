"""The contract of a method."""

from equipoise.harness.core.method import Query


def test_a_query_unpacks_into_its_attributes() -> None:
    query = Query((0, 1), 12, training_cost=0.5)
    architecture, fidelity, training_cost = query
    assert (architecture, fidelity, training_cost) == ((0, 1), 12, 0.5)
    assert Query(*query) == query != Query((0, 1), 12)
