"""What an operator may set, read from the environment with the prefix ``RPC_MOODLE_``."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from utils.settings import KitSettings


class Settings(KitSettings):
    """The settings of the service; ``docs/settings`` lists them with their defaults."""

    model_config = SettingsConfigDict(env_prefix="RPC_MOODLE_")

    site_connections: Annotated[
        int, Field(ge=1, le=64, description="Connections to one Moodle site at a time; its PHP workers are few.")
    ] = 8
    file_urls: Annotated[
        Literal["sealed", "plain", "none"],
        Field(
            description="How file URLs carry the API key: `sealed`, readable by this service alone; `plain`, as older "
            "services did; `none`, not at all, so that a download call has to bring it."
        ),
    ] = "sealed"
    ticket_keys: Annotated[
        tuple[SecretStr, ...],
        NoDecode,
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

    @field_validator("ticket_keys", mode="before")
    @classmethod
    def _split_keys(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value
