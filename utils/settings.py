"""What an operator may set, read from the environment: forgiving in form, strict in meaning."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from utils.words import byte_count, milliseconds, network, origin, seconds, split, word

Texts = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split)]
"""Texts, separated by commas."""

Secrets = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(split)]
"""Secrets, separated by commas; they may also stand in a file, which the variable with ``_FILE`` at its end names."""

Seconds = BeforeValidator(seconds)
"""A time in seconds, or with a unit: ``90``, ``1.5m``, ``2h``, ``7d``."""

Milliseconds = BeforeValidator(milliseconds)
"""A time in milliseconds, or with a unit: ``25000``, ``25s``."""

Bytes = BeforeValidator(byte_count)
"""A number of bytes, or with a unit: ``33554432``, ``32MiB``, ``32M``."""

Word = BeforeValidator(word)
"""One of several words, in any case."""

Switch = Annotated[bool, Word]
"""``true`` or ``false``, and what means the same: ``on``, ``off``, ``yes``, ``no``, 1, 0."""

SHORTEST_SECRET = 16
"""Characters of a secret that an operator makes: fewer can be guessed."""


class Files(PydanticBaseSettingsSource):
    """Reads each setting ``X`` that holds secrets from the file that the variable ``X_FILE`` names."""

    def __init__(self, settings: type[BaseSettings], environment: Mapping[str, str | None]) -> None:
        """Take the variables by their names in lower case."""
        super().__init__(settings)
        self._environment = environment
        self._prefix = str(settings.model_config.get("env_prefix", "")).lower()

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        """Give a setting's value, where it comes from, and that it is not JSON. Raises ValueError for no such file."""
        name = f"{self._prefix}{field_name}_file"
        path = self._environment.get(name)
        if not path or not holds_secrets(field.annotation):
            return None, name, False
        try:
            return Path(path).read_text(encoding="utf-8").strip().replace("\n", ","), name, False
        except (OSError, ValueError):
            raise ValueError(f"{name.upper()}: the file cannot be read") from None

    def __call__(self) -> dict[str, Any]:
        """Give the settings that stand in files."""
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value}


def holds_secrets(annotation: object) -> bool:
    """Tell whether a setting of this type holds secrets."""
    return "SecretStr" in str(annotation)


class KitSettings(BaseSettings):
    """Settings of any service on this kit; a service subclasses it and sets ``env_prefix``."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True, env_ignore_empty=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as the library has it
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as the library has it
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the environment, then the files that it names."""
        variables: Mapping[str, str | None] = getattr(env_settings, "env_vars", {})
        return init_settings, env_settings, Files(settings_cls, variables)

    host: Annotated[
        str,
        AfterValidator(str.strip),
        Field(
            description="Address to listen on; one that other machines can reach needs tokens, or that the operator "
            "says that there are none, both of which follow below."
        ),
    ] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="Port to listen on; 0 takes a free one.")] = 8081
    socketio_path: Annotated[
        str,
        Field(
            pattern=r"^/?[A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*/?$",
            description="Path of the Socket.IO endpoint; callers say the same as their client's `path`.",
        ),
    ] = "/socket.io/"
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Word,
        Field(description="The least severe level that is logged; `debug` has a line for each request to a site."),
    ] = "info"
    log_format: Annotated[
        Literal["auto", "json", "console"],
        Word,
        Field(
            description="`json`, one object per line; `console`, for eyes; `auto`: console on a terminal, else json."
        ),
    ] = "auto"
    timeout_ms: Annotated[
        int,
        Milliseconds,
        Field(
            ge=1,
            le=3_600_000,
            description="Milliseconds until a call is answered with `timeout`, unless it says otherwise.",
        ),
    ] = 25_000
    shutdown_seconds: Annotated[
        float,
        Seconds,
        Field(ge=0, description="Seconds that running calls get to finish when the service is stopped."),
    ] = 20.0
    max_payload_bytes: Annotated[
        int,
        Bytes,
        Field(
            ge=1024, description="The largest payload of a call, in bytes; a larger one is answered with `too_large`."
        ),
    ] = 32 * 1024 * 1024
    auth_tokens: Annotated[
        Secrets,
        Field(
            description="Tokens of which callers have to show one, separated by commas, each of 16 characters at "
            "least; several, so that they can be changed one by one. Without any, every caller is let in."
        ),
    ] = ()
    auth: Annotated[
        Literal["required", "off"],
        Word,
        Field(
            description="`required`: without tokens, listen on an address of this machine alone. `off`: listen on any "
            "address without them. Where there are tokens, they are asked for, whatever this says."
        ),
    ] = "required"
    cors_origins: Annotated[
        tuple[Annotated[str, AfterValidator(origin)], ...],
        NoDecode,
        BeforeValidator(split),
        Field(
            description="Web origins that may connect, such as `https://app.example.edu`, separated by commas; `*` for "
            "all, nothing for the same origin."
        ),
    ] = ()
    trusted_proxies: Annotated[
        tuple[Annotated[str, AfterValidator(network)], ...],
        NoDecode,
        BeforeValidator(split),
        Field(
            description="Addresses or networks of proxies in front, separated by commas: of their requests alone, "
            "`X-Forwarded-For` is believed to name the caller."
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
        Bytes,
        Field(
            ge=1024 * 1024,
            description="Bytes that may wait for a caller to read them; one that lets more gather is cut off.",
        ),
    ] = 256 * 1024 * 1024
    max_unread_bytes_total: Annotated[
        int,
        Bytes,
        Field(
            ge=1024 * 1024,
            description="The same of all callers together; the one with the most is cut off where it is more.",
        ),
    ] = 512 * 1024 * 1024
    max_incoming_bytes: Annotated[
        int,
        Bytes,
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
