"""The sandbox as a running server: a context manager for tests, a command for people."""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from aiohttp import web

from rpc_moodle.sandbox import plugins
from rpc_moodle.sandbox.certificate import self_signed
from rpc_moodle.sandbox.examples import PANEL
from rpc_moodle.sandbox.moopanel import SETTINGS as MOOPANEL
from rpc_moodle.sandbox.seed import TOKEN_NAMES, seeded_site, token_value
from rpc_moodle.sandbox.server import create_app
from rpc_moodle.sandbox.site import Seen, Site
from rpc_moodle.sandbox.switchboard import PATH as FAULTS
from rpc_moodle.sandbox.switchboard import Switchboard
from rpc_moodle.sandbox.texts import name_shown


class Sandbox:
    """A seeded Moodle on a real socket, running inside ``async with``.

    Args:
        host: Address to listen on.
        port: Port to listen on, 0 for any free one.
        users: Students in the big course.
        latency: Seconds that each answer is late.
        release: ``4.4``, ``4.5`` or ``5.0``.
        wider: With the further courses, categories and cohorts of the wider recordings.
        installed: Plugins that the site has, of ``rpc_moodle.sandbox.plugins.NAMES``.

    Raises:
        ValueError: An unknown ``release`` or plugin.
        OSError: The port is taken.

    """

    def __init__(  # noqa: PLR0913 - what a test may want otherwise
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        users: int = 50,
        latency: float = 0.0,
        release: str = "4.5",
        wider: bool = False,
        installed: Sequence[str] = (),
    ) -> None:
        self.site: Site = seeded_site(users=users, release=release, wider=wider)
        plugins.install(self.site, installed)
        self.url = ""
        self.untrusted_url = ""
        self._host, self._port = host, port
        # A hanging or slow request must not hold up the end of a test.
        self._runner = web.AppRunner(create_app(self.site, latency=latency), access_log=None, shutdown_timeout=0.1)

    @property
    def faults(self) -> Switchboard:
        """What goes wrong with which requests; over HTTP at ``/__faults``."""
        return self.site.faults

    @property
    def requests(self) -> deque[Seen]:
        """The latest requests, oldest first."""
        return self.site.requests

    def token(self, name: str) -> str:
        """Give the token of a name in the recordings, such as ``teacher_care``.

        Raises:
            KeyError: No such name.

        """
        if name not in {*TOKEN_NAMES, *plugins.TOKEN_NAMES}:
            raise KeyError(name)
        return token_value(name)

    def key(self, who: str) -> str:
        """Give what an example's caller shows: a token by its name, or the panel's key.

        Raises:
            KeyError: No such name.

        """
        return self.site.panel.api_key if who == PANEL else self.token(who)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        port = self._runner.addresses[0][1]
        self.url = f"http://{self._name}:{port}"
        return self

    @property
    def _name(self) -> str:
        return "127.0.0.1" if self._host in {"", "0.0.0.0"} else self._host  # noqa: S104 - compared, not bound

    async def listen_untrusted(self) -> str:
        """Serve the same site by TLS also, with a certificate that nobody trusts; gives ``untrusted_url``."""
        await web.TCPSite(self._runner, self._host, 0, ssl_context=self_signed()).start()
        self.untrusted_url = f"https://{self._name}:{self._runner.addresses[-1][1]}"
        return self.untrusted_url

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()


async def run(  # noqa: PLR0913 - what a person may want otherwise
    host: str, port: int, *, users: int, latency: float, release: str, installed: Sequence[str] = ()
) -> None:
    """Serve until cancelled, after telling on standard output what is there and which tokens open it."""
    async with Sandbox(
        host, port, users=users, latency=latency, release=release, wider=True, installed=installed
    ) as sandbox:
        await sandbox.listen_untrusted()
        sys.stdout.write(describe(sandbox))
        sys.stdout.flush()
        await asyncio.Event().wait()


def describe(sandbox: Sandbox) -> str:
    """Give the table that ``run`` prints: addresses, courses, assignments by the id in their URL, tokens."""
    site = sandbox.site
    lines = [f"Moodle {site.release} (sandbox): {sandbox.url}"]
    if sandbox.untrusted_url:
        lines.append(f"the same with a certificate that nobody trusts: {sandbox.untrusted_url}")
    lines += [f"faults, by GET, PUT and DELETE: {sandbox.url}{FAULTS}", ""]
    for course in site.courses.values():
        lines.append(f"course {course.id:<3} {course.fullname}, {len(course.enrolments)} enrolled")
        inside = (one for one in site.assignments.values() if one.courseid == course.id)
        lines += [f"    assignment {one.cmid:<3} {name_shown(one.name, raw=False, filtered=True)}" for one in inside]
    names = [name for name in (*TOKEN_NAMES, *plugins.TOKEN_NAMES) if token_value(name) in site.tokens]
    lines += ["", *(f"token {name:<19} {token_value(name)}" for name in names)]
    lines += [f"MooPanel key              {site.panel.api_key}, reports by PUT {sandbox.url}{MOOPANEL}", ""]
    return "\n".join(lines)
