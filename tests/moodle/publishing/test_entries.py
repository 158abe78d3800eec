"""What is wrong with a row, and which of several rows counts."""

from decimal import Decimal

import pytest

from rpc_moodle.moodle.publishing import Entry, InvalidEntries, Options, TextFormat, is_empty
from rpc_moodle.moodle.publishing.duplicates import united
from rpc_moodle.moodle.publishing.entries import check, fault, fit_format
from rpc_moodle.moodle.publishing.feedback_files import FeedbackFile


@pytest.mark.parametrize(
    "text", ["", " \n", "<p></p>", "<br>", "<p>&nbsp;</p>", "<div><br /></div>", "<!-- x -->", "\u200b"]
)
def test_what_a_reader_sees_nothing_of_is_empty(text: str) -> None:
    assert is_empty(text)


@pytest.mark.parametrize("text", ["a", "<", "a < b", '<img src="x">', "<hr>", "<p>.</p>", "&lt;", "<p></p>" * 1000])
def test_what_a_reader_sees_is_not(text: str) -> None:
    assert not is_empty(text)


@pytest.mark.parametrize("text", ["if a <b then c", "if a <b then c>d & e", "x <y", "1 < 2", "for (i = 0; i <n; i++)"])
def test_plain_text_with_an_angle_bracket_is_sent_as_plain(text: str) -> None:
    assert fit_format(text, TextFormat.MOODLE) is TextFormat.PLAIN


@pytest.mark.parametrize("text", ["a", "a & b", "<p>x</p>", "a<br>b", "<b>x</b> < y", '<a href="x">y</a>'])
def test_what_has_markup_or_no_bracket_stays_as_it_is(text: str) -> None:
    assert fit_format(text, TextFormat.MOODLE) is TextFormat.MOODLE


def test_a_format_that_was_chosen_stays() -> None:
    assert fit_format("a <b", TextFormat.HTML) is TextFormat.HTML


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        (Entry(5), "neither a text nor a grade"),
        (Entry(5, "<p></p>"), "pass clear"),
        (Entry(5, "ä" * 500_001), "more than 1000000 bytes"),
        (Entry(5, grade=Decimal(1), scale_item=1), "one of grade, scaleItem"),
    ],
)
def test_a_row_that_cannot_be_published_says_why(entry: Entry, complaint: str) -> None:
    assert complaint in (fault(entry, Options()) or "")


def test_a_state_that_moodle_does_not_know_refuses_the_call() -> None:
    with pytest.raises(InvalidEntries, match="no such workflow state"):
        check([Entry(5, "a")], Options(workflow_state="Graded"))


def test_all_that_is_wrong_with_a_call_is_told_at_once() -> None:
    with pytest.raises(InvalidEntries, match=r"5001 entries are too many.* no such workflow state"):
        check([Entry(5, "a")] * 5001, Options(workflow_state="Graded"))


A, B = Entry(5, "a", grade=Decimal(3)), Entry(5, "b", grade=Decimal(4))


def test_equal_rows_count_once() -> None:
    assert united([A, A, Entry(6, "x")], Options()) == ([A, Entry(6, "x")], [])


def test_different_rows_of_one_user_fail_and_nobody_else() -> None:
    kept, failed = united([A, Entry(6, "x"), B], Options())
    assert (kept, [(each.user_id, each.code) for each in failed]) == ([Entry(6, "x")], [(5, "ambiguous")])


@pytest.mark.parametrize(
    ("rule", "grade", "text"),
    [("last", Decimal(4), "b"), ("max", Decimal(4), "b"), ("sum", Decimal(7), "b"), ("mean", Decimal("3.5"), "b")],
)
def test_a_rule_says_which_row_counts(rule: str, grade: Decimal, text: str) -> None:
    [only], failed = united([A, B], Options(on_duplicate=rule))  # type: ignore[arg-type] # a parameter of the test
    assert ((only.grade, only.text), failed) == ((grade, text), [])


def test_what_is_no_number_has_no_sum() -> None:
    kept, failed = united([A, Entry(5, grade="good")], Options(on_duplicate="sum"))
    assert (kept, len(failed)) == ([], 1)


@pytest.mark.parametrize(("rule", "counted"), [(None, None), ("sum", None), ("mean", None), ("last", b"two")])
def test_of_different_files_the_last_count_or_none(rule: str | None, counted: bytes | None) -> None:
    rows = [Entry(5, "x", files=(FeedbackFile("a.txt", content),)) for content in (b"one", b"two")]
    kept, failed = united(rows, Options(on_duplicate=rule))  # type: ignore[arg-type] # a parameter of the test
    assert [entry.files[0].content for entry in kept] == ([] if counted is None else [counted])
    assert len(failed) == (counted is None)
    assert united([rows[0], rows[0]], Options()) == ([rows[0]], [])


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", ["<!--" * 1000, "<!--" * 999 + "\n-->", "<a " * 1300, "<a b=" + " " * 19_990])
def test_what_a_text_is_is_soon_told(text: str) -> None:
    for _ in range(1500):
        is_empty(text)
        fit_format(text, TextFormat.MOODLE)
