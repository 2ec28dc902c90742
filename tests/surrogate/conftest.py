"""Fits that are quick: few rounds of boosting."""

from collections.abc import Iterator

import pytest

from equipoise.harness.surrogate.models import trees


@pytest.fixture(autouse=True, scope="session")
def _few_rounds() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trees, "ROUNDS", 40)
        yield
