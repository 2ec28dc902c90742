"""The meter of training-free scores: a run asks no query while it owes for scores that it has read."""

from equipoise.harness.core.errors import ProposalError
from equipoise.harness.core.method import Method, Observation, Query
from equipoise.harness.core.scores import ScoreReader

__all__ = ["MeteredMethod", "metered"]

ROUNDING = 1e-9
"""Share of the debt that sums of floats may leave."""


class MeteredMethod(Method):
    """A method whose queries must pay for the scores it has read, by `Query.training_cost`.

    Args:
        method: Asked and told.
        readers: The readers of its problem.
    """

    family = "baseline"
    source = "This project: the meter of training-free scores"

    def __init__(self, method: Method, readers: list[ScoreReader]) -> None:
        super().__init__(method.problem, method.rng)
        self._method, self._readers, self._paid = method, readers, 0.0

    def ask(self) -> Query:
        """Asks the method.

        Raises:
            ProposalError: The query does not pay for the scores that were read before it.
        """
        query = self._method.ask()
        if isinstance(query, Query):  # else the loop refuses it
            self._paid += query.training_cost
            owed = sum(reader.cost for reader in self._readers)
            if self._paid < owed * (1.0 - ROUNDING):
                names = ", ".join(reader.score.name for reader in self._readers if reader.cost)
                raise ProposalError(
                    f"scores ({names}) of {owed:g} training equivalents were read and {self._paid:g} paid; propose "
                    "Query(architecture, training_cost=reader.due())"
                )
        return query

    def tell(self, observation: Observation) -> None:
        """Tells the method."""
        self._method.tell(observation)


def metered(method: Method) -> Method:
    """The method with a meter on it: itself where no score of its problem has a price."""
    readers = [one for one in method.problem.resources.values() if isinstance(one, ScoreReader) and one.score.price]
    return MeteredMethod(method, readers) if readers else method
