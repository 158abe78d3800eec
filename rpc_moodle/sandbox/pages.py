"""Answers that are no data: login page, maintenance page, empty 403."""

from __future__ import annotations

from html import escape

from aiohttp import web

from rpc_moodle.sandbox.site import Site

_HTML = {"Content-Type": "text/html; charset=utf-8"}


def _page(title: str, body: str) -> bytes:
    return (
        f'<!DOCTYPE html>\n<html  lang="en" xml:lang="en">\n<head>\n    <title>{escape(title)}</title>\n'
        f"</head>\n<body>{body}</body>\n</html>\n"
    ).encode()


def _with_session(response: web.Response) -> web.Response:
    """Set the session cookie, as every page for people does and no web service script."""
    response.set_cookie("MoodleSession", "sandboxsessionofnobody0000", path="/", httponly=True)
    return response


def login(site: Site) -> web.Response:
    """Show the login form, status 200."""
    form = '<form action="login" method="post"><input name="username"><input name="password" type="password"></form>'
    return _with_session(web.Response(body=_page(f"Log in to the site | {site.name}", form), headers=_HTML))


def to_login(url: str) -> web.Response:
    """Redirect to the login page, with a page of its own (``file.plain_pluginfile``)."""
    target = f"{url}/login/index.php"
    body = _page("Redirect", f'This page should automatically redirect. <a href="{escape(target)}">Continue</a>')
    return _with_session(web.Response(status=303, body=body, headers=_HTML | {"Location": target}))


def forbidden() -> web.Response:
    """REST or web services are switched off: 403 and nothing else (``site.rest_disabled``)."""
    return web.Response(status=403, headers=_HTML)


def cli_maintenance(site: Site) -> web.Response:
    """Maintenance mode was set on the command line: 503 and HTML on every path (``site.maintenance_cli``)."""
    title = f"{site.name} under maintenance"
    headers = _HTML | {"Accept-Ranges": "none", "Retry-After": "300"}
    return web.Response(status=503, body=_page(title, f"<h1>{escape(title)}</h1>"), headers=headers)


def wrong_path() -> web.Response:
    """Say what nginx and PHP say about a script that is not there (``site.wrong_path``)."""
    return web.Response(status=404, body=b"File not found.\n", headers={"Content-Type": "text/html; charset=UTF-8"})
