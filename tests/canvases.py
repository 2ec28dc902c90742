"""Faults of a drawing that can be computed: text that leaves the canvas or covers other text."""

from itertools import combinations

from equipoise.reports.drawing.canvas import Canvas, Label

__all__ = ["faults"]


def faults(canvas: Canvas) -> list[str]:
    """One line for each label that leaves the canvas, and for each pair that overlaps."""
    labels = [item for item in canvas.items if isinstance(item, Label)]
    boxes = [_box(canvas, label) for label in labels]
    found = [
        f"{label.text!r} leaves the canvas"
        for label, (left, top, right, bottom) in zip(labels, boxes, strict=True)
        if left < -0.5 or top < -0.5 or right > canvas.width + 0.5 or bottom > canvas.height + 0.5
    ]
    for (one, a), (other, b) in combinations(zip(labels, boxes, strict=True), 2):
        if min(a[2], b[2]) - max(a[0], b[0]) > 0.5 and min(a[3], b[3]) - max(a[1], b[1]) > 0.5:
            found.append(f"{one.text!r} covers {other.text!r}")
    return found


def _box(canvas: Canvas, label: Label) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of the letters, without their descenders."""
    width = canvas.style.text_width(label.text, label.size, label.bold)
    shift = {"start": 0.0, "middle": width / 2, "end": width}[label.anchor]
    if label.angle:
        return label.x - 0.72 * label.size, label.y + shift - width, label.x, label.y + shift
    return label.x - shift, label.y - 0.72 * label.size, label.x - shift + width, label.y
