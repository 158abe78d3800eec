"""Moodle's XML as the JSON that it stands for: some sites answer with it whatever they are asked for."""

from typing import Any
from xml.parsers import expat

import orjson

_OF_AN_ERROR = frozenset({"ERRORCODE", "MESSAGE", "DEBUGINFO"})


def from_xml(body: bytes) -> bytes:
    """Return the JSON of an answer in Moodle's XML (``format.xml_ok``, ``format.xml_error``).

    XML has no types: every value is a string; numbers are read from it as the models want them. What is no
    XML of Moodle's comes back unchanged, and so does what declares entities.
    """
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(body, True)  # noqa: FBT003 - expat takes no name for it
        return orjson.dumps(reader.result)
    except (expat.ExpatError, _NotMoodles, orjson.JSONEncodeError):
        return body


class _NotMoodles(Exception):
    pass


def _refuse(*_: object) -> None:
    raise _NotMoodles


class _Reader:
    """Builds values from elements: each stands on a stack until its end, where it goes into what is around it."""

    def __init__(self) -> None:
        self.result: Any = None
        self._stack: list[tuple[str, Any]] = []
        self._text: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._text.clear()
        key, value = attributes.get("name", ""), None
        if name == "MULTIPLE":
            self._stack.append((key, []))
        elif name == "SINGLE":
            self._stack.append((key, {}))
        elif name == "EXCEPTION":
            self._stack.append((key, {"exception": attributes.get("class", "")}))
        elif name in {"RESPONSE", "KEY", "VALUE", *_OF_AN_ERROR}:
            self._stack.append((attributes.get("null", "") if name == "VALUE" else key, value))
        else:
            raise _NotMoodles

    def text(self, text: str) -> None:
        self._text.append(text)

    def end(self, name: str) -> None:
        key, value = self._stack.pop()
        if name == "VALUE" and key != "null":
            value = "".join(self._text)
        elif name in _OF_AN_ERROR:
            key, value = name.lower(), "".join(self._text)
        self._text.clear()
        if not self._stack:
            self.result = value
            return
        outer_key, outer = self._stack[-1]
        if isinstance(outer, list):
            outer.append(value)
        elif not isinstance(outer, dict):  # a response or a key is what stands in it
            self._stack[-1] = outer_key, value
        elif value is not None:  # what JSON leaves out stands here as null
            outer[key] = value
