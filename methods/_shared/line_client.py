"""A client of `equipoise.methods.external` in Python, which the conformance checks run: random, then mutants."""

import json
import random
import sys
from typing import Any

__all__ = ["main"]

INITIAL = 10


def main() -> None:
    """Answers until the input ends."""
    rng, seen, best = random.Random(0), set[tuple[int, ...]](), (float("inf"), list[int]())

    def request(message: dict[str, Any]) -> Any:
        print(json.dumps(message), flush=True)
        return json.loads(sys.stdin.readline())

    for line in sys.stdin:
        message = json.loads(line)
        if "start" in message:
            rng = random.Random(message["start"]["seed"])
        elif "tell" in message:
            told = message["tell"]
            best = min(best, (told["validation_error"], told["architecture"]))
        elif "ask" in message:
            if len(seen) < INITIAL or not best[1] or rng.random() < 0.1:
                chosen = request({"sample": 1})["sample"][0]
            else:
                chosen = request({"mutate": best[1]})["mutate"]
            seen.add(tuple(chosen))
            print(json.dumps({"architecture": chosen}), flush=True)


if __name__ == "__main__":
    main()
