"""Backups of the courses of a MooPanel site."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from rpc_moodle.methods.common import MoodleId
from rpc_moodle.methods.panel import PanelJobRequest, PanelRequest, panel_of
from rpc_moodle.methods.panel_jobs import begun
from rpc_moodle.moopanel import backups
from rpc_moodle.moopanel.jobs import Started, new_number
from utils.call import Call
from utils.contract import Model
from utils.registry import Registry

methods = Registry()

BackupLink = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\x00-\x1f]+$")]
"""Where a backup is in its storage, as the report of the backup has it."""

Storage = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9_-]{1,50}$", description="Where backups are; the plugin restores and deletes only in `local`."
    ),
]


class BackupsRequest(PanelRequest):
    """Whose backups to list."""


@methods.method("moopanel.getBackups")
async def get_backups(request: BackupsRequest, call: Call) -> list[int]:
    """List the courses whose backups are queued or being made; a course stands there once for each."""
    async with panel_of(request, call) as panel:
        return await backups.in_progress(panel)


class CreateBackupsRequest(PanelJobRequest):
    """Which courses to back up, and where to."""

    courses: tuple[MoodleId, ...] = Field(min_length=1, max_length=1000, description="The ids of the courses.")
    mode: Literal["auto", "manual"] = Field(
        default="manual", description="`auto` leaves out courses that have not changed since the last backup."
    )
    storage: Storage = "local"
    credentials: dict[str, SecretStr] = Field(
        default={}, max_length=20, description="What a storage other than `local` asks for."
    )


@methods.method("moopanel.createBackups", writes=True)
async def create_backups(request: CreateBackupsRequest, call: Call) -> Started:
    """Have courses backed up by the site's cron, a job for each; what was refused is in `results`."""
    async with panel_of(request, call) as panel, begun(panel, request, call) as after:
        return after(
            await backups.create(
                panel,
                request.instance_id,
                tuple(dict.fromkeys(request.courses)),
                mode=request.mode,
                storage=request.storage,
                credentials=request.credentials,
            )
        )


class RestoreBackupRequest(PanelJobRequest):
    """Which backup to restore, and into which course."""

    course_id: MoodleId = Field(description="The course whose contents the backup replaces.")
    link: BackupLink = Field(description="The backup's link, from its report.")
    password: SecretStr = Field(default=SecretStr(""), description="The archive's password, from its report.")
    storage: Storage = "local"
    backup_result_id: MoodleId | None = Field(
        default=None, description="The caller's own number, which the report repeats."
    )


@methods.method("moopanel.restoreBackup", writes=True)
async def restore_backup(request: RestoreBackupRequest, call: Call) -> Started:
    """Have a backup restored by the site's cron. It replaces what the course holds."""
    async with panel_of(request, call) as panel, begun(panel, request, call) as after:
        return after(
            await backups.restore(
                panel,
                request.instance_id,
                course=request.course_id,
                link=request.link,
                password=request.password,
                number=request.backup_result_id or new_number(),
                storage=request.storage,
                who=request.who,
            )
        )


class BackupItem(Model):
    """A backup to delete."""

    link: BackupLink = Field(description="Its link, from its report.")
    storage: Storage = "local"
    backup_result_id: MoodleId | None = Field(
        default=None, description="The caller's own number, which the report repeats."
    )


class DeleteBackupsRequest(PanelJobRequest):
    """Which backups to delete."""

    backups: tuple[BackupItem, ...] = Field(min_length=1, max_length=1000, description="The backups.")


@methods.method("moopanel.deleteBackups", writes=True)
async def delete_backups(request: DeleteBackupsRequest, call: Call) -> Started:
    """Have backups deleted by the site's cron, a job for each; what was refused is in `results`."""
    stored = [
        backups.StoredBackup(each.backup_result_id or new_number(), each.link, each.storage) for each in request.backups
    ]
    async with panel_of(request, call) as panel, begun(panel, request, call) as after:
        return after(await backups.delete(panel, request.instance_id, stored, request.who))
