"""The composition root: builds everything and owns every long-lived object."""

from collections.abc import AsyncIterator

from aiohttp import web

from rpc_moodle.errors import translate
from rpc_moodle.methods import assignments, courses, probe, submissions
from rpc_moodle.moodle import Http
from rpc_moodle.settings import Settings
from rpc_moodle.tickets import FileLinks, Tickets
from utils.dispatch import Dispatcher
from utils.registry import Registry
from utils.server import create_server

METHODS: Registry = probe.methods.merge(courses.methods, assignments.methods, submissions.methods)
"""Every published method."""


def create_dispatcher(settings: Settings, http: Http) -> Dispatcher:
    """Build what answers calls; ``http`` is opened and closed by whoever made it."""
    tickets = Tickets(settings.ticket_keys, seconds=settings.ticket_seconds)
    return Dispatcher(
        METHODS,
        shared=(http, tickets, FileLinks(tickets, settings.file_urls)),
        default_timeout=settings.timeout_ms / 1000,
        translate=translate,
    )


def create_app(settings: Settings) -> web.Application:
    """Build the service: Socket.IO, health, files."""
    http = Http(per_site=settings.site_connections)

    async def connections(_app: web.Application) -> AsyncIterator[None]:
        async with http:
            yield

    app = create_server(create_dispatcher(settings, http), settings)
    app.cleanup_ctx.append(connections)
    return app
