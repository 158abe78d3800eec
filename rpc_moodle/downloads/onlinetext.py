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

    def beside(match: re.Match[str]) -> str:
        place = files.get(unquote(match["path"]))
        return match[0] if place is None else quote(place)

    stem = "|".join(map(re.escape, stems))
    linked = re.sub(rf"(?:{stem})(?P<path>/[^\"'<>\s?#]+)(?:\?[^\"'<>\s#]*)?", beside, text)
    return _HTML.format(linked).encode("utf-8", "replace")


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
