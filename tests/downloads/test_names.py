import unicodedata
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpc_moodle.downloads.names import MAX_BYTES, Names, safe_name

ANY = st.text(max_size=400)
NASTY = st.one_of(
    ANY,
    st.text(alphabet="./\\ :*aA\u0301é\u202e\x00", max_size=12),
    st.sampled_from(["..", ".", "", "CON", "nul.txt", "COM1", "a" * 300 + ".pdf", "李" * 150, "x." + "y" * 300]),
)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("essay.pdf", "essay.pdf"),
        ("Größe  Übung (final) #1.pdf", "Größe  Übung (final) #1.pdf"),
        ("räw data+100%.csv", "räw data+100%.csv"),
        ("李小龍.docx", "李小龍.docx"),
        ("u\u0308ber.txt", "über.txt"),
        ("../../etc/passwd", ".._.._etc_passwd"),
        ("..", "_"),
        ("", "_"),
        ("a\x00b\nc", "a_b_c"),
        ("exe\u202efdp.txt", "exe_fdp.txt"),
        ('w<h>a:t"/\\|?*', "w_h_a_t______"),
        (" name. . ", "name"),
        ("con", "_con"),
        ("NUL.tar.gz", "_NUL.tar.gz"),
        ("COM¹", "_COM¹"),
        ("console.log", "console.log"),
        (".htaccess", ".htaccess"),
        ("a" * 300 + ".pdf", "a" * 196 + ".pdf"),
    ],
)
def test_a_name_stays_readable_and_becomes_safe(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@given(NASTY)
def test_every_name_is_one_component_everywhere(name: str) -> None:
    safe = safe_name(name)
    assert safe not in {"", ".", ".."}
    assert len(safe.encode()) <= MAX_BYTES
    assert PurePosixPath(safe).parts == (safe,)
    assert PureWindowsPath(safe).parts == (safe,)
    assert safe == safe.strip(" ")
    assert not safe.endswith(".")
    assert not any(unicodedata.category(each) in {"Cc", "Cs"} for each in safe)


@given(NASTY)
def test_a_safe_name_stays_as_it_is(name: str) -> None:
    assert safe_name(safe_name(name)) == safe_name(name)


@given(st.lists(st.tuples(st.lists(NASTY, max_size=3), NASTY), max_size=30))
def test_no_two_files_share_a_path_and_none_escapes(files: list[tuple[list[str], str]]) -> None:
    names = Names()
    paths = [names.place(folders, name) for folders, name in files]
    folded = [unicodedata.normalize("NFKC", path.casefold()) for path in paths]
    assert len(set(folded)) == len(folded)
    folders = {str(parent) for path in folded for parent in PurePosixPath(path).parents} - {"."}
    assert folders.isdisjoint(folded)
    for path in paths:
        assert not path.startswith("/")
        assert ".." not in PurePosixPath(path).parts
        assert all(safe_name(part) == part for part in PurePosixPath(path).parts)


@given(st.lists(NASTY, max_size=8))
def test_a_disk_takes_all_of_them(tmp_path_factory: pytest.TempPathFactory, given_names: list[str]) -> None:
    root: Path = tmp_path_factory.mktemp("names")
    names = Names()
    for name in given_names:
        path = root / names.place(["folder", name], name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb"):
            pass


def test_equal_names_are_numbered_before_the_extension() -> None:
    names = Names()
    assert [names.place(["a"], "x.pdf") for _ in range(3)] == ["a/x.pdf", "a/x (2).pdf", "a/x (3).pdf"]
    assert names.place(["b"], "x.pdf") == "b/x.pdf"


def test_names_that_differ_in_case_or_composition_only_are_numbered() -> None:
    names = Names()
    assert names.place([], "Essay.pdf") == "Essay.pdf"
    assert names.place([], "essay.PDF") == "essay (2).PDF"
    assert names.place([], "é") == "é"
    assert names.place([], "e\u0301") == "é (2)"


def test_a_number_that_is_taken_is_left_out() -> None:
    names = Names()
    assert names.place([], "x (2).pdf") == "x (2).pdf"
    assert names.place([], "x.pdf") == "x.pdf"
    assert names.place([], "x.pdf") == "x (3).pdf"


def test_the_same_folder_stays_one_and_different_ones_do_not_merge() -> None:
    names = Names()
    assert names.place(["a:b"], "x") == "a_b/x"
    assert names.place(["a?b"], "x") == "a_b (2)/x"
    assert names.place(["a:b"], "y") == "a_b/y"


def test_a_file_never_stands_in_the_place_of_a_folder() -> None:
    names = Names()
    assert names.place(["data"], "x") == "data/x"
    assert names.place([], "data") == "data (2)"


def test_thousands_of_equal_long_names_stay_short_and_different() -> None:
    names = Names()
    paths = {names.place([], "李" * 100 + ".docx") for _ in range(3000)}
    assert len(paths) == 3000
    assert max(len(path.encode()) for path in paths) <= MAX_BYTES


@pytest.mark.parametrize("order", [["x", "x.part"], ["x.part", "x"]])
def test_what_stands_beside_a_file_is_no_other_file(order: list[str]) -> None:
    names = Names(beside=".part")
    paths = [names.place([], name) for name in order]
    assert not {f"{path}.part" for path in paths} & set(paths)


MANY = 20_000
"""Files of a listing at the most."""


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("sentence", "places"),
    [
        ("long names that begin alike", [([], f"{'x' * 194}{each % 10_000:06}") for each in range(MANY)]),
        ("equal names", [([], "essay.pdf")] * MANY),
        ("a deep folder", [(["a"] * 1_000_000, "essay.pdf")]),
        ("an endless name of accents", [([], "a" + "\u0316\u0301" * 1_000_000)] * 2),
    ],
)
def test_every_listing_is_soon_named(sentence: str, places: list[tuple[list[str], str]]) -> None:
    names = Names(".part")
    assert len({names.place(*each) for each in places}) == len(places), sentence
