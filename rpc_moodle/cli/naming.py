"""How a method is called on the command line: its own words, the noun first."""

import re

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_SHOWN = "get"
_PANEL = "moopanel."


def command_of(event: str) -> tuple[str, ...]:
    """Return a method's group and command: ``getUsersFromCourse`` is ``users from-course``.

    The first noun, in the plural, is the group; a verb other than ``get`` stands before the rest. The methods of a
    panel are one group: ``moopanel.getUsers`` is ``panel users``.
    """
    if event.startswith(_PANEL):
        verb, *rest = (word.lower() for word in _WORDS.findall(event.removeprefix(_PANEL)))
        return "panel", "-".join(rest if verb == _SHOWN else [verb, *rest])
    verb, *nouns = (word.lower() for word in _WORDS.findall(event))
    if not nouns:
        return (verb,)
    group = plural(nouns[0])
    words = ([] if verb == _SHOWN else [verb]) + nouns[1:]
    if not words:
        words = ["list" if group == nouns[0] else "show"]
    return group, "-".join(words)


def about(group: str) -> str:
    """Return the help of a group."""
    return f"Everything about {group}."


def plural(noun: str) -> str:
    """Return the plural of a noun, as far as the methods' own nouns need it."""
    if noun.endswith("s") or noun in {"completion", "setup", "feedback"}:
        return noun
    return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
