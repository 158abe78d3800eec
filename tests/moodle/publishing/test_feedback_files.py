"""What a user's files are to be: tables of cases, a row a sentence."""

from collections.abc import Sequence
from hashlib import sha1
from pathlib import Path

import pytest

from rpc_moodle.moodle.grades import Status
from rpc_moodle.moodle.models import File, FileArea, Plugin
from rpc_moodle.moodle.publishing.feedback_files import (
    MAX_FILES,
    MAX_THERE,
    Arrangement,
    FeedbackFile,
    Held,
    There,
    address,
    arranged,
    candidates,
    fault_of,
    gone,
    listed,
    stored_name,
)


def held(name: str, content: bytes = b"new") -> Held:
    return Held(name, stored_name(name), content, len(content), sha1(content, usedforsecurity=False).hexdigest())


def there(path: str, content: bytes = b"old") -> There:
    return There(path, len(content), f"https://moodle.example.edu/pluginfile.php{path}")


def same(*pairs: tuple[str, Held]) -> frozenset[tuple[str, str]]:
    return frozenset((path, one.sha1) for path, one in pairs)


def paths(found: Arrangement) -> dict[str, list[str]]:
    parts = {
        "kept": [each.path for each in found.kept],
        "removed": [each.path for each in found.removed],
        "unchanged": [each.path for each in found.unchanged],
        "added": [each.path for each in found.added],
    }
    return {name: part for name, part in parts.items() if part}


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("essay.pdf", "essay.pdf"),
        ("we:ird <na>me|&'\"`.txt", "weird name.txt"),
        ("what? *really*.txt", "what? *really*.txt"),
        ("e\u0301.txt", "\u00e9.txt"),
        ("  spaced  .txt", "  spaced  .txt"),
        ("a\x00b\x7f.txt", "ab.txt"),
    ],
)
def test_a_name_is_stored_without_what_moodle_takes_out(name: str, stored: str) -> None:
    assert stored_name(name) == stored


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (["a.txt", "b.txt"], None),
        (["a.txt", "A.txt"], None),
        ([""], "files.0.filename is empty."),
        (["  "], "files.0.filename is empty."),
        (["a.txt", "sub/b.txt"], "files.1.filename has a folder in it; pass the name alone."),
        (["..\\b.txt"], "files.0.filename has a folder in it; pass the name alone."),
        ([".."], "files.0.filename has nothing in it that Moodle would keep."),
        (["<>"], "files.0.filename has nothing in it that Moodle would keep."),
        (["a" * 256], "files.0.filename has more than 255 characters."),
        (["a" * 255], None),
        (["a.txt", "a.txt"], "files.1.filename is that of another file of this user; number them."),
        (["e\u0301.txt", "\u00e9.txt"], "files.1.filename is that of another file of this user; number them."),
        (["a:.txt", "a.txt"], "files.1.filename is that of another file of this user; number them."),
        ([f"{number}.txt" for number in range(MAX_FILES + 1)], "51 files are too many: 50 at most for one user."),
        ([f"{number}.txt" for number in range(MAX_FILES)], None),
    ],
)
def test_a_name_that_cannot_be_is_named(names: Sequence[str], problem: str | None) -> None:
    assert fault_of([FeedbackFile(name, b"x") for name in names]) == problem


def test_a_file_without_content_is_named_but_a_path_is_not_looked_at() -> None:
    assert fault_of([FeedbackFile("a.txt", b"")]) == "files.0.content is empty."
    assert fault_of([FeedbackFile("a.txt", Path("/nowhere"))]) is None


NEW, OTHER = held("essay.pdf"), held("notes.txt", b"notes")


@pytest.mark.parametrize(
    ("wanted", "before", "known", "replace", "after"),
    [
        pytest.param([NEW], [], same(), False, {"added": ["/essay.pdf"]}, id="where nothing is, it is added"),
        pytest.param(
            [NEW],
            [there("/other.pdf")],
            same(),
            False,
            {"kept": ["/other.pdf"], "added": ["/essay.pdf"]},
            id="what is there stays",
        ),
        pytest.param(
            [NEW],
            [there("/essay.pdf")],
            same(),
            False,
            {"kept": ["/essay.pdf"], "added": ["/essay (2).pdf"]},
            id="a name that is taken gets a number",
        ),
        pytest.param(
            [NEW],
            [there("/essay.pdf"), there("/essay (2).pdf")],
            same(),
            False,
            {"kept": ["/essay.pdf", "/essay (2).pdf"], "added": ["/essay (3).pdf"]},
            id="and the next one where that is taken",
        ),
        pytest.param(
            [NEW],
            [there("/essay.pdf", b"new")],
            same(("/essay.pdf", NEW)),
            False,
            {"unchanged": ["/essay.pdf"]},
            id="the same is unchanged",
        ),
        pytest.param(
            [NEW],
            [there("/essay.pdf"), there("/essay (2).pdf", b"new")],
            same(("/essay (2).pdf", NEW)),
            False,
            {"kept": ["/essay.pdf"], "unchanged": ["/essay (2).pdf"]},
            id="the same under a number is unchanged",
        ),
        pytest.param(
            [NEW],
            [there("/sub/essay.pdf", b"new")],
            same(("/sub/essay.pdf", NEW)),
            False,
            {"kept": ["/sub/essay.pdf"], "added": ["/essay.pdf"]},
            id="one in a folder is another",
        ),
        pytest.param(
            [NEW],
            [there("/essay.pdf", b"new")],
            same(),
            False,
            {"kept": ["/essay.pdf"], "added": ["/essay (2).pdf"]},
            id="one of as many bytes that is not the same is another",
        ),
        pytest.param(
            [NEW, OTHER],
            [there("/essay.pdf", b"new")],
            same(("/essay.pdf", NEW)),
            False,
            {"unchanged": ["/essay.pdf"], "added": ["/notes.txt"]},
            id="of two, one is added",
        ),
        pytest.param(
            [held("essay (2).pdf"), NEW],
            [there("/essay.pdf")],
            same(),
            False,
            {"kept": ["/essay.pdf"], "added": ["/essay (2).pdf", "/essay (3).pdf"]},
            id="a number never takes the name of another new file",
        ),
        pytest.param(
            [held("e\u0301.pdf")],
            [there("/e\u0301.pdf")],
            same(),
            False,
            {"kept": ["/e\u0301.pdf"], "added": ["/\u00e9 (2).pdf"]},
            id="names that look alike are alike",
        ),
        pytest.param(
            [NEW],
            [there("/old.pdf")],
            same(),
            True,
            {"removed": ["/old.pdf"], "added": ["/essay.pdf"]},
            id="replaced: the others go",
        ),
        pytest.param(
            [NEW],
            [there("/essay.pdf")],
            same(),
            True,
            {"removed": ["/essay.pdf"], "added": ["/essay.pdf"]},
            id="replaced: no numbers",
        ),
        pytest.param(
            [NEW],
            [there("/essay.pdf", b"new")],
            same(("/essay.pdf", NEW)),
            True,
            {"unchanged": ["/essay.pdf"]},
            id="replaced: the same is unchanged",
        ),
        pytest.param(
            [NEW],
            [there("/essay (2).pdf", b"new")],
            same(("/essay (2).pdf", NEW)),
            True,
            {"removed": ["/essay (2).pdf"], "added": ["/essay.pdf"]},
            id="replaced: under its own name",
        ),
    ],
)
def test_the_files_are_arranged(
    wanted: list[Held],
    before: list[There],
    known: frozenset[tuple[str, str]],
    replace: bool,
    after: dict[str, list[str]],
) -> None:
    found = arranged(wanted, before, known, replace=replace)
    assert paths(found) == after
    assert found.changes == bool(found.added or found.removed)


def test_a_number_fits_into_the_longest_name() -> None:
    name = "a" * 251 + ".pdf"
    (added,) = arranged([held(name)], [there(f"/{name}")], frozenset(), replace=False).added
    assert len(added.name) == 255
    assert added.name.endswith("a (2).pdf")


@pytest.mark.parametrize(
    ("path", "content", "asked"),
    [
        ("/essay.pdf", b"new", True),
        ("/essay (2).pdf", b"new", True),
        ("/essay (2).pdf", b"longer", False),
        ("/essay(2).pdf", b"new", False),
        ("/essays.pdf", b"new", False),
        ("/sub/essay.pdf", b"new", False),
    ],
)
def test_only_what_may_be_the_same_is_compared_by_its_content(path: str, content: bytes, asked: bool) -> None:
    assert bool(candidates([NEW], [there(path, content)])) is asked


def _plugins(*paths: str) -> list[Plugin]:
    files = tuple(File(path.rpartition("/")[2], path.rpartition("/")[0] + "/", 3) for path in paths)
    return [
        Plugin("comments", (FileArea("feedback", (File("no.txt"),)),)),
        Plugin("file", (FileArea("feedback_files", files),)),
    ]


SEEN: Status = {
    "lastattempt": {"submission": {"attemptnumber": 1}},
    "feedback": {"plugins": _plugins("/sub/b.txt")},
    "previousattempts": [{"attemptnumber": 0, "feedbackplugins": _plugins("/a.txt")}],
}


@pytest.mark.parametrize(
    ("attempt", "held_back", "found"),
    [
        (1, False, ["/sub/b.txt"]),
        (1, True, None),
        (0, False, ["/a.txt"]),
        (0, True, ["/a.txt"]),
        (2, False, None),
    ],
)
def test_a_status_lists_the_files_of_each_attempt_but_what_a_workflow_holds_back(
    attempt: int, held_back: bool, found: list[str] | None
) -> None:
    files = listed(SEEN, attempt, held_back=held_back)
    assert (None if files is None else [file.path for file in files]) == found


def test_a_status_without_feedback_lists_no_file() -> None:
    assert listed({"lastattempt": {}}, 0, held_back=False) == ()


def test_what_a_student_handed_in_tells_where_feedback_is() -> None:
    url = "https://moodle.example.edu/webservice/pluginfile.php/104/assignsubmission_file/submission_files/9/a.txt"
    seen: Status = {
        "lastattempt": {"submission": {"plugins": [Plugin(fileareas=(FileArea(files=(File(fileurl=url),)),))]}}
    }
    feedback = "https://moodle.example.edu/webservice/pluginfile.php/104/assignfeedback_file/feedback_files/7"
    assert address(seen, 7) == feedback
    assert address({"lastattempt": {}}, 7) is None


def test_what_is_missing_or_of_another_size_is_gone() -> None:
    assert gone({"/a": 3, "/b": 3, "/c": 3}, [there("/a"), there("/b", b"more"), there("/d")]) == ["/b", "/c"]


def test_what_is_there_already_is_kept_as_it_is() -> None:
    found = arranged([NEW], [], frozenset(), replace=False)
    assert not found.as_it_is.changes
    assert found.as_it_is.paths == found.paths == ["/essay.pdf"]
    assert found.largest == 3


@pytest.mark.parametrize(
    "paths",
    [[f"/{number}.txt" for number in range(MAX_THERE + 1)], ["/" + "a" * 2000]],
    ids=["too many", "one with too long a name"],
)
def test_files_that_no_moodle_has_cannot_be_read(paths: list[str]) -> None:
    seen: Status = {"feedback": {"plugins": _plugins(*paths)}}
    assert listed(seen, 0, held_back=False) is None


@pytest.mark.timeout(20)
def test_a_name_of_any_length_is_soon_refused() -> None:
    name = "a" + "\u0316\u0301" * 1_000_000
    assert fault_of([FeedbackFile(name, b"x")]) == "files.0.filename has more than 255 characters."


@pytest.mark.timeout(20)
def test_as_many_files_as_there_may_be_are_soon_arranged() -> None:
    before = [there(f"/essay ({number}).pdf", b"new") for number in range(2, MAX_THERE)]
    wanted = [held(f"essay {number}.pdf") for number in range(MAX_FILES)]
    for _ in range(100):
        assert len(arranged(wanted, before, frozenset(), replace=False).kept) == len(before)
