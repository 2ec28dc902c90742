"""SVG of a canvas: text stays text, numbers have two digits, equal canvases give equal bytes."""

from collections.abc import Iterable
from html import escape

from equipoise.reports.drawing.canvas import Canvas, Label, Shape

__all__ = ["svg"]


def svg(canvas: Canvas) -> str:
    """Writes an SVG document; colours stand in ``style`` attributes, where a page may replace them."""
    size = f'width="{_number(canvas.width)}pt" height="{_number(canvas.height)}pt"'
    view = f'viewBox="0 0 {_number(canvas.width)} {_number(canvas.height)}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} {view} font-family="{escape(canvas.style.stack)}">'
    body = [_shape(item) if isinstance(item, Shape) else _label(item) for item in canvas.items]
    paper = f'<rect width="{_number(canvas.width)}" height="{_number(canvas.height)}" style="fill:#ffffff"/>'
    return "\n".join(['<?xml version="1.0" encoding="utf-8"?>', head, paper, *body, "</svg>", ""])


def _shape(shape: Shape) -> str:
    end = "z" if shape.fill else ""
    path = "".join(f"M{_points(part)}{end}" for part in shape.parts)
    style = [f"fill:{shape.fill or 'none'}"]
    if shape.stroke:
        style += [f"stroke:{shape.stroke}", f"stroke-width:{_number(shape.width)}", "stroke-linejoin:round"]
    if shape.dashes:
        style.append(f"stroke-dasharray:{','.join(map(_number, shape.dashes))}")
    if shape.opacity < 1:
        style.append(f"opacity:{_number(shape.opacity)}")
    return f'<path d="{path}" style="{";".join(style)}"/>'


def _label(label: Label) -> str:
    x, y = _number(label.x), _number(label.y)
    more = f' transform="rotate({_number(-label.angle)} {x} {y})"' if label.angle else ""
    more += "" if label.anchor == "start" else f' text-anchor="{label.anchor}"'
    more += ' font-weight="bold"' if label.bold else ""
    text = escape(label.text, quote=False)
    return f'<text x="{x}" y="{y}" font-size="{_number(label.size)}" style="fill:{label.colour}"{more}>{text}</text>'


def _points(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{_number(x)} {_number(y)}" for x, y in points)


def _number(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
