"""Predictions against those of the official package, in a process of its own with stand-ins for what it only names."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from nasbench301_archives import SPACE, add_ensemble, drawn

from equipoise.harness.benchmarks._official import import_archive
from equipoise.harness.surrogate.nasbench301.ensembles import Pair

SCRIPT = """
import json, sys, types, warnings
warnings.simplefilter("ignore")

class Anything(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {"set_style": None}) if name[:1].isupper() else lambda *a, **k: None

missing = ["IPython", "seaborn", "pathvalidate", "matplotlib", "matplotlib.pyplot", "tqdm", "torch", "requests"]
missing += ["torch.backends", "torch.backends.cudnn", "sklearn", "sklearn.metrics", "sklearn.ensemble", "sklearn.svm"]
base = "nasbench301.surrogate_models."
missing += [base + "bananas.bananas", base + "bananas.bananas_utils", base + "gnn.gnn"]
missing += [base + "random_forrest.sklearn_forest", base + "svr.nu_svr", base + "svr.svr"]
missing += ["ConfigSpace", "ConfigSpace.hyperparameters", "ConfigSpace.read_and_write"]
for name in missing:
    sys.modules[name] = Anything(name)
for name in missing:
    parent, _, child = name.rpartition(".")
    if parent in missing:
        setattr(sys.modules[parent], child, sys.modules[name])
sys.modules["torch"].cuda = Anything("torch.cuda")

from nasbench301.surrogate_models import utils
from nasbench301.surrogate_models.ensemble import BaggingEnsemble
from nasbench301.api import SurrogateAPI, load_ensemble
from equipoise.harness.surrogate.nasbench301.vector import vectors
from equipoise.harness.spaces.darts import Darts
import numpy as np

class Loader:  # the official space needs ConfigSpace 0.4; its vector is compared elsewhere
    def __init__(self, path):
        pass
    def query_config_dict(self, told):
        return types.SimpleNamespace(get_array=lambda: vectors([tuple(told["architecture"])])[0])

utils.ConfigLoader = Loader
asked = json.load(open(sys.argv[2]))
found = {}
for name in json.loads(sys.argv[3]):
    api = load_ensemble(f"{sys.argv[1]}/{name}")
    found[name] = [
        [float(api.predict({"architecture": a}, "configspace", with_noise=False)) for a in asked],
        [float(api.model.query_std({"architecture": a})) for a in asked],
    ]
print(json.dumps(found))
"""


@pytest.mark.parametrize("kind", ["xgb", "lgb"])
def test_means_and_spreads_are_those_of_the_official_package(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "nb_models"
    add_ensemble(folder, f"{kind}_v1.0", kind)
    add_ensemble(folder, "lgb_runtime_v1.0", "lgb_time")
    architectures = drawn(20, seed=5)
    (tmp_path / "asked.json").write_text(json.dumps(architectures))
    names = [f"{kind}_v1.0", "lgb_runtime_v1.0"]
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder), str(tmp_path / "asked.json"), json.dumps(names)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    official = json.loads(ran.stdout.splitlines()[-1])
    (place,) = import_archive(folder)
    found = Pair.load(place).predict(architectures)
    assert SPACE.contains(architectures[0])
    assert found.accuracies.mean(axis=0) == pytest.approx(official[names[0]][0], rel=1e-6)
    assert found.accuracies.std(axis=0) == pytest.approx(official[names[0]][1], rel=1e-3, abs=1e-5)
    assert found.seconds == pytest.approx(official[names[1]][0], rel=1e-12)
    assert np.ptp(found.accuracies.mean(axis=0)) > 0.1
