"""The site: `tox -e docs` builds it in build/docs, without the network, and fails at the first warning."""

import shutil
import sys
from dataclasses import is_dataclass
from importlib.metadata import version as installed_version
from pathlib import Path

from sphinx.application import Sphinx

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

project = "Equipoise"
author = "The Equipoise authors"
version = release = installed_version("equipoise")
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
exclude_patterns = ["site_pages", "derived/table_format.md"]  # the latter is included by a page
default_role = "code"  # docstrings mark names of code by single backticks

html_theme = "furo"
html_title = "Equipoise"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 600
nb_execution_in_temp = True
nb_merge_streams = True

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
autodoc_class_signature = "mixed"
napoleon_use_ivar = True
napoleon_use_rtype = False
add_module_names = False
copybutton_exclude = ".linenos, .gp, .go"


def derive(_: Sphinx) -> None:
    """Writes the pages that come from code, and brings the notebooks into the source folder."""
    from site_pages import write_pages

    write_pages(HERE / "derived")
    notebooks = HERE / "examples"
    notebooks.mkdir(exist_ok=True)
    for path in (HERE.parent / "examples").glob("*.ipynb"):
        shutil.copy2(path, notebooks / path.name)


def mark_examples(_: Sphinx, _kind: str, _name: str, _thing: object, _options: object, lines: list[str]) -> None:
    """Turns the indented examples of a docstring into code blocks; the items of a section follow their head at once."""
    for i in range(len(lines) - 1, 1, -1):
        before = next((line for line in reversed(lines[:i]) if line), "")
        starts = lines[i].startswith("    ") and not lines[i - 1] and not before.startswith(" ")
        if starts and not before.endswith("::"):
            lines[i:i] = [".. code-block:: python", ""]


def shorten(_: Sphinx, kind: str, _name: str, thing: object, _options: object, signature: str, returns: str) -> object:
    """Leaves out the signatures of dataclasses and tuples: their attributes are listed below."""
    described = kind == "class" and (is_dataclass(thing) or hasattr(thing, "_fields"))
    return ("", None) if described else (signature, returns)


def setup(app: Sphinx) -> None:
    """Registers the three."""
    app.connect("builder-inited", derive, priority=1)
    app.connect("autodoc-process-signature", shorten)
    app.connect("autodoc-process-docstring", mark_examples, priority=1)  # before napoleon
