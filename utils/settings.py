"""What an operator may set, read from the environment."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


def split(value: object) -> object:
    """Read a list from a variable: its parts separated by commas."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


Texts = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split)]
"""Texts, separated by commas."""

Secrets = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(split)]
"""Secrets, separated by commas."""


class KitSettings(BaseSettings):
    """Settings of any service on this kit; a service subclasses it and sets ``env_prefix``."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    host: Annotated[
        str,
        Field(
            description="Address to listen on; one that other machines can reach needs tokens, or that the operator "
            "says that there are none, both of which follow below."
        ),
    ] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="Port to listen on; 0 takes a free one.")] = 8081
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Field(description="The least severe level that is logged.")
    ] = "info"
    log_format: Annotated[
        Literal["auto", "json", "console"],
        Field(
            description="`json`, one object per line; `console`, for eyes; `auto`: console on a terminal, else json."
        ),
    ] = "auto"
    timeout_ms: Annotated[
        int,
        Field(
            ge=1,
            le=3_600_000,
            description="Milliseconds until a call is answered with `timeout`, unless it says otherwise.",
        ),
    ] = 25_000
    shutdown_seconds: Annotated[
        float, Field(ge=0, description="Seconds that running calls get to finish when the service is stopped.")
    ] = 20.0
    max_payload_bytes: Annotated[
        int,
        Field(
            ge=1024, description="The largest payload of a call, in bytes; a larger one is answered with `too_large`."
        ),
    ] = 32 * 1024 * 1024
    auth_tokens: Annotated[
        Secrets,
        Field(
            description="Tokens of which callers have to show one, separated by commas; several, so that they can be "
            "changed one by one. Without any, every caller is let in."
        ),
    ] = ()
    auth: Annotated[
        Literal["required", "off"],
        Field(
            description="`required`: without tokens, listen on an address of this machine alone. `off`: listen on any "
            "address without them. Where there are tokens, they are asked for, whatever this says."
        ),
    ] = "required"
    cors_origins: Annotated[
        Texts,
        Field(
            description="Web origins that may connect, separated by commas; `*` for all, nothing for the same origin."
        ),
    ] = ()
    max_sockets: Annotated[int, Field(ge=1, description="Sockets at a time.")] = 2000
    max_sockets_per_address: Annotated[
        int, Field(ge=1, description="Sockets at a time from one address, which may be that of a proxy.")
    ] = 1000
    max_calls_per_socket: Annotated[
        int, Field(ge=1, description="Running calls of one socket; one more is answered with `rate_limited`.")
    ] = 256
    max_unread_bytes: Annotated[
        int,
        Field(
            ge=1024 * 1024,
            description="Bytes that may wait for a caller to read them; one that lets more gather is cut off.",
        ),
    ] = 256 * 1024 * 1024
    max_unread_bytes_total: Annotated[
        int,
        Field(
            ge=1024 * 1024,
            description="The same of all callers together; the one with the most is cut off where it is more.",
        ),
    ] = 512 * 1024 * 1024
    max_incoming_bytes: Annotated[
        int,
        Field(
            ge=1024 * 1024,
            description="Bytes of all payloads that are coming in or belong to running calls, half of them from one "
            "address; a payload over that is answered with `rate_limited`.",
        ),
    ] = 256 * 1024 * 1024
    max_calls: Annotated[
        int,
        Field(
            ge=1,
            description="Running calls of all sockets together, half of them from one address; one more is answered "
            "with `rate_limited`.",
        ),
    ] = 4000
