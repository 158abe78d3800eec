"""How Moodle shows a stored text: formats turned into HTML, HTML cleaned, multilang markup filtered."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from typing import Final

MOODLE, HTML, PLAIN, MARKDOWN = 0, 1, 2, 4
"""The text formats."""

_DROPPED: Final = frozenset({"script", "style", "iframe", "object", "embed", "form"})
_VOID: Final = frozenset({"br", "hr", "img"})
_MULTILANG = re.compile(r'<span lang="([^"]+)" class="multilang">(.*?)</span>', re.DOTALL)
_TAG = re.compile(r"<[^>]*>")


class _Cleaner(HTMLParser):
    """Writes HTML anew: dangerous elements gone, everything closed, bare ``&`` and ``<`` escaped."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.open: list[str] = []
        self.dropped = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _DROPPED:
            self.dropped += 1
            return
        kept = [
            f' {name}="{html.escape(value or "")}"'
            for name, value in attrs
            if not name.startswith("on") and not (value or "").strip().lower().startswith("javascript:")
        ]
        if tag not in _VOID:
            self.open.append(tag)
        self.out.append(f"<{tag}{''.join(kept)}{' /' if tag in _VOID else ''}>")

    def handle_endtag(self, tag: str) -> None:
        if tag in _DROPPED:
            self.dropped = max(0, self.dropped - 1)
        elif tag in self.open:
            while self.open[-1] != tag:
                self.out.append(f"</{self.open.pop()}>")
            self.out.append(f"</{self.open.pop()}>")

    def handle_data(self, data: str) -> None:
        if not self.dropped:
            self.out.append(html.escape(data, quote=False))

    def finish(self) -> str:
        self.close()
        return "".join([*self.out, *(f"</{tag}>" for tag in reversed(self.open))])


def clean(text: str) -> str:
    """Clean HTML in the manner of Moodle's HTML Purifier.

    A rough copy: scripts, event handlers and frames go, tags are closed, bare ampersands are escaped.
    The recordings show only that well-formed text comes back as it was (``save.keep_grade``).
    """
    cleaner = _Cleaner()
    cleaner.feed(text)
    return cleaner.finish()


def shown(text: str, text_format: int, *, raw: bool) -> tuple[str, int]:
    """Give text and format as an external function answers them.

    With ``raw`` (``moodlewssettingraw``) they come as stored; else as HTML: newlines of format 0 become ``<br />``
    (seen in the group descriptions of ``groups.course``). Markdown knows paragraphs only. An empty text stays
    empty with its stored format, 0 when there is none (``save.minus_one_wipes.0_before``).
    """
    if raw or not text:
        return text, text_format
    if text_format == PLAIN:
        return html.escape(text).replace("  ", "&nbsp; ").replace("\n", "<br />\n"), HTML
    if text_format == MARKDOWN:
        paragraphs = [clean(part.strip()) for part in re.split(r"\n\s*\n", text) if part.strip()]
        return "".join(f"<p>{part}</p>\n" for part in paragraphs), HTML
    if text_format == MOODLE:
        return clean(re.sub(r"\r?\n", "<br />\n", text.strip())), HTML
    return clean(text), HTML


def has_markup(text: str) -> bool:
    """Tell whether a text that Moodle expects to be plain holds tags; those of multilang are let through."""
    return bool(_TAG.search(_MULTILANG.sub("", text)))


def name_shown(name: str, *, raw: bool, filtered: bool) -> str:
    """Give an activity's name as an external function answers it.

    Tags are stripped, so unfiltered multilang names run together (``assignments.as_student``); with ``filtered``
    (``moodlewssettingfilter``) only the English part stays; with ``raw`` the markup does.
    """
    if raw:
        return name
    if filtered:
        parts: dict[str, str] = dict(_MULTILANG.findall(name))
        if parts:
            return parts.get("en") or next(iter(parts.values()))
    return _TAG.sub("", name)
