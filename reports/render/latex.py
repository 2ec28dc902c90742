r"""LaTeX for pdflatex: a document, and floats that any document can \\input."""

import re
from collections.abc import Callable
from itertools import groupby
from typing import Any

from reports.document import Cell, Code, Document, Emphasis, Figure, Strong, Table, Text
from reports.render.environment import render as fill

__all__ = ["render", "render_float"]

DELIMITERS = {
    "block_start_string": "<%",
    "block_end_string": "%>",
    "variable_start_string": "<<",
    "variable_end_string": ">>",
    "comment_start_string": "<#",
    "comment_end_string": "#>",
}
REPLACEMENTS = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "'": r"\textquotesingle{}", "`": r"\textasciigrave{}",
    "−": r"\ensuremath{-}", "–": "--", "—": "---", "×": r"\ensuremath{\times}", "±": r"\ensuremath{\pm}",
    "≤": r"\ensuremath{\leq}", "≥": r"\ensuremath{\geq}", "≈": r"\ensuremath{\approx}", "≠": r"\ensuremath{\neq}",
    "∞": r"\ensuremath{\infty}", "†": r"\textdagger{}", "→": r"\ensuremath{\rightarrow}", "…": r"\ldots{}",
    "χ": r"\ensuremath{\chi}", "²": r"\ensuremath{^2}", "ρ": r"\ensuremath{\rho}", "α": r"\ensuremath{\alpha}",
    "“": "``", "”": "''", "’": "'", "°": r"\textdegree{}", "µ": r"\textmu{}", "✓": r"\ensuremath{\surd}",
    "☐": r"\ensuremath{\square}", "\u00a0": "~", "\u202f": r"\,",
}  # fmt: skip
PATTERN = re.compile("|".join(map(re.escape, REPLACEMENTS)))


def render(document: Document) -> str:
    r"""The whole document; it \\inputs its tables and figures."""
    text = fill("report.tex.j2", _filters(), {"document": document}, **DELIMITERS)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def render_float(block: Table | Figure) -> str:
    """One table or figure environment."""
    template = "table.tex.j2" if isinstance(block, Table) else "figure.tex.j2"
    return fill(template, _filters(), {"block": block}, **DELIMITERS).strip() + "\n"


def _filters() -> dict[str, Callable[..., Any]]:
    return {
        "inline": inline, "plain": plain, "cell": cell, "columns": columns, "heads": heads, "groups": groups,
        "listing": listing,
    }  # fmt: skip


def plain(text: str) -> str:
    """Text in which nothing is markup; letters that pdflatex has not are shown as a question mark."""
    escaped = PATTERN.sub(lambda match: REPLACEMENTS[match.group()], str(text))
    return "".join(letter if ord(letter) < 0x180 else "?" for letter in escaped)


def code(text: str) -> str:
    """A name in typewriter, which may break after an underscore or a slash."""
    return rf"\texttt{{{re.sub(r'(_|/|-)', _breakable, plain(text))}}}"


def _breakable(match: re.Match[str]) -> str:
    return match.group() + r"\allowbreak{}"


def inline(text: Text) -> str:
    """A text with its styles."""
    styles = {Strong: lambda t: rf"\textbf{{{plain(t)}}}", Emphasis: lambda t: rf"\emph{{{plain(t)}}}", Code: code}
    return "".join(styles.get(type(part), plain)(part) for part in text)


def listing(text: str) -> str:
    """Text as it stands, in a paragraph that breaks anywhere."""
    return rf"\texttt{{{plain(text)}}}"


def cell(entry: Cell) -> str:
    """An entry of a table."""
    text = rf"\texttt{{{plain(entry.text)}}}" if entry.code else plain(entry.text)
    text = rf"\textbf{{{text}}}" if entry.best else text
    return rf"{text}\textsuperscript{{\textdagger}}" if entry.tied else text


WIDE = 44
"""Letters beyond which a column of words is set as paragraphs."""


def columns(table: Table) -> str:
    """The column specification: long words become paragraphs."""
    widths = [max((len(row[place].text) for row in table.rows), default=0) for place in range(len(table.columns))]
    room = 0.9 / max(1, sum(width > WIDE for width in widths))
    return "".join(
        rf">{{\raggedright\arraybackslash}}p{{{min(room, 0.45):.2f}\linewidth}}" if width > WIDE else column.align
        for column, width in zip(table.columns, widths, strict=True)
    )


def groups(table: Table) -> str:
    """The line of shared heads with its rules; empty if there are none."""
    if not any(column.group for column in table.columns):
        return ""
    heads, rules, place = [], [], 1
    for title, members in groupby(table.columns, key=lambda column: column.group):
        span = len(list(members))
        heads.append(rf"\multicolumn{{{span}}}{{c}}{{{plain(title)}}}")
        if title:
            rules.append(rf"\cmidrule(lr){{{place}-{place + span - 1}}}")
        place += span
    return " & ".join(heads) + r" \\ " + "".join(rules)


def heads(table: Table) -> str:
    """The line of heads."""
    return " & ".join(plain(column.title) for column in table.columns)
