"""What the report says beside a surrogate: how well it ranks what it has not seen."""

from types import SimpleNamespace

from equipoise.reports.sections.checklist import _tables
from equipoise.reports.sections.provenance import _sources

SCORES = {"fidelity": 108, "architectures": 2000, "r2": 0.5, "kendall_tau": 0.8671, "spearman_rho": 0.975}
TASKS = {
    "made-surrogate/a": {"surrogate": True, "technique": "trees", "held_out": [SCORES], "source": "made"},
    "made-surrogate/b": {"surrogate": True, "technique": None, "held_out": [], "source": "made"},
    "table/c": {"surrogate": False, "source": "stored"},
}
RESULTS = SimpleNamespace(tasks=[SimpleNamespace(name=name, own_title="") for name in TASKS], manifest={"tasks": TASKS})


def test_held_out_scores_stand_beside_the_source() -> None:
    _, bullets = _sources(RESULTS)
    said = str(bullets)
    assert "(trees) predicts the answers of made-surrogate/a: on 2,000 held-out architectures" in said
    assert "Kendall tau 0.867, Spearman rho 0.975, R2 0.500" in said
    assert "answers of made-surrogate/b; how well is not stated" in said
    assert said.count("predicts the answers") == 2


def test_the_checklist_names_surrogates_with_their_rank_correlation() -> None:
    _, said = _tables(RESULTS)
    assert "made-surrogate/a (held-out Kendall tau 0.867)" in said
    assert "table/c" not in said
