"""A site as a whole: who the token is there, and what it may do."""

from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.models import SiteInfo


async def info(moodle: MoodleClient) -> SiteInfo:
    """Ask who the token is and what it may do; AccessDenied where its service leaves this out."""
    return await moodle.call("core_webservice_get_site_info", into=SiteInfo)
