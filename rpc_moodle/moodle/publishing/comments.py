"""Whether a comment that Moodle shows is the text that was sent."""

import re
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser

from rpc_moodle.moodle.publishing.entries import TextFormat


@dataclass(frozen=True, slots=True)
class Comment:
    """A feedback comment as read; an empty text is no comment."""

    text: str
    format: int


NO_COMMENT = Comment("", TextFormat.HTML)


def storable(text: str) -> str:
    """Give the text as a database of Moodle can hold it: no NUL, no lone surrogate."""
    return text.replace("\0", "").encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def same(sent: Comment, stored: Comment) -> bool:
    """Tell whether the comment that was read is the one that is to be sent.

    Texts are read as stored (``moodlewssettingraw``), so equal texts are the rule. A site that does
    not honour this gives HTML: newlines as ``<br />``, scripts and event handlers gone, entities
    rewritten. So where what was read is HTML, both are reduced to their elements, attributes and
    words before they are compared. Markdown turned into HTML is never taken for the same.

    The format alone makes no difference: Moodle compares the text only, and keeps text and format
    where the text is equal (``is_feedback_modified`` of its comments plugin).
    """
    text = storable(sent.text)
    if text == stored.text:
        return True
    if not text.strip() or not stored.text.strip():
        return text.strip() == stored.text.strip()
    if stored.format != TextFormat.HTML or sent.format == TextFormat.MARKDOWN:
        return False
    return _reduced(_as_html(text, sent.format)) == _reduced(stored.text)


def alike(sent: Comment, stored: Comment) -> bool:
    """Tell whether what is stored has the words of what was sent, whatever Moodle did to the markup."""
    words = _words(sent)
    return bool(words) and words == _words(stored)


def _as_html(text: str, text_format: int) -> str:
    if text_format == TextFormat.PLAIN:
        text = escape(text)
    if text_format in {TextFormat.PLAIN, TextFormat.MOODLE}:
        text = re.sub(r"\r\n?|\n", "<br />", text.strip())
    return text


class _Reducer(HTMLParser):
    """Collects tags with their attributes and collapsed text, without what Moodle's cleaning takes out."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._dropped = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "style"}:
            self._dropped += 1
            return
        kept = sorted(f"{name}={value or ''}" for name, value in attrs if not name.startswith("on"))
        self.parts.append(f"<{' '.join([tag, *kept])}>")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"script", "style"}:
            self._dropped = max(0, self._dropped - 1)
        elif tag != "br":
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._dropped:
            self.parts.append(data)


def _parsed(html: str) -> list[str]:
    reducer = _Reducer()
    reducer.feed(html)
    reducer.close()
    return reducer.parts


def _reduced(html: str) -> str:
    """Collapse white space, beside tags too: Moodle writes a newline after each ``<br />``."""
    text = " ".join("".join(_parsed(html)).replace("\xa0", " ").split())
    return re.sub(r" ?(<[^>]*>) ?", r"\1", text)


def _words(comment: Comment) -> list[str]:
    html = _as_html(storable(comment.text), comment.format)
    text = " ".join(part for part in _parsed(html) if not re.fullmatch(r"</?\w[^>]*>", part))
    return re.findall(r"\w+", text)
