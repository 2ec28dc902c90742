r"""LaTeX for pdflatex: a document, and floats that any document can \\input."""

import re
from collections.abc import Callable
from itertools import groupby
from typing import Any

from equipoise.reports.document import Cell, Code, Column, Document, Emphasis, Figure, Strong, Table, Text
from equipoise.reports.render.environment import render as fill

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
    "[": "{[}", "]": "{]}",  # a line of a table that begins with [ would be an argument of the one before
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\char34{}", "'": r"\textquotesingle{}", "`": r"\textasciigrave{}",
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
    filters = (inline, plain, cell, columns, heads, groups, size, pages, listing)
    return {function.__name__: function for function in filters}


def plain(text: str) -> str:
    """Text in which nothing is markup; letters that pdflatex has not are shown as a question mark."""
    escaped = PATTERN.sub(lambda match: REPLACEMENTS[match.group()], str(text))
    return "".join(letter if ord(letter) < 0x180 else "?" for letter in escaped)


def code(text: str) -> str:
    """A name in typewriter, which may break after an underscore or a slash."""
    return rf"\texttt{{{re.sub(r'(_|/|-)', _breakable, plain(text))}}}"  # a break also keeps -- from becoming a dash


def _breakable(match: re.Match[str]) -> str:
    return match.group() + r"\allowbreak{}"


def inline(text: Text) -> str:
    """A text with its styles."""
    styles = {Strong: lambda t: rf"\textbf{{{plain(t)}}}", Emphasis: lambda t: rf"\emph{{{plain(t)}}}", Code: code}
    return "".join(styles.get(type(part), plain)(part) for part in text)


def listing(text: str) -> str:
    """Text as it stands, in a paragraph that breaks anywhere."""
    return r"\\".join(rf"\texttt{{{plain(line).replace('--', '-{}-')}}}" for line in text.splitlines())


def cell(entry: Cell) -> str:
    """An entry of a table."""
    text = code(entry.text) if entry.code else plain(entry.text)
    text = rf"\textbf{{{text}}}" if entry.best else text
    return rf"{text}\textsuperscript{{\textdagger}}" if entry.tied else text


WIDE = 44
"""Letters beyond which a column of words is set as paragraphs."""
HEAD = 14
"""Letters beyond which a head is broken."""
PAGE = 46
"""Rows of a table beyond which it goes on in another."""
LETTER = 0.0105
"""Width of a letter as a share of the line, in the size of tables of long words."""


def columns(table: Table) -> str:
    """The column specification: columns of long words become paragraphs that share what the others leave."""
    widths = _widths(table)
    short = sum(width + 2 for width in widths if width <= WIDE)
    room = max(0.3, 0.96 - LETTER * short)
    long = sum(min(width, 120) for width in widths if width > WIDE)
    return "".join(
        rf">{{\raggedright\arraybackslash}}p{{{room * min(width, 120) / long:.2f}\linewidth}}"
        if width > WIDE
        else column.align
        for column, width in zip(table.columns, widths, strict=True)
    )


def pages(table: Table) -> list[tuple[tuple[Cell, ...], ...]]:
    """The rows in parts that fit a page; one empty part if there are none."""
    return [table.rows[first : first + PAGE] for first in range(0, max(1, len(table.rows)), PAGE)]


def size(table: Table) -> str:
    """Smaller letters for tables of long words."""
    return "footnotesize" if any(width > WIDE for width in _widths(table)) else "small"


def _widths(table: Table) -> list[int]:
    """Letters of the widest entry of each column."""
    heads = [_broken(column.title) for column in table.columns]
    entries = [[row[place].text for row in table.rows] for place in range(len(table.columns))]
    return [max(map(len, (*head, *column))) for head, column in zip(heads, entries, strict=True)]


def _broken(title: str) -> list[str]:
    """A head in lines of a dozen letters, broken after spaces, underscores, slashes and hyphens."""
    lines = [""]
    for word in re.findall(r"[^ _/-]*[ _/-]|[^ _/-]+$", title):
        if lines[-1] and len(lines[-1]) + len(word.rstrip()) > HEAD:
            lines.append("")
        lines[-1] += word
    return [line.rstrip(" ") for line in lines]


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
    return " & ".join(_head(column) for column in table.columns)


def _head(column: Column) -> str:
    lines = [plain(line) for line in _broken(column.title)]
    stacked = r" \\ ".join(lines)
    return stacked if len(lines) == 1 else rf"\shortstack[{column.align}]{{{stacked}}}"
