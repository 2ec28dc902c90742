"""NAS-Bench-301: a zip archive or folder of ensembles, each a folder of members, each a folder with a pickled model.

Below ``ENSEMBLE/MEMBER/`` lie ``surrogate_model.model`` and ``model_config.json``, whose ``model`` says what it is:
``xgb`` and ``lgb`` predict validation accuracy in percent, ``xgb_time`` and ``lgb_time`` seconds of training. Other
ensembles (``gnn_gin``) are left alone. A pickle is never let run anything: what stands for the model in it is kept as
the plain state that its library wrote.
"""

import zipfile
from collections import OrderedDict, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from equipoise.harness.core.errors import DataError
from equipoise.harness.core.files import parse_json
from equipoise.harness.data.archive import DAMAGED_ZIP
from equipoise.harness.data.unpickle import NUMPY_SCALARS, load_pickle

__all__ = ["Ensemble", "ensembles", "recognises"]

MODEL, SETTING = "surrogate_model.model", "model_config.json"
LIBRARIES = {"xgb": "xgboost", "lgb": "lightgbm"}
RUNTIME = "_time"
MOST_BYTES = 1 << 30
"""Of one member."""


@dataclass(frozen=True)
class Ensemble:
    """One ensemble.

    Attributes:
        name: Its folder.
        library: Of its models.
        runtime: Whether it predicts seconds instead of accuracy.
        states: What the library pickled of each member.
        pickles: The files of the members, for a digest.
    """

    name: str
    library: str
    runtime: bool
    states: tuple[dict[str, Any], ...]
    pickles: tuple[bytes, ...]


class _Model:
    """Stands for a model in a pickle, and keeps what it is made of."""

    def __setstate__(self, state: Any) -> None:
        self.state = state


def _bytearray(content: bytes | str = b"", encoding: str = "latin1") -> bytearray:
    """A ``bytearray`` of content; Python's own takes a number of zeros, too."""
    return bytearray(content.encode(encoding) if isinstance(content, str) else bytes(memoryview(content)))


_ALLOWED = {
    library: {
        (module, "Booster"): _Model,
        ("builtins", "bytearray"): _bytearray,
        ("collections", "OrderedDict"): OrderedDict,
        ("collections", "defaultdict"): defaultdict,
        **NUMPY_SCALARS,
    }
    for library, module in (("xgboost", "xgboost.core"), ("lightgbm", "lightgbm.basic"))
}


def recognises(path: Path) -> bool:
    """Whether this is an archive or folder with members of an ensemble."""
    try:
        with _opened(path) as files:
            return any(name.name == MODEL and name.parent / SETTING in files.names for name in files.names)
    except DataError:
        return False


def ensembles(path: Path) -> Iterator[Ensemble]:
    """Reads the ensembles of trees, one after the other.

    Raises:
        DataError: The archive is damaged, names a path outside itself or holds a member of more than 1 GiB; a member
            lacks a file, or its pickle is damaged or asks for a name that is not allowed.
    """
    with _opened(path) as files:
        members: dict[PurePosixPath, list[PurePosixPath]] = defaultdict(list)
        for name in sorted(files.names, key=lambda name: (len(str(name)), str(name))):
            if name.name == MODEL:
                members[name.parent.parent].append(name)
        for folder, models in sorted(members.items()):
            kinds = {_kind(files, model.parent / SETTING) for model in models}
            if len(kinds) != 1:
                raise DataError(f"{path}: the members of {folder} are of several kinds: {', '.join(sorted(kinds))}")
            kind = kinds.pop()
            if (library := LIBRARIES.get(kind.removesuffix(RUNTIME))) is None:
                continue
            pickles = tuple(files.read(model) for model in models)
            states = tuple(
                _state(pickled, f"{path}: {model}", library) for pickled, model in zip(pickles, models, strict=True)
            )
            runtime = kind.endswith(RUNTIME) or "runtime" in folder.name
            yield Ensemble(folder.name or path.stem, library, runtime, states, pickles)


def _kind(files: "_Files", setting: PurePosixPath) -> str:
    if setting not in files.names:
        raise DataError(f"{files.path}: {setting} is missing; get the archive again")
    try:
        return str(parse_json(files.read(setting))["model"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(f"{files.path}: {setting} does not say which model it is; get the archive again") from error


def _state(pickled: bytes, shown: str, library: str) -> dict[str, Any]:
    model = load_pickle(pickled, shown, _ALLOWED[library])[0]
    state = getattr(model, "state", None)
    if not isinstance(model, _Model) or not isinstance(state, dict):
        raise DataError(f"{shown}: holds no model of {library}; get the archive again")
    return state


@dataclass(frozen=True)
class _Files:
    """The files of a folder or archive, by their names below it."""

    path: Path
    archive: zipfile.ZipFile | None
    names: frozenset[PurePosixPath]

    def read(self, name: PurePosixPath) -> bytes:
        if self.archive is None:
            return (self.path / name).read_bytes()
        if (size := self.archive.getinfo(str(name)).file_size) > MOST_BYTES:
            raise DataError(f"{self.path}: {name} would unpack to {size} bytes, more than the accepted {MOST_BYTES}")
        return self.archive.read(str(name))


@contextmanager
def _opened(path: Path) -> Iterator[_Files]:
    try:
        if path.is_dir():
            models = (file for pattern in (MODEL, SETTING) for file in path.rglob(pattern))
            yield _Files(path, None, frozenset(PurePosixPath(file.relative_to(path).as_posix()) for file in models))
            return
        with zipfile.ZipFile(path) as archive:
            names = frozenset(map(PurePosixPath, archive.namelist()))
            if (outside := next((n for n in names if n.is_absolute() or ".." in n.parts), None)) is not None:
                raise DataError(f"{path}: the member '{outside}' lies outside the archive; nothing was read")
            yield _Files(path, archive, names)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error
    except DAMAGED_ZIP as error:
        raise DataError(f"{path}: damaged archive ({error}); get it again") from error
