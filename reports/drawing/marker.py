"""Markers, by the letters that matplotlib gives them."""

import math

__all__ = ["marker"]

SIDES = {
    "^": (3, 90), "v": (3, 270), "<": (3, 180), ">": (3, 0), "p": (5, 90), "h": (6, 90), "H": (6, 0), "8": (8, 22.5),
}  # fmt: skip


def marker(kind: str, x: float, y: float, size: float) -> list[tuple[float, float]]:
    """The polygon of a marker.

    Args:
        kind: A letter.
        x: Middle, in points.
        y: Middle, in points.
        size: Its width.
    """
    half = size / 2
    if kind in SIDES:
        sides, turn = SIDES[kind]
        return _polygon(x, y, half * (1.15 if sides == 3 else 1.05), sides, turn)
    if kind in ("o", "."):
        return _polygon(x, y, half * (1.0 if kind == "o" else 0.6), 20, 0)
    if kind == "s":
        return _polygon(x, y, half * 1.25, 4, 45)
    if kind in ("D", "d"):
        wide = half * (1.2 if kind == "D" else 0.8)
        return [(x, y - 1.2 * half), (x + wide, y), (x, y + 1.2 * half), (x - wide, y)]
    if kind == "*":
        radii = (1.25 * half, 0.5 * half)
        angles = [math.radians(90 + 36 * place) for place in range(10)]
        return [(x + radii[n % 2] * math.cos(a), y - radii[n % 2] * math.sin(a)) for n, a in enumerate(angles)]
    arm = 0.38 * half  # "P" and "X": a filled plus, and the same turned
    plus = [(-arm, -half), (arm, -half), (arm, -arm), (half, -arm), (half, arm), (arm, arm),
            (arm, half), (-arm, half), (-arm, arm), (-half, arm), (-half, -arm), (-arm, -arm)]  # fmt: skip
    turn = math.radians(45 if kind == "X" else 0)
    return [
        (x + 1.15 * (a * math.cos(turn) - b * math.sin(turn)), y + 1.15 * (a * math.sin(turn) + b * math.cos(turn)))
        for a, b in plus
    ]


def _polygon(x: float, y: float, radius: float, sides: int, turn: float) -> list[tuple[float, float]]:
    angles = [math.radians(turn + 360 * place / sides) for place in range(sides)]
    return [(x + radius * math.cos(angle), y - radius * math.sin(angle)) for angle in angles]
