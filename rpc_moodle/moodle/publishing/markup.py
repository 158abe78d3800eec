"""HTML reduced to what can be compared: elements, attributes and words."""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

MAX_CHARACTERS, MAX_TAGS, MAX_REPEATED = 30_000, 3_000, 40_000
"""What is parsed: a text of more characters, more tags (opening, closing, or broken), or more tags times tags that HTML
repeats, is not.

A tree of HTML is made in time, and memory, that grow with the square of its text: elements within elements are
searched, attributes of one tag are compared with each other, and an open ``<b>`` is made anew in each paragraph that
follows. Within these limits a text takes 10 ms at most; without them 21 kB took 3.6 s and 0.9 GB."""

_REPEATED = re.compile(r"<(?:a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)[\s/>]", re.IGNORECASE)
"""Elements that HTML opens again where a block has closed them (its "active formatting elements")."""

_DROPPED = frozenset({"script", "style"})
_WRAPPERS = frozenset({"text_to_html", "no-overflow"})
"""Classes of the boxes that Moodle puts around what it shows."""

_LESS = "\ufdd0"
"""Stands for a ``<`` that is a word's and no tag's; no text holds it."""


def reduced(html: str) -> str:
    """Return HTML with white space collapsed, beside tags too: Moodle writes a newline after each ``<br />``.

    Empty for what would take long to parse.
    """
    text = " ".join("".join(_parts(html)).replace("\xa0", " ").split())
    return re.sub(r" ?(<[^<>]*>) ?", r"\1", text)


def words(html: str) -> list[str]:
    """Return the words of HTML in order, none for what would take long to parse."""
    text = " ".join(part for part in _parts(html) if not re.fullmatch(r"</?\w[^<>]*>", part))
    return re.findall(r"\w+", text)


def _quick(html: str) -> bool:
    """Tell whether HTML can be parsed in little time, whatever it is."""
    if len(html) > MAX_CHARACTERS:
        return False
    tags = html.count("<")
    return tags <= MAX_TAGS and tags * len(_REPEATED.findall(html)) <= MAX_REPEATED


def _parts(html: str) -> list[str]:
    """Return tags with their attributes and text in order, without what Moodle's cleaning takes out.

    A walk without recursion: a hostile text nests deeper than Python's stack.
    """
    if not _quick(html):
        return []
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
