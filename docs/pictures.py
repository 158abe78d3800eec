"""Draws the pictures of the command line's pages anew: ``make pictures``."""  # noqa: INP001 - a script, no package

import asyncio
import io
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import SecretStr
from rich.console import Console
from rich.progress import Progress

from rpc_moodle.cli import doctor, download, publish
from rpc_moodle.cli.access import Access
from rpc_moodle.downloads.names import Names
from rpc_moodle.downloads.tree import submitted_files
from rpc_moodle.methods import METHODS
from rpc_moodle.methods.setup import wants_of
from rpc_moodle.moodle import MoodleClient
from rpc_moodle.moodle.diagnosis import diagnose
from rpc_moodle.moodle.setup import examine
from rpc_moodle.sandbox import Sandbox

STATIC = Path(__file__).parent / "_static"
GRADES = [{"extId": 5, "grade": 80}, {"extId": 9, "grade": 62, "text": "Well argued."}, {"extId": 10, "grade": 120}]


def canvas() -> Console:
    """Make a console that keeps what is printed, and shows it to nobody."""
    return Console(record=True, width=110, file=io.StringIO(), force_terminal=True)


async def draw() -> None:
    """Draw a doctor's findings, a dry run and a download, each against a Moodle in memory."""
    wants = wants_of(METHODS)
    async with Sandbox(users=5, wider=True) as site:
        service = site.site.services["more"]
        lacking = service.functions - {"mod_assign_save_grade", "core_cohort_get_cohorts"}
        site.site.services["more"] = replace(service, functions=lacking, uploadfiles=False)
        async with MoodleClient(site.url, site.token("teacher_more")) as moodle:
            found = diagnose(await examine(moodle, wants.every, course_id=2), wants)
        picture = canvas()
        doctor.report(picture, found.model_copy(update={"url": "https://moodle.example.edu"}))
        picture.save_svg(str(STATIC / "doctor.svg"), title="rpc-moodle doctor")

        site.site.services["more"] = service
        access = Access(site.url, SecretStr(site.token("teacher_more")))
        payload = {"courseID": 2, "assignmentID": 8, "grades": GRADES, "dryRun": True}
        planned = await asyncio.to_thread(publish.call, access, "publishGrades", payload)
        names = {user.id: user.fullname for user in site.site.users.values()}
        picture = canvas()
        publish.report(picture, "what would change", planned, names)
        picture.save_svg(str(STATIC / "publish.svg"), title="rpc-moodle publish --dry-run")
        await draw_download(site)


async def draw_download(site: Sandbox) -> None:
    """Draw what a download shows when its last file has come."""
    picture, bar = canvas(), Progress(*download.columns(), console=canvas(), auto_refresh=False)
    with TemporaryDirectory() as folder:
        async with MoodleClient(site.url, site.token("teacher_more")) as moodle:
            files = await submitted_files(moodle, 2, 8, names=Names(beside=".part"))
            task = bar.add_task(f"{len(files)} files", total=sum(file.size for file in files))
            outcome = await download.fetch_all(moodle, files, Path(folder), lambda count: bar.advance(task, count))
    picture.print(bar.get_renderable())
    picture.print(download.summary(outcome, Path("essays")))
    picture.save_svg(str(STATIC / "download.svg"), title="rpc-moodle download")


if __name__ == "__main__":
    asyncio.run(draw())
