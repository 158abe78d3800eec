"""Stored texts are shown as Moodle shows them."""

import pytest

from rpc_moodle.sandbox.texts import HTML, MARKDOWN, MOODLE, PLAIN, name_shown, shown

NAME = '<span lang="en" class="multilang">Hello</span><span lang="de" class="multilang">Hallo</span>'


@pytest.mark.parametrize(
    ("text", "text_format", "wanted"),
    [
        ("one\ntwo", MOODLE, "one<br />\ntwo"),
        ("<p>My <b>work</b> — ünïcode 😀</p>", HTML, "<p>My <b>work</b> — ünïcode 😀</p>"),
        ("<p onclick='x()'>a<script>alert(1)</script>b", HTML, "<p>ab</p>"),
        ('<a href="javascript:x()">a</a>', HTML, "<a>a</a>"),
        ("a & b<br>c", HTML, "a &amp; b<br />c"),
        ("a < b\nc", PLAIN, "a &lt; b<br />\nc"),
        ("one\n\ntwo", MARKDOWN, "<p>one</p>\n<p>two</p>\n"),
    ],
)
def test_every_format_is_answered_as_html(text: str, text_format: int, wanted: str) -> None:
    assert shown(text, text_format, raw=False) == (wanted, HTML)


def test_a_raw_text_is_answered_as_it_is_stored() -> None:
    assert shown("one\ntwo", MOODLE, raw=True) == ("one\ntwo", MOODLE)


def test_an_empty_text_keeps_its_format() -> None:
    assert shown("", 0, raw=False) == ("", 0)


@pytest.mark.parametrize(
    ("raw", "filtered", "wanted"), [(False, False, "HelloHallo"), (False, True, "Hello"), (True, False, NAME)]
)
def test_multilang_names_depend_on_the_settings_of_the_call(*, raw: bool, filtered: bool, wanted: str) -> None:
    assert name_shown(NAME, raw=raw, filtered=filtered) == wanted
