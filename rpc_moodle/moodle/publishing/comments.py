"""Whether a comment that Moodle shows is the text that was sent."""

import re
from dataclasses import dataclass
from html import escape

from rpc_moodle.moodle.publishing.entries import TextFormat, fit_format, is_empty
from rpc_moodle.moodle.publishing.markup import reduced, words


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
    for the same, nor is markup that it would take long to read.
    """
    text = storable(sent.text)
    if is_empty(text) or is_empty(stored.text):
        return is_empty(text) and is_empty(stored.text)
    if not stored.shown and _equal(text, stored.text):
        return stored.format is None or stored.format == sent.format
    if stored.format != TextFormat.HTML or sent.format == TextFormat.MARKDOWN:
        return False
    seen = reduced(_as_html(text, sent.format))
    return bool(seen) and seen == reduced(stored.text)


def same_text(sent: Comment, stored: Comment, shown: Comment | None) -> bool:
    """Tell whether the format alone is another: Moodle would compare the texts and store nothing.

    ``shown`` is what the student sees of the stored comment, None where that is not known.
    """
    if stored.shown:
        return _fits_another(sent, stored)
    if not _equal(storable(sent.text), stored.text):
        return False
    if stored.format is not None:
        return sent.format != stored.format
    return shown is not None and sent.format != TextFormat.MARKDOWN and _fits_another(sent, shown)


def _fits_another(sent: Comment, shown: Comment) -> bool:
    """Tell whether a text is shown as another format shows it; as none does where Moodle's cleaning took words out."""
    others = (each for each in TextFormat if each != sent.format)
    return not same(sent, shown) and any(same(Comment(sent.text, each), shown) for each in others)


def alike(sent: Comment, stored: Comment) -> bool:
    """Tell whether what is stored has the words of what was sent, whatever Moodle did to the markup."""
    said = _words(sent)
    return bool(said) and said == _words(stored)


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


def _words(comment: Comment) -> list[str]:
    return words(_as_html(storable(comment.text), comment.format))
