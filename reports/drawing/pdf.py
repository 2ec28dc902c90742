"""PDF of a canvas: one page with embedded TrueType fonts, equal canvases give equal bytes."""

import zlib
from collections.abc import Mapping

from equipoise.reports.drawing.canvas import Canvas, Label, Shape
from equipoise.reports.drawing.truetype import FontSubset, TrueTypeFont

__all__ = ["pdf"]


def pdf(canvas: Canvas) -> bytes:
    """Writes a PDF 1.5 file; its text can be selected and searched."""
    labels = [item for item in canvas.items if isinstance(item, Label)]
    faces = {
        bold: canvas.style.face(bold).subset("".join(label.text for label in labels if label.bold is bold))
        for bold in sorted({label.bold for label in labels})
    }
    opacities = sorted({item.opacity for item in canvas.items if isinstance(item, Shape) and item.opacity < 1})
    content = _content(canvas, faces, opacities)
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", b""]
    objects.append(_stream(content.encode("ascii")))
    fonts = {}
    for bold, subset in faces.items():
        fonts[bold] = len(objects) + 1
        objects += _font_objects(canvas.style.face(bold), subset, fonts[bold])
    shown = " ".join(f"/F{int(bold)} {number} 0 R" for bold, number in fonts.items())
    states = " ".join(f"/G{place} << /ca {o:g} /CA {o:g} >>" for place, o in enumerate(opacities))
    objects[2] = (
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {_number(canvas.width)} {_number(canvas.height)}] "
        f"/Contents 4 0 R /Resources << /Font << {shown} >> /ExtGState << {states} >> >> >>"
    ).encode("ascii")
    return _file(objects)


def _content(canvas: Canvas, faces: Mapping[bool, FontSubset], opacities: list[float]) -> str:
    lines = [f"1 0 0 -1 0 {_number(canvas.height)} cm", "1 j"]
    for item in canvas.items:
        lines += _label(item, canvas, faces) if isinstance(item, Label) else _shape(item, opacities)
    return "\n".join(lines)


def _shape(shape: Shape, opacities: list[float]) -> list[str]:
    lines = ["q"]
    if shape.opacity < 1:
        lines.append(f"/G{opacities.index(shape.opacity)} gs")
    if shape.fill:
        lines.append(f"{_colour(shape.fill)} rg")
    if shape.stroke:
        lines.append(f"{_colour(shape.stroke)} RG {_number(shape.width)} w")
    if shape.dashes:
        lines.append(f"[{' '.join(map(_number, shape.dashes))}] 0 d")
    for part in shape.parts:
        steps = [f"{_number(x)} {_number(y)} {'l' if place else 'm'}" for place, (x, y) in enumerate(part)]
        lines.append(" ".join(steps) + (" h" if shape.fill else ""))
    return [
        *lines,
        {(True, True): "B", (True, False): "f", (False, True): "S"}[bool(shape.fill), bool(shape.stroke)],
        "Q",
    ]


def _label(label: Label, canvas: Canvas, faces: Mapping[bool, FontSubset]) -> list[str]:
    width = canvas.style.text_width(label.text, label.size, label.bold)
    shift = {"start": 0.0, "middle": width / 2, "end": width}[label.anchor]
    x, y = (label.x, label.y + shift) if label.angle else (label.x - shift, label.y)
    turn = "0 -1 -1 0" if label.angle else "1 0 0 -1"
    glyphs = "".join(f"{faces[label.bold].glyphs[letter]:04x}" for letter in label.text)
    return [
        f"BT {_colour(label.colour)} rg /F{int(label.bold)} {_number(label.size)} Tf "
        f"{turn} {_number(x)} {_number(y)} Tm <{glyphs}> Tj ET"
    ]


def _font_objects(face: TrueTypeFont, subset: FontSubset, first: int) -> list[bytes]:
    """The five objects of a font, the first of which has the number `first`."""
    name, scale = f"AAAAAA+{face.name}", 1000 / face.units
    box = " ".join(str(round(edge * scale)) for edge in face.box)
    widths = " ".join(map(str, subset.widths))
    pairs = [f"<{n:04x}> <{letter.encode('utf-16-be').hex()}>" for letter, n in sorted(subset.glyphs.items()) if n]
    parts = (pairs[place : place + 100] for place in range(0, len(pairs), 100))  # PDF allows 100 lines per block
    characters = "\n".join(f"{len(part)} beginbfchar\n" + "\n".join(part) + "\nendbfchar" for part in parts)
    readable = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /U def /CMapType 2 def\n"
        "1 begincodespacerange <0000> <ffff> endcodespacerange\n"
        f"{characters}\n"
        "endcmap CMapName currentdict /CMap defineresource pop end end"
    )
    return [
        f"<< /Type /Font /Subtype /Type0 /BaseFont /{name} /Encoding /Identity-H "
        f"/DescendantFonts [{first + 1} 0 R] /ToUnicode {first + 4} 0 R >>".encode("ascii"),
        f"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /{name} /CIDToGIDMap /Identity "
        f"/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> "
        f"/FontDescriptor {first + 2} 0 R /W [0 [{widths}]] >>".encode("ascii"),
        f"<< /Type /FontDescriptor /FontName /{name} /Flags 4 /FontBBox [{box}] /ItalicAngle 0 "
        f"/Ascent {round(face.ascent * scale)} /Descent {round(face.descent * scale)} "
        f"/CapHeight {round(0.73 * 1000)} /StemV 80 /FontFile2 {first + 3} 0 R >>".encode("ascii"),
        _stream(subset.data, f" /Length1 {len(subset.data)}"),
        _stream(readable.encode("ascii")),
    ]


def _stream(data: bytes, more: str = "") -> bytes:
    packed = zlib.compress(data, 6)
    head = f"<< /Length {len(packed)} /Filter /FlateDecode{more} >>\nstream\n".encode("ascii")
    return head + packed + b"\nendstream"


def _file(objects: list[bytes]) -> bytes:
    written, places = b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(written))
        written += f"{number} 0 obj\n".encode("ascii") + body + b"\nendobj\n"
    table = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n" + "".join(f"{at:010d} 00000 n \n" for at in places)
    trailer = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(written)}\n%%EOF\n"
    return written + table.encode("ascii") + trailer.encode("ascii")


def _colour(colour: str) -> str:
    return " ".join(f"{int(colour[place : place + 2], 16) / 255:.3g}" for place in (1, 3, 5))


def _number(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
