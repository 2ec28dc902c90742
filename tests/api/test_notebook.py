"""The example of the README in a real notebook: a method of the notebook itself, a suite, its results."""

import os
import sys
from pathlib import Path

import pytest

CELLS = [
    "import equipoise as eq",
    """
class Mine(eq.Method):
    family, source, knowledge = "baseline", "this notebook", ("decisions", "legality")

    def ask(self):
        return eq.Query(self.space.sample(self.rng, 1)[0])

    def tell(self, observation):
        pass
""",
    """
t = eq.search(Mine, 'nasbench201/cifar10', queries=100, seed=0)
t.to_frame(); t.incumbent; t.regret(); t.plot()
t
""",
    """
suite = {
    "name": "notebook",
    "budget": {"queries": 20},
    "protocol": {"repeats": 2, "seed": 0},
    "tasks": ["nasbench201/cifar10"],
    "methods": [Mine, "random_search"],
}
results = eq.run(suite, workers=1)
""",
    "results",
    "eq.run(suite, 'in_processes', workers=2, progress=False).frame()['method'].unique().tolist()",
    "results.plot_anytime()",
    "print(eq.check(Mine).failures)",
]


@pytest.mark.slow
def test_the_cells_run_and_show_what_they_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    nbclient.NotebookClient(notebook, resources={"metadata": {"path": str(tmp_path)}}, timeout=300).execute()
    outputs = [cell.outputs for cell in notebook.cells]
    shown = [[output.get("data", {}) for output in cell] for cell in outputs]
    assert any("Mine on nasbench201/cifar10" in data.get("text/html", "") for data in shown[2])
    assert [sorted(data) for data in shown[3]] == [["text/html", "text/plain"]], "nothing but the bar"
    assert '<progress value="4" max="4"></progress> 4 of 4 runs' in shown[3][0]["text/html"]
    assert "<td>2 of 2</td>" in shown[4][0]["text/html"]
    assert shown[5][0]["text/plain"] == "['Mine', 'random_search']"
    assert [data for data in shown[6] if "image/png" in data]
    assert outputs[7][0]["text"] == "{}\n"
