"""Whether a comment that Moodle shows is the text that was sent."""

import re
from dataclasses import dataclass
from html import escape

from selectolax.lexbor import LexborHTMLParser, LexborNode

from rpc_moodle.moodle.publishing.entries import TextFormat, fit_format, is_empty

MAX_COMPARED = 1_000_000
"""Characters of a stored comment that are looked at; what is longer is only the same if it is equal."""


@dataclass(frozen=True, slots=True)
class Comment:
    """A feedback comment as read; an empty text is no comment.

    ``format`` None is unknown: a text as it is stored comes without it, since the comments plugin does not tell it.
    ``shown`` says that it is what the student sees, HTML that Moodle has made of the stored text.
    """

    text: str
    format: int | None
    shown: bool = False


NO_COMMENT = Comment("", TextFormat.HTML)


def storable(text: str) -> str:
    """Return the text as a database of Moodle can hold it: no NUL, no lone surrogate."""
    return text.replace("\0", "").encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def same(sent: Comment, stored: Comment) -> bool:
    """Tell whether the comment that was read is the one that is to be sent, format included where it is known.

    Texts are read as stored (``moodlewssettingraw``), so equal texts are the rule. A site that does
    not honour this gives HTML, and so does the gradebook: newlines as ``<br />``, scripts and event
    handlers gone, entities rewritten. So where what was read is HTML, both are reduced to their
    elements, attributes and words before they are compared. Markdown turned into HTML is never taken
    for the same.
    """
    text = storable(sent.text)
    if is_empty(text) or is_empty(stored.text):
        return is_empty(text) and is_empty(stored.text)
    if not stored.shown and _equal(text, stored.text):
        return stored.format is None or stored.format == sent.format
    if stored.format != TextFormat.HTML or sent.format == TextFormat.MARKDOWN:
        return False
    if max(len(text), len(stored.text)) > MAX_COMPARED:
        return False
    reduced = _reduced(_as_html(text, sent.format))
    return bool(reduced) and reduced == _reduced(stored.text)


def same_text(sent: Comment, stored: Comment, shown: Comment | None) -> bool:
    """Tell whether the format alone is another: Moodle would compare the texts and store nothing.

    ``shown`` is what the student sees of the stored comment, None where that is not known.
    """
    if stored.shown:
        others = (each for each in TextFormat if each != sent.format)
        return not same(sent, stored) and any(same(Comment(sent.text, each), stored) for each in others)
    if not _equal(storable(sent.text), stored.text):
        return False
    if stored.format is not None:
        return sent.format != stored.format
    return shown is not None and sent.format != TextFormat.MARKDOWN and not same(sent, shown)


def alike(sent: Comment, stored: Comment) -> bool:
    """Tell whether what is stored has the words of what was sent, whatever Moodle did to the markup."""
    if max(len(sent.text), len(stored.text)) > MAX_COMPARED:
        return False
    words = _words(sent)
    return bool(words) and words == _words(stored)


def below(old: Comment, new: Comment, shown: Comment | None = None) -> Comment:
    """Return a comment with another one below it; where the formats differ, both as HTML.

    ``shown`` is what the student sees of the old one, from which its format is told where that is not known.
    """
    if is_empty(old.text):
        return new
    if old.format is None:
        old = Comment(old.text, _format_of(old.text, shown))
    if old.format == new.format and not old.shown:
        gap = "\n" if new.format == TextFormat.HTML else "\n\n"
        return Comment(f"{old.text}{gap}{new.text}", new.format)
    return Comment(f"{_as_html(old.text, old.format)}\n{_as_html(new.text, new.format)}", TextFormat.HTML)


def _format_of(text: str, shown: Comment | None) -> TextFormat:
    """Tell the format of a stored text: the one that looks as it is shown, else the one that keeps every word."""
    likely = fit_format(text, TextFormat.MOODLE)
    likely = TextFormat.HTML if "<" in text and likely is TextFormat.MOODLE else likely
    others = (TextFormat.PLAIN, TextFormat.MOODLE, TextFormat.HTML)
    fits = [each for each in (likely, *others) if shown is not None and same(Comment(text, each), shown)]
    return fits[0] if fits else likely


def _equal(sent: str, stored: str) -> bool:
    """Compare texts; a space at the end of the stored one is what made Moodle store another format."""
    sent, stored = sent.replace("\r\n", "\n"), stored.replace("\r\n", "\n")
    return stored in {sent, f"{sent} "}


def _as_html(text: str, text_format: int | None) -> str:
    if text_format == TextFormat.PLAIN:
        text = escape(text)
    if text_format in {TextFormat.PLAIN, TextFormat.MOODLE, TextFormat.MARKDOWN}:
        text = re.sub(r"\r\n?|\n", "<br />", text.strip())
    return text


_DROPPED = frozenset({"script", "style"})
_WRAPPERS = frozenset({"text_to_html", "no-overflow"})
"""Classes of the boxes that Moodle puts around what it shows."""


_LESS = "\ufdd0"
"""Stands for a ``<`` that is a word's and no tag's; no text holds it."""


def _parts(html: str) -> list[str]:
    """Return tags with their attributes and text in order, without what Moodle's cleaning takes out.

    A walk without recursion: a hostile text nests deeper than Python's stack.
    """
    root = LexborHTMLParser(f"<body>{html}").body
    parts: list[str] = []
    waiting: list[LexborNode | str] = [root.child] if root is not None and root.child is not None else []
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            parts.append(node)
            continue
        if node.next is not None:
            waiting.append(node.next)
        tag = node.tag or ""
        if tag == "-text":
            parts.append((node.text_content or "").replace("<", _LESS))
        elif tag.startswith(("-", "_", "!")) or tag in _DROPPED:
            continue
        else:
            attributes = node.attributes
            wrapper = tag == "div" and attributes.get("class") in _WRAPPERS
            if not wrapper:
                kept = sorted(f"{name}={value or ''}" for name, value in attributes.items() if name[:2] != "on")
                parts.append(f"<{' '.join([tag, *kept])}>")
            if not wrapper and tag not in {"br", "img", "hr", "input"}:
                waiting.append(f"</{tag}>")
            if node.child is not None:
                waiting.append(node.child)
    return parts


def _reduced(html: str) -> str:
    """Collapse white space, beside tags too: Moodle writes a newline after each ``<br />``."""
    text = " ".join("".join(_parts(html)).replace("\xa0", " ").split())
    return re.sub(r" ?(<[^<>]*>) ?", r"\1", text)


def _words(comment: Comment) -> list[str]:
    html = _as_html(storable(comment.text), comment.format)
    text = " ".join(part for part in _parts(html) if not re.fullmatch(r"</?\w[^<>]*>", part))
    return re.findall(r"\w+", text)
