"""What an operator may set, read from the environment with the prefix ``RPC_MOODLE_``."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from utils.settings import KitSettings, Secrets, Texts


class Settings(KitSettings):
    """The settings of the service; ``docs/settings`` lists them with their defaults."""

    model_config = SettingsConfigDict(env_prefix="RPC_MOODLE_")

    allow_private: Annotated[
        bool,
        Field(
            description="Whether a call's URL may lead to an address that is not public: a Moodle of one's own "
            "network, or the sandbox."
        ),
    ] = False
    allowed_hosts: Annotated[
        Texts,
        Field(
            description="The hosts that alone may be called, separated by commas, whatever their address; "
            "`*.example.edu` stands for all below it. Without any, every public host."
        ),
    ] = ()
    allow_http: Annotated[
        bool,
        Field(description="Whether sites may be called over `http://`, where all on the way can read the API key."),
    ] = True
    site_connections: Annotated[
        int,
        Field(
            ge=1,
            le=64,
            description="Requests to one Moodle site at a time; its PHP workers are few. API keys that have none "
            "running get a quarter more; transfers of files have places of their own, twice as many.",
        ),
    ] = 8
    site_requests_per_second: Annotated[
        float, Field(ge=0, description="Requests to one Moodle site in a second; 0 for any number.")
    ] = 0
    site_queue: Annotated[
        int,
        Field(
            ge=1,
            description="Requests of one API key that may wait for one Moodle site; one more is answered "
            "`rate_limited`.",
        ),
    ] = 2000
    outgoing_connections: Annotated[
        int, Field(ge=1, description="Connections to all sites at a time; one more is answered `rate_limited`.")
    ] = 1024
    outgoing_connections_per_caller: Annotated[
        int, Field(ge=1, description="The same for one caller: a socket, or the address of an HTTP client.")
    ] = 256
    answer_max_bytes: Annotated[
        int,
        Field(
            ge=1024 * 1024,
            description="Bytes that a site may answer one call with, over all pages of a listing; more is answered "
            "`too_large`, as with the next three.",
        ),
    ] = 16 * 1024 * 1024
    answer_max_rows: Annotated[int, Field(ge=1, description="Rows of one listing: users, submissions.")] = 50_000
    answer_max_pages: Annotated[int, Field(ge=1, description="Pages of one listing, of 1,000 rows each.")] = 200
    answer_max_files: Annotated[int, Field(ge=1, description="Files of one listing or one stream.")] = 20_000
    file_urls: Annotated[
        Literal["sealed", "plain", "none"],
        Field(
            description="How file URLs carry the API key: `sealed`, readable by this service alone; `plain`, as older "
            "services did; `none`, not at all, so that a download call has to bring it."
        ),
    ] = "sealed"
    ticket_keys: Annotated[
        Secrets,
        Field(
            description="Secrets that seal file URLs, separated by commas: the first seals, all open. Replicas and "
            "restarts need the same ones; without any, one is made at every start."
        ),
    ] = ()
    ticket_seconds: Annotated[int, Field(ge=60, description="Seconds for which a sealed file URL can be opened.")] = (
        7 * 24 * 3600
    )
    download_max_files: Annotated[
        int, Field(ge=1, le=10, description="Files in one plain download reply; Node clients drop more than 10.")
    ] = 10
    download_max_bytes: Annotated[
        int, Field(ge=1, description="Bytes of all files in one plain download reply together.")
    ] = 64 * 1024 * 1024
    state_dir: Annotated[
        Path | None,
        Field(
            description="A folder in which reports of publications outlive a restart, for an hour: ids and what became "
            "of each, no text and no key. Without it, they end with the process."
        ),
    ] = None
