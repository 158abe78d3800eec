"""What an operator may set, read from the environment."""

from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class KitSettings(BaseSettings):
    """Settings of any service on this kit; a service subclasses it and sets ``env_prefix``."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    host: Annotated[str, Field(description="Address to listen on.")] = "0.0.0.0"  # noqa: S104 - made for a container
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
    cors_origins: Annotated[
        tuple[str, ...],
        NoDecode,
        Field(
            description="Web origins that may connect, separated by commas; `*` for all, nothing for the same origin."
        ),
    ] = ()

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split_lists(cls, value: object) -> object:
        return split(value)


def split(value: object) -> object:
    """Read a list from a variable: its parts separated by commas."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value
