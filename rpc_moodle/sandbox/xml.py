"""Moodle's answers in XML, its REST server's default format (``format.*``)."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

_HEAD = '<?xml version="1.0" encoding="UTF-8" ?>\n'


def error_xml(error: dict[str, Any]) -> str:
    """Write an error, given in the shape of the REST server."""
    return (
        f'{_HEAD}<EXCEPTION class="{escape(error["exception"])}">\n'
        f"<ERRORCODE>{escape(error['errorcode'])}</ERRORCODE>\n"
        f"<MESSAGE>{escape(error['message'])}</MESSAGE>\n</EXCEPTION>\n"
    )


def answer_xml(answer: Any) -> str:
    """Write an answer."""
    return f"{_HEAD}<RESPONSE>\n{_node(answer)}</RESPONSE>\n"


def _node(value: Any) -> str:
    if isinstance(value, dict):
        keys = "".join(f'<KEY name="{escape(name)}">{_node(one)}</KEY>\n' for name, one in value.items())
        return f"<SINGLE>\n{keys}</SINGLE>\n"
    if isinstance(value, list):
        return f"<MULTIPLE>\n{''.join(map(_node, value))}</MULTIPLE>\n"
    if value is None:
        return '<VALUE null="null"/>\n'
    return f"<VALUE>{escape(str(int(value) if isinstance(value, bool) else value))}</VALUE>\n"
