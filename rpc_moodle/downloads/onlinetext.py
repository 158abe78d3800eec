"""Online texts as files: an HTML page that needs nothing but the files beside it."""

import hashlib
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from html import escape
from urllib.parse import quote, unquote

from rpc_moodle.moodle.files.wire import Head, etag_of
from rpc_moodle.moodle.models import File, Plugin

PAGE = "onlinetext.html"
"""The name of a text's file, as Moodle's own archive has it."""

AREA = "submissions_onlinetext"
"""The area in which Moodle keeps the files that a text shows."""

_HTML = """<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="script-src 'none'">
<title>Online text</title>
</head>
<body>
{}
</body>
</html>
"""
_PLAIN = 2
_BASE = re.compile(rf"(?P<site>[^?#]*?)/(?:webservice/)?pluginfile\.php(?P<base>/\d+/\w+/{AREA}/\d+)/")

_PATH = re.compile(r"(?P<path>/[^\"'<>\s?#]+)(?:\?[^\"'<>\s#]*)?")


def text_of(plugin: Plugin) -> str:
    """Give the text of a submission plugin as HTML; empty where it has none."""
    fields = [field for field in plugin.editorfields if field.text.strip()]
    return "\n".join(f"<pre>{escape(field.text)}</pre>" if field.format == _PLAIN else field.text for field in fields)


def page(text: str, files: Mapping[str, str], *, base: str = "") -> bytes:
    """Write a text as a page; ``files`` gives, by folder and name in Moodle, where each file lies beside the page.

    ``base`` is the address of one of the files, from which that of all is told.
    """
    found = _BASE.match(base)
    stems = ["@@PLUGINFILE@@"]
    if found is not None:
        stems += [
            f"{found['site']}/{script}{found['base']}" for script in ("webservice/pluginfile.php", "pluginfile.php")
        ]

    linked = text
    for stem in stems:
        linked = _linked(linked, stem, files)
    return _HTML.format(linked).encode("utf-8", "replace")


def _linked(text: str, stem: str, files: Mapping[str, str]) -> str:
    """Write relative addresses for those that begin with ``stem``: without a pattern of a stem, whose length is any."""
    head, *parts = text.split(stem)
    return head + "".join([_beside(stem, part, files) for part in parts])


def _beside(stem: str, part: str, files: Mapping[str, str]) -> str:
    found = _PATH.match(part)
    place = None if found is None else files.get(unquote(found["path"]))
    return f"{stem}{part}" if found is None or place is None else f"{quote(place)}{part[found.end() :]}"


def name_in_moodle(file: File) -> str:
    """Give a file's folder and name, as its address has them."""
    return f"{file.filepath or '/'}{file.filename}"


class TextFile:
    """What was made here, as it is read everywhere: the same as a ``RemoteFile`` has."""

    def __init__(self, name: str, content: bytes) -> None:
        """Take the name and what the file holds."""
        self.name = name
        self.mimetype = "text/html"
        self.received = len(content)
        self.sha1 = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        self.head = Head(etag_of(self.sha1), self.sha1, self.mimetype, size=len(content), length=len(content))
        self._content = content

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Give the content, in one piece."""
        if self._content:
            yield self._content


@asynccontextmanager
async def open_text(name: str, content: bytes) -> AsyncIterator[TextFile]:
    """Open what was made here, as ``open_file`` opens what is at a site."""
    yield TextFile(name, content)
