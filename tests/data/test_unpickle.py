"""Pickles that would harm a trusting reader, and random ones."""

import io
import pickle
import subprocess
import sys
import tracemalloc
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.harness.core.errors import DataError
from equipoise.harness.data.official import nats_bench
from equipoise.harness.data.pickle_bounds import end_of_pickle
from equipoise.harness.data.unpickle import ARRAYS, NUMPY_SCALARS, ORDERED, load_pickle

ALL = {**NUMPY_SCALARS, **ARRAYS, **ORDERED}

OBJECTS = b"cnumpy\ndtype\n(U\x01OI00\nI01\ntR"  # dtype('O', False, True)
NO_FLAGS = b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"  # its state, with flags that hide the objects
FAKE_POINTER = b"C\x08AAAAAAAA"

POINTERS = {
    "scalar": b"\x80\x03cnumpy.core.multiarray\nscalar\n(" + OBJECTS + NO_FLAGS + FAKE_POINTER + b"tR.",
    "array": b"\x80\x03cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tC\x01btR(K\x01(K\x01t"
    + OBJECTS + NO_FLAGS + b"I00\n" + FAKE_POINTER + b"tb.",
    "ndarray": b"\x80\x03cnumpy\nndarray\n((K\x01t" + OBJECTS + NO_FLAGS + FAKE_POINTER + b"tR.",
    "buffer": b"\x80\x03cnumpy.core.numeric\n_frombuffer\n(" + FAKE_POINTER + OBJECTS + NO_FLAGS + b"(K\x01tU\x01CtR.",
}  # fmt: skip


@pytest.mark.parametrize("pickled", POINTERS.values(), ids=POINTERS)
def test_bytes_of_a_file_are_never_taken_for_objects(tmp_path: Path, pickled: bytes) -> None:
    code = (
        "import sys\nfrom equipoise.harness.core.errors import DataError\n"
        "from equipoise.harness.data.unpickle import *\n"
        "try:\n    print(load_pickle(sys.stdin.buffer.read(), 'made', {**NUMPY_SCALARS, **ARRAYS}))\n"
        "except DataError as error:\n    sys.exit(str(error))\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], input=pickled, capture_output=True, check=False)
    assert ended.returncode == 1, ended  # -11 is a segmentation fault
    assert b"not a readable pickle" in ended.stderr


def test_no_archive_of_nats_bench_passes_them_on(tmp_path: Path) -> None:
    import bz2

    (tmp_path / nats_bench.META).write_bytes(bz2.compress(POINTERS["scalar"]))
    with pytest.raises(DataError, match="not a readable pickle"):
        list(nats_bench.records(tmp_path))


@pytest.mark.parametrize("function", ["numpy\ndtype", "numpy.core.multiarray\nscalar", "numpy\nndarray"])
def test_nothing_that_is_given_to_a_pickle_can_be_changed_by_it(function: str) -> None:
    given = ALL[tuple(function.split("\n"))]  # type: ignore[index]
    before = dict(vars(given))
    state = b"(N(dU\x0c__defaults__(K\x07tsU\x01aK\x01st"  # (None, {...}) is set attribute by attribute
    with pytest.raises(DataError):
        load_pickle(b"\x80\x03c" + function.encode() + b"\n" + state + b"b.", "made", ALL)
    assert dict(vars(given)) == before


GREEDY = {
    "memo": b"\x80\x03Nr\xf0\xff\xff\x10.",
    "memo in text": b"Np4000000000\n.",
    "bytes": b"\x80\x04B\xff\xff\xff\xeeabc.",
    "text": b"\x80\x04\x8d\x00\x00\x00\xff\x01\x00\x00\x00abc.",
    "frame": b"\x80\x04\x95\x00\x00\x00\xff\x01\x00\x00\x00N.",
    "array": b"\x80\x03cnumpy\nndarray\n((J\xff\xff\xff\x7ftU\x02f8tR.",
    "copies": b"\x80\x04cnumpy.core.multiarray\nscalar\n\x940cnumpy\ndtype\n(U\x07S500000I00\nI01\ntR\x940"
    + b"B\x20\xa1\x07\x00" + bytes(500_000) + b"\x940]" + b"h\x00h\x01h\x02\x86Ra" * 100_000 + b".",
}  # fmt: skip


@pytest.mark.parametrize("pickled", GREEDY.values(), ids=GREEDY)
def test_a_pickle_takes_no_more_memory_than_its_size_allows(pickled: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="not a readable pickle"):
            load_pickle(pickled, "made", ALL)
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()


def test_tuples_within_tuples_do_not_end_the_process() -> None:
    with pytest.raises(DataError, match="tuples"):
        load_pickle(b"})" + b"\x85" * 1_000_000 + b"Ns.", "made")


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=40)
    | st.binary(max_size=40)
    | st.builds(np.float64, st.floats(allow_nan=False))
    | st.builds(np.int32, st.integers(-(2**31), 2**31 - 1)),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=40), inner, max_size=4)
        | st.tuples(inner, inner)
        | st.builds(OrderedDict, st.dictionaries(st.text(max_size=3), inner, max_size=3))
    ),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(content=plain, protocol=st.integers(3, 5), more=st.binary(max_size=20))
def test_plain_data_is_read_as_python_does(content: Any, protocol: int, more: bytes) -> None:
    pickled = pickle.dumps(content, protocol)
    assert load_pickle(pickled + more, "made", ALL) == (content, len(pickled))


@settings(max_examples=30, deadline=None)
@given(
    size=st.integers(0, 5), kind=st.sampled_from([">f8", "<f4", "i1", "?", "c16", "U3", "u4"]), rank=st.integers(1, 3)
)
def test_arrays_are_read_as_numpy_does(size: int, kind: str, rank: int) -> None:
    array = np.arange(size**rank).reshape((size,) * rank).astype(kind)
    allowed = {**ARRAYS, ("builtins", "bytearray"): bytearray}
    for protocol in (3, 4, 5):
        for values in (array, np.asfortranarray(array)):
            found, _ = load_pickle(pickle.dumps(values, protocol), "made", allowed)
            np.testing.assert_array_equal(np.asarray(found), array)
            assert np.asarray(found).dtype == array.dtype


SAMPLE = pickle.dumps({"a": [np.float64(1.5), "text", (1, 2)], "b": {"c": b"x" * 300, "d": list(range(300))}}, 3)


@settings(max_examples=300, deadline=None)
@given(place=st.integers(0, len(SAMPLE) - 1), value=st.integers(0, 255), cut=st.integers(1, len(SAMPLE)))
def test_a_damaged_pickle_is_read_or_refused(place: int, value: int, cut: int) -> None:
    content = bytearray(SAMPLE)
    content[place] = value
    with suppress(DataError):
        load_pickle(bytes(content[:cut]), "made", ALL)


@settings(max_examples=300, deadline=None)
@given(content=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with suppress(DataError):
        load_pickle(content + b".", "made", ALL)


def test_the_end_is_where_python_stops_reading() -> None:
    file = io.BytesIO(SAMPLE + b"more")
    pickle.load(file)
    assert end_of_pickle(SAMPLE + b"more") == file.tell() == len(SAMPLE)
