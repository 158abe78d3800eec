"""The composition root: builds everything and owns every long-lived object."""

from collections.abc import AsyncIterator, Mapping

from aiohttp import web
from yarl import URL

from rpc_moodle import callbacks
from rpc_moodle.callbacks import EVENT
from rpc_moodle.downloads.links import CONTEXT, ArchiveLinks, FileLinks
from rpc_moodle.downloads.reply import DownloadLimits
from rpc_moodle.downloads.routes import add_routes
from rpc_moodle.errors import translate
from rpc_moodle.methods import METHODS
from rpc_moodle.moodle import Http
from rpc_moodle.publications import Publications
from rpc_moodle.report_files import ReportFiles
from rpc_moodle.settings import Settings
from rpc_moodle.trace import Trace
from rpc_moodle.transport.allowance import AnswerLimits
from rpc_moodle.transport.budget import Budget
from rpc_moodle.transport.guard import Guard
from rpc_moodle.transport.sites import Limits
from utils.dispatch import Dispatcher
from utils.metrics import Gauges
from utils.server import create_server
from utils.subscriptions import Subscriptions
from utils.tickets import Tickets
from utils.topics import MemoryTopics


def create_http(settings: Settings, trace: Trace | None = None) -> Http:
    """Build the connections to Moodle sites, with the operator's limits and rules."""
    http = Http(
        limits=Limits(
            parallel=settings.site_connections,
            per_second=settings.site_requests_per_second,
            waiting=settings.site_queue,
        ),
        guard=Guard(hosts=settings.allowed_hosts, private=settings.allow_private, http=settings.allow_http),
        connections=Budget(
            "connections to sites",
            each=settings.outgoing_connections_per_caller,
            total=settings.outgoing_connections,
        ),
        answers=AnswerLimits(
            bytes=settings.answer_max_bytes,
            rows=settings.answer_max_rows,
            pages=settings.answer_max_pages,
            files=settings.answer_max_files,
        ),
        ca_file=settings.ca_file,
        proxy=URL(settings.proxy.get_secret_value()) if settings.proxy else None,
        seen=trace.seen if trace is not None else None,
    )
    if trace is not None:
        trace.watch(http)
    return http


def create_tickets(settings: Settings) -> Tickets:
    """Build what seals and opens links."""
    return Tickets(settings.ticket_keys, context=CONTEXT, seconds=settings.ticket_seconds)


def create_publications(settings: Settings) -> Publications:
    """Build what runs publications; raises OSError where their reports cannot be written."""
    return Publications(files=ReportFiles(settings.state_dir) if settings.state_dir is not None else None)


def create_dispatcher(
    settings: Settings,
    http: Http,
    tickets: Tickets,
    publications: Publications | None = None,
    subscriptions: Subscriptions | None = None,
) -> Dispatcher:
    """Build what answers calls; what is handed in is opened and closed by whoever made it."""
    if subscriptions is None:
        subscriptions = Subscriptions(MemoryTopics(), EVENT)
    return Dispatcher(
        METHODS,
        shared=(
            http,
            FileLinks(tickets, settings.file_urls),
            ArchiveLinks(tickets),
            DownloadLimits(
                files=settings.download_max_files,
                streamed=settings.answer_max_files,
                bytes=settings.download_max_bytes,
            ),
            publications or Publications(),
            subscriptions,
        ),
        default_timeout=settings.timeout_ms / 1000,
        translate=translate,
    )


def create_app(settings: Settings) -> web.Application:
    """Build the service: Socket.IO, health, files over HTTP."""
    trace = Trace()
    http, tickets, publications = create_http(settings, trace), create_tickets(settings), create_publications(settings)
    subscriptions = Subscriptions(MemoryTopics(), EVENT)

    async def opened(_app: web.Application) -> AsyncIterator[None]:
        async with http, publications, subscriptions:  # the writes in flight end before the connections do
            yield

    async def sites() -> Mapping[str, object]:
        return http.sites.state()

    dispatcher = create_dispatcher(settings, http, tickets, publications, subscriptions)
    app = create_server(dispatcher, settings, checks={"sites": sites}, collectors=[_metrics(http), trace])
    add_routes(app, http, FileLinks(tickets), ArchiveLinks(tickets))
    callbacks.add_routes(app, subscriptions.topics)
    app.cleanup_ctx.append(opened)
    return app


def _metrics(http: Http) -> Gauges:
    return Gauges(
        "rpc_moodle_sites",
        "Moodle sites that are known and left alone, and the requests to them that run and wait.",
        ("what",),
        lambda: (((what,), float(number)) for what, number in http.sites.counts().items()),
    )
