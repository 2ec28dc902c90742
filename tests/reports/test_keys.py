"""Keys of reports as file names, anchors and labels."""

from equipoise.reports.document import Document, Figure, Section, Table
from equipoise.reports.drawing.canvas import Canvas
from equipoise.reports.keys import with_plain_keys
from equipoise.reports.write import blocks


def figure(key: str) -> Figure:
    return Figure(key, "t", "a", (), lambda style: Canvas(1, 1, style), list)


def test_keys_are_plain_and_none_occurs_twice() -> None:
    tables = tuple(Table(key, "t", (), ()) for key in ("task-a/b-c", "task-a-b/c", "task-A-b-c", "answer"))
    figures = (figure("anytime-toy 100% #2/b"), figure("answer"), figure("anytime-größe"))
    inner = Section("scores", "s", figures)
    found = with_plain_keys(
        Document("t", (), Section("answer", "a", ()), (Section("scores", "s", tables, (inner,)),), ())
    )
    keys = [block.key for block in blocks(found) if isinstance(block, Table | Figure)]
    assert keys == [
        "task-a-b-c",
        "task-a-b-c-2",
        "task-A-b-c-3",
        "answer",
        "anytime-toy-100-2-b",
        "answer",
        "anytime-gr-e",
    ]
    (section,) = found.sections
    assert [found.opening.key, section.key, section.parts[0].key] == ["answer", "scores", "scores-2"]
