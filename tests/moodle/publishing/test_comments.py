"""When a stored comment is the one that was sent."""

import pytest

from rpc_moodle.moodle.publishing import TextFormat
from rpc_moodle.moodle.publishing.comments import Comment, alike, below, same, same_text, storable

MOODLE, HTML, PLAIN, MARKDOWN = TextFormat


@pytest.mark.parametrize(
    ("sent", "text_format", "stored", "stored_format"),
    [
        ("a\nb & c", MOODLE, "a\nb & c", 0),
        ("a\nb", MOODLE, "a<br />\nb", 1),
        ("a\r\nb", MOODLE, "a<br />\nb", 1),
        ("a < b\n\n  c", PLAIN, "a &lt; b<br />\n<br />\n&nbsp; c", 1),
        ("<p>a</p>", HTML, "<p>a</p>", 1),
        ("<p class=x onclick='y'>a</p><script>z</script>", HTML, '<p class="x">a</p>', 1),
        ("a &amp; b &uuml;", HTML, "a &amp; b ü", 1),
        ("**a**", MARKDOWN, "**a**", 4),
        ("**a**", MARKDOWN, "**a**", None),
        ("a\nb", MOODLE, "a\nb ", None),
        ("<p></p>", HTML, "<br>", 1),
        ("  ", HTML, "", 0),
        ("a\0b", HTML, "ab", 1),
    ],
)
def test_the_same_text_is_known_in_whatever_form_it_comes_back(
    sent: str, text_format: TextFormat, stored: str, stored_format: int | None
) -> None:
    assert same(Comment(sent, text_format), Comment(stored, stored_format))


@pytest.mark.parametrize(
    ("sent", "text_format", "stored", "stored_format"),
    [
        ("Good!", HTML, "Good?", 1),
        ("👍", HTML, "👎", 1),
        ("<b>a</b>", HTML, "a", 1),
        ('<a href="x">a</a>', HTML, '<a href="y">a</a>', 1),
        ("ab", MOODLE, "a b", 1),
        ("a\nb", MOODLE, "a b", 1),
        ("**a**", MARKDOWN, "<p><strong>a</strong></p>", 1),
        ("a", HTML, "", 1),
        ("", HTML, "a", 1),
        ("<p>a</p>", PLAIN, "<p>a</p>", 1),
        ("**a**", MARKDOWN, "**a**", 1),
        ("a", HTML, "a ", 0),
    ],
)
def test_another_text_is_never_taken_for_the_same(
    sent: str, text_format: TextFormat, stored: str, stored_format: int
) -> None:
    assert not same(Comment(sent, text_format), Comment(stored, stored_format))


def test_rendered_markdown_has_the_same_words() -> None:
    sent = Comment("**Well** done, *Zoë*\n\n- a\n- b", MARKDOWN)
    assert alike(sent, Comment("<p><strong>Well</strong> done, <em>Zoë</em></p><ul><li>a</li><li>b</li></ul>", HTML))
    assert not alike(sent, Comment("<p>Well done, Zoé</p>", HTML))


def test_texts_without_words_are_alike_to_nothing() -> None:
    assert not alike(Comment("👍", HTML), Comment("!", HTML))


def test_what_no_database_holds_is_taken_out_before_it_is_sent() -> None:
    kept = storable("a\0\ud800b")
    assert ("\0" in kept, kept.replace("\ufffd", ""), kept.encode() != b"") == (False, "ab", True)


@pytest.mark.parametrize(
    ("sent", "text_format", "shown"),
    [
        ("a\nb", MOODLE, '<div class="text_to_html">a<br />\nb</div>'),
        ("<p>a</p>", HTML, "<p>a</p>"),
        ("<p>a</p>", PLAIN, "&lt;p&gt;a&lt;/p&gt;"),
    ],
)
def test_what_the_student_sees_shows_the_format_too(sent: str, text_format: TextFormat, shown: str) -> None:
    seen = Comment(shown, HTML, shown=True)
    assert same(Comment(sent, text_format), seen)
    raw = Comment(sent, None)
    other = PLAIN if text_format is not PLAIN else HTML
    assert not same_text(Comment(sent, text_format), raw, seen)
    if "<" in sent:
        assert same_text(Comment(sent, other), raw, seen)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (Comment("", None), Comment("b", MOODLE), Comment("b", MOODLE)),
        (Comment("a", MOODLE), Comment("b", MOODLE), Comment("a\n\nb", MOODLE)),
        (Comment("<p>a</p>", None), Comment("<p>b</p>", HTML), Comment("<p>a</p>\n<p>b</p>", HTML)),
        (Comment("<p>a</p>", HTML), Comment("b & c\nd", PLAIN), Comment("<p>a</p>\nb &amp; c<br />d", HTML)),
    ],
)
def test_a_text_comes_below_the_one_that_is_there(old: Comment, new: Comment, expected: Comment) -> None:
    assert below(old, new) == expected


@pytest.mark.parametrize(
    ("stored", "shown", "both"),
    [
        ("plain <b words", None, "plain &lt;b words\n<p>new</p>"),
        ("<b>x</b>", None, "<b>x</b>\n<p>new</p>"),
        ("<b>x</b>", "&lt;b&gt;x&lt;/b&gt;", "&lt;b&gt;x&lt;/b&gt;\n<p>new</p>"),
        ("a\nb", "a<br />\nb", "a<br />b\n<p>new</p>"),
    ],
)
def test_what_is_below_does_not_change_how_the_text_above_reads(stored: str, shown: str | None, both: str) -> None:
    seen = None if shown is None else Comment(shown, TextFormat.HTML, shown=True)
    assert below(Comment(stored, None), Comment("<p>new</p>", TextFormat.HTML), seen).text == both
