"""The NATS-Bench size space: the number of channels, one of eight, in each of five layers."""

from equipoise.harness.core.errors import SpaceError
from equipoise.harness.core.space import Architecture, Decision, LabelledDag
from equipoise.harness.spaces._product import ProductSpace

__all__ = ["CHANNELS", "NatsSss"]

CHANNELS = tuple(str(8 * number) for number in range(1, 9))
LAYERS = 5


class NatsSss(ProductSpace):
    """32,768 networks, one topology in different widths."""

    name = "nats_sss"
    source = "Dong, Liu, Musial and Gabrys, NATS-Bench, TPAMI 2021"
    decisions = tuple(Decision(f"channels {number}", CHANNELS) for number in range(1, LAYERS + 1))

    def graph(self, prefix: Architecture) -> LabelledDag:
        """The chain of the layers decided so far, labelled by width."""
        labels = ("input", *(f"{CHANNELS[option]} channels" for option in prefix), "output")
        edges = tuple((node, node + 1) for node in range(len(labels) - 1))
        return LabelledDag(labels, edges, ("",) * len(edges))

    def format(self, architecture: Architecture) -> str:
        """The string of the NATS-Bench API, for example ``8:16:24:32:40``."""
        return ":".join(CHANNELS[option] for option in architecture)

    def parse(self, text: str) -> Architecture:
        """Reads the string of the NATS-Bench API.

        Raises:
            SpaceError: The text is not such a string.
        """
        words = text.strip().split(":")
        if len(words) != LAYERS:
            raise SpaceError(f"{self.name}: '{text}' has {len(words)} widths, not {LAYERS}; one reads 8:16:24:32:40")
        return tuple(self.option(position, word, text) for position, word in enumerate(words))
