"""Search methods, one module or package each; called, it lists them: ``equipoise.methods()``."""

import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from equipoise.harness.cli.name_list import NameList


class _Methods(ModuleType):
    """This package, which takes the place of the function `equipoise.methods` as soon as a method is imported."""

    def __call__(self, everything: bool = False) -> "NameList":
        from equipoise.harness.cli.name_list import overview

        return overview("methods", everything)[0]


sys.modules[__name__].__class__ = _Methods
