"""The documents use the field's words too."""

from pathlib import Path

import pytest
from test_words import hits

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "examples").glob("*.ipynb")),
]
ALLOWED = {"skeleton": "NAS-Bench-201 calls its macro architecture a skeleton"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_old_words_stay_gone(page: Path) -> None:
    text = "\n".join(line for line in page.read_text().splitlines() if "image/png" not in line)
    found = [hit for hit in hits(text, page.name) if not any(f"'{word}" in hit for word in ALLOWED)]
    assert not found, "\n".join(["", *found])
