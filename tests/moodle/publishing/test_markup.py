"""How HTML is reduced, and that none takes long."""

import pytest

from rpc_moodle.moodle.publishing import TextFormat
from rpc_moodle.moodle.publishing.comments import Comment, alike, same
from rpc_moodle.moodle.publishing.markup import MAX_CHARACTERS, MAX_TAGS, reduced, words

BOLD = "".join(f"<b a={number}>" for number in range(20_000))


@pytest.mark.parametrize(
    "text",
    [
        "<a " * 300_000,
        "&lt;" * 200_000,
        "if (a <![b]) return;",
        "<div>" * 200_000,
        "<!--" * 200_000,
        "<p" * 400_000 + ">",
        f"<p {' '.join(f'a{number}' for number in range(200_000))}>",
        f"<p>{BOLD}{'<p>x' * 20_000}",
    ],
    ids=["tags", "escaped", "odd", "nested", "comments", "name", "attributes", "opened again"],
)
def test_no_text_is_hard_to_compare(text: str) -> None:
    for text_format in TextFormat:
        sent = Comment(text, text_format)
        assert same(sent, Comment(text, text_format))
        assert not same(sent, Comment(f"x y {text}", TextFormat.HTML, shown=True))
        alike(sent, Comment(f"<p>{text}</p>", TextFormat.HTML))


@pytest.mark.parametrize(
    ("html", "is_read"),
    [
        ("a" * MAX_CHARACTERS, True),
        ("a" * (MAX_CHARACTERS + 1), False),
        ("<hr>a" * MAX_TAGS, True),
        ("<hr>a" * (MAX_TAGS + 1), False),
        ("<p><b>a</b></p>" * 100, True),
        ("<p><b>a</b></p>" * 101, False),
        ("<p><B\n>a</B></p>" * 101, False),
        ("<p><br>a</p>" * 1000, True),
    ],
)
def test_what_would_take_long_is_not_parsed(html: str, is_read: bool) -> None:
    assert (bool(reduced(html)), bool(words(html))) == (is_read, is_read)


def test_a_long_text_that_came_back_cleaned_is_not_taken_for_another_s() -> None:
    long = Comment("<p>Well argued.</p>" * 3000, TextFormat.HTML)
    assert same(long, long)
    assert not same(long, Comment(long.text.replace("p>", "div>"), TextFormat.HTML))
