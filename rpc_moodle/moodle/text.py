"""Names as people read them: Moodle gives them as HTML, sometimes in several languages at once."""

import re
from html import unescape

_OPEN = r'<span\b(?=[^<>]*>)(?=[^<>]*\bclass="multilang")[^<>]*\blang="([\w-]+)"[^<>]*>'
_SPAN = re.compile(_OPEN + r"(.*?)</span>", re.DOTALL)
_SPANS = re.compile(rf"{_OPEN}.*?</span>(?:\s*{_OPEN}.*?</span>)*", re.DOTALL)
_BRACES = re.compile(r"\{mlang\s+([\w,-]+)\}(.*?)\{mlang\}", re.DOTALL)

_LENGTH = 4000  # no name is longer


def plain_name(text: str, language: str = "en") -> str:
    """Read a name that holds HTML: one language of its multilang markup, no tags, no entities.

    The markup is that of Moodle's own filter, ``<span lang="en" class="multilang">``, and the
    ``{mlang en}`` of the widespread filter_multilang2. Where the language is missing, its parent stands
    (``de`` for ``de_kids``), else the first one.
    """
    text = text[:_LENGTH]
    spans, rest = _closed(text, "</span>")
    text = _SPANS.sub(lambda block: _choose(_SPAN.findall(block[0]), language), spans) + rest
    braces, rest = _closed(text, "{mlang}")
    parts = _BRACES.findall(braces)
    braces = _BRACES.sub("\0", braces).replace("\0", _choose(parts, language), 1).replace("\0", "")
    return " ".join(unescape(re.sub(r"<[^<>]*>", "", braces + rest)).split())


def _closed(text: str, end: str) -> tuple[str, str]:
    """Split a text behind its last ``end``: each beginning that is never closed would be searched to the end."""
    head, found, rest = text.rpartition(end)
    return head + found, rest


def _choose(parts: list[tuple[str, str]], language: str) -> str:
    by_language = {_code(name): text for names, text in reversed(parts) for name in names.split(",")}
    wanted = _code(language)
    for name in (wanted, wanted.partition("_")[0], "other"):
        if by_language.get(name):
            return by_language[name]
    return parts[0][1] if parts else ""


def _code(name: str) -> str:
    return name.strip().lower().replace("-", "_")


def languages(text: str) -> list[str]:
    """List the languages of a name's multilang markup, in their order; none where it has no such markup."""
    text = text[:_LENGTH]
    braces, _ = _closed(text, "{mlang}")
    return [
        _code(name)
        for names in (*re.findall(_OPEN, text), *(names for names, _ in _BRACES.findall(braces)))
        for name in names.split(",")
    ]
