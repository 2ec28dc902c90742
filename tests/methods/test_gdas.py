"""GDAS."""

import pytest
from one_shot_runs import make_one_shot

from equipoise.harness.core.errors import SettingError


def test_a_bad_setting_of_its_own_is_refused() -> None:
    with pytest.raises(SettingError, match="is above"):
        make_one_shot("gdas", final_temperature=20.0)
