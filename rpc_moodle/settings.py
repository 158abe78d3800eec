"""What an operator may set, read from the environment with the prefix ``RPC_MOODLE_``."""

import re
import ssl
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode, SettingsConfigDict

from utils.auth import is_loopback
from utils.settings import Bytes, KitSettings, Seconds, Secrets, Switch, Word
from utils.words import host_name, split


def _certificates(path: Path) -> Path:
    try:
        ssl.create_default_context().load_verify_locations(path)
    except (OSError, ValueError):
        raise ValueError("must be a file with certificates in PEM form that the service can read") from None
    return path


def _proxy(value: SecretStr) -> SecretStr:
    text = str(value.get_secret_value())
    if not re.fullmatch(r"http://([^\s/@]+@)?[^\s/:@]+(:[0-9]{1,5})?/?", text):
        raise ValueError("must be the address of an HTTP proxy, such as http://proxy.example.edu:3128")
    return value


class Settings(KitSettings):
    """The settings of the service; ``docs/settings`` lists them with their defaults."""

    model_config = SettingsConfigDict(env_prefix="RPC_MOODLE_")

    publish: Annotated[
        str,
        Field(
            description="Where the compose file publishes the container's port: `ADDRESS:PORT`, or a port alone for "
            "all addresses, which needs tokens."
        ),
    ] = "127.0.0.1:8081"
    allow_private: Annotated[
        Switch,
        Field(
            description="Whether a call's URL may lead to an address that is not public: a Moodle of one's own "
            "network, or the sandbox."
        ),
    ] = False
    allowed_hosts: Annotated[
        tuple[Annotated[str, AfterValidator(host_name)], ...],
        NoDecode,
        BeforeValidator(split),
        Field(
            description="The hosts that alone may be called, separated by commas, whatever their address; "
            "`*.example.edu` stands for all below it. Without any, every public host."
        ),
    ] = ()
    allow_http: Annotated[
        Switch,
        Field(description="Whether sites may be called over `http://`, where all on the way can read the API key."),
    ] = True
    proxy: Annotated[
        SecretStr | None,
        AfterValidator(lambda value: None if value is None else _proxy(value)),
        Field(
            description="An HTTP proxy through which all sites are called, such as `http://proxy.example.edu:3128`; "
            "it resolves their names, so that it has to keep callers out of the own network."
        ),
    ] = None
    ca_file: Annotated[
        Path | None,
        AfterValidator(lambda path: None if path is None else _certificates(path)),
        Field(
            description="A file with certificates (PEM) to trust besides the system's: of a self-signed site, or an "
            "authority of one's own."
        ),
    ] = None
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
        Word,
        Field(
            description="How file URLs carry the API key: `sealed`, readable by this service alone; `plain`, as older "
            "services did; `none`, not at all, so that a download call has to bring it."
        ),
    ] = "sealed"
    ticket_keys: Annotated[
        Secrets,
        Field(
            description="Secrets that seal file URLs, separated by commas: the first seals, all open. Replicas and "
            "restarts need the same ones, each of 16 characters at least; without any, one is made at every start."
        ),
    ] = ()
    ticket_seconds: Annotated[
        int, Seconds, Field(ge=60, description="Seconds for which a sealed file URL can be opened.")
    ] = 7 * 24 * 3600
    download_max_files: Annotated[
        int,
        Field(
            ge=1,
            le=1000,
            description="Files in one plain download reply; at more than 10, Node clients drop the connection, while "
            "callers in Python take 1,000.",
        ),
    ] = 10
    download_max_bytes: Annotated[
        int, Bytes, Field(ge=1, description="Bytes of all files in one plain download reply together.")
    ] = 64 * 1024 * 1024
    state_dir: Annotated[
        Path | None,
        Field(
            description="A folder in which reports of publications outlive a restart, for an hour: ids and what became "
            "of each, no text and no key. Without it, they end with the process."
        ),
    ] = None


OF_OTHERS = ("RPC_MOODLE_TOKEN", "RPC_MOODLE_PANEL_KEY", "RPC_MOODLE_URL", "RPC_MOODLE_SANDBOX_PUBLISH")
"""Variables with the service's prefix that its commands and the compose file read."""


def published_to_all(settings: Settings) -> str | None:
    """Say why a container must not start: its port is published beyond its machine, and nobody is asked for a token."""
    address = settings.publish.rpartition(":")[0]
    if settings.auth_tokens or is_loopback(address):
        return None
    return (
        f"RPC_MOODLE_PUBLISH={settings.publish} opens the port beyond this machine, and no caller would be asked for a "
        "token: set RPC_MOODLE_AUTH_TOKENS, or publish it on 127.0.0.1."
    )
