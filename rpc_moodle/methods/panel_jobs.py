"""Jobs of a MooPanel site: their tasks, their reports, and waiting for them."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Literal, Self

from pydantic import FailFast, Field, model_validator
from typing_extensions import TypedDict

from rpc_moodle.callbacks import topic_of
from rpc_moodle.methods.common import MoodleId
from rpc_moodle.methods.panel import PanelInstanceRequest, PanelJobRequest, PanelRequest, panel_of
from rpc_moodle.moopanel import MooPanelError, PanelClient, site, tasks
from rpc_moodle.moopanel.callbacks import JobReport
from rpc_moodle.moopanel.errors import InvalidKey
from rpc_moodle.moopanel.jobs import TASK_TYPES, Job, JobKind, Started, tells_of
from rpc_moodle.moopanel.models import TaskStatus
from utils.call import Call, Caller
from utils.contract import Model
from utils.errors import INVALID_REQUEST, RATE_LIMITED, RpcError
from utils.registry import Registry
from utils.subscriptions import Subscriptions, TooManySubscriptions
from utils.topics import TopicsFull

methods = Registry()

LOOK_SECONDS = 5.0
"""How often a site is asked about a job that has not reported yet."""

GRACE_LOOKS = 3
"""Looks at which a job is gone from the queue and has not reported, before it is taken for silent."""


@asynccontextmanager
async def begun(
    panel: PanelClient, request: PanelJobRequest, call: Call
) -> AsyncIterator[Callable[[Started], Started]]:
    """Be ready for reports before a job is asked for: the plugin sends each once, and cron may be quick.

    Gives a function that notes in the jobs after which report theirs come. Raises RpcError `rate_limited`.
    """
    if not panel.proven:
        await site.test_connection(panel)
    after = await _open(panel, call, request.instance_id)

    def noted(started: Started) -> Started:
        jobs: list[Job] = [{**job, "after": after} for job in started["jobs"]]
        return {"jobs": jobs, "results": started["results"]}

    yield noted


async def _open(panel: PanelClient, call: Call, instance_id: int) -> int:
    """Have the reports of an instance kept; only for who has shown the site its key, since topics are limited."""
    topic = topic_of(instance_id, panel.key)
    try:
        return await call.shared(Subscriptions).topics.open(topic, owner=str(panel.site.origin()))
    except TopicsFull:
        raise RpcError(RATE_LIMITED, "The service waits for reports of too many instances; call again later.") from None


class TaskRequest(PanelRequest):
    """Which task to ask about."""

    task_id: MoodleId = Field(description="The task's number, `taskId` of a job.")
    kind: JobKind = Field(description="The kind of the job.")


@methods.method("moopanel.checkTask")
async def check_task(request: TaskRequest, call: Call) -> TaskStatus:
    """Tell what the site's queue knows of a task; the outcome of a job is told by its report alone."""
    async with panel_of(request, call) as panel:
        return await tasks.check(panel, request.task_id, TASK_TYPES[request.kind])


class AdminPresetRequest(PanelJobRequest):
    """Whose settings to export."""


@methods.method("moopanel.createAdminPreset", writes=True)
async def create_admin_preset(request: AdminPresetRequest, call: Call) -> Started:
    """Have the settings of a site exported by its cron; the report holds them as XML, without secrets."""
    async with panel_of(request, call) as panel, begun(panel, request, call) as after:
        return after(await tasks.create_admin_preset(panel, request.instance_id))


class JobItem(Model):
    """A job, as the method that began it has given it."""

    kind: JobKind = Field(description="The kind of the job.")
    instance_id: MoodleId = Field(description="The panel's own number of the site.")
    task_id: MoodleId | None = Field(default=None, description="The task that the plugin named.")
    about: Annotated[tuple[Annotated[str, Field(max_length=2500)], ...], FailFast()] = Field(
        max_length=200, description="By what its report is known."
    )
    after: int = Field(default=0, ge=0, description="The number of the last report before it; 0 for all that are kept.")

    def job(self) -> Job:
        """Give it as the adapter takes it."""
        return {
            "kind": self.kind, "instanceId": self.instance_id, "taskId": self.task_id, "about": [*self.about],
        }  # fmt: skip


class WaitRequest(PanelRequest):
    """Which jobs to wait for."""

    jobs: tuple[JobItem, ...] = Field(
        min_length=1, max_length=1000, description="Jobs of one instance, as `jobs` of the call that began them."
    )

    @model_validator(mode="after")
    def _of_one_instance(self) -> Self:
        if len({job.instance_id for job in self.jobs}) > 1:
            raise ValueError("jobs must be of one instance")
        return self


class JobOutcome(TypedDict):
    """What became of a job.

    ``unreported``: it is no longer in the site's queue, and no report has come; look at the site. ``failed`` without a
    report is what the queue says. ``report`` is null in both cases.
    """

    about: list[str]
    outcome: Literal["done", "partly", "failed", "unreported"]
    message: str
    report: JobReport | None


@methods.method("moopanel.waitForJob")
async def wait_for_job(request: WaitRequest, call: Call) -> list[JobOutcome]:
    """Wait until jobs are done, and tell in their order what became of them.

    With a `progressId`, `progress` events count those that are done. When the time is over, the call is answered with
    `timeout`, whose details hold what the site's queue says of each task; the call can be made again.
    """
    async with panel_of(request, call) as panel:
        if not panel.proven:
            await site.test_connection(panel)
        await _open(panel, call, request.jobs[0].instance_id)
        return await _Wait(panel, call, request.jobs).outcomes()


class _Wait:
    def __init__(self, panel: PanelClient, call: Call, jobs: tuple[JobItem, ...]) -> None:
        self._panel = panel
        self._call = call
        self._topics = call.shared(Subscriptions).topics
        self._topic = topic_of(jobs[0].instance_id, panel.key)
        self._jobs = jobs
        self._found: dict[int, JobOutcome] = {}
        self._gone: dict[int, int] = {}
        self._states: dict[str, str] = {}

    async def outcomes(self) -> list[JobOutcome]:
        """Wait for the reports; look at the queue while none comes."""
        number = min(job.after for job in self._jobs)
        while True:
            events = await self._topics.after(self._topic, number)
            for event in events:
                number = event.number
                self._take(event.data, number)
            await self._call.progress(len(self._found), len(self._jobs))
            if len(self._found) == len(self._jobs):
                return [self._found[index] for index in range(len(self._jobs))]
            await self._topics.wait(self._topic, number, LOOK_SECONDS)
            if not await self._topics.after(self._topic, number):
                await self._look()

    def _take(self, report: JobReport, number: int) -> None:
        for index, job in enumerate(self._jobs):
            if index not in self._found and number > job.after and tells_of(report, job.job()):
                self._found[index] = {
                    "about": [*job.about], "outcome": report["outcome"], "message": report["message"], "report": report,
                }  # fmt: skip
                return  # one report is of one job

    async def _look(self) -> None:
        """Ask the queue about the jobs that have not reported; a site that cannot answer is asked again."""
        for index, job in enumerate(self._jobs):
            if index in self._found or job.task_id is None:
                continue
            try:
                status = await tasks.check(self._panel, job.task_id, TASK_TYPES[job.kind])
            except InvalidKey:
                raise
            except MooPanelError as error:  # it may be updating itself
                self._call.log.debug("job_not_looked_at", reason=type(error).__name__)
                return
            self._call.state["tasks"] = self._states
            self._states[str(job.task_id)] = status["state"]
            self._gone[index] = 0 if status["state"] == "queued" else self._gone.get(index, 0) + 1
            if self._gone[index] >= GRACE_LOOKS:
                self._found[index] = _silent(job, status)


def _silent(job: JobItem, status: TaskStatus) -> JobOutcome:
    if status["state"] == "failed":
        message = f"The site's queue says of task {job.task_id}: {status['message']}"
        return {"about": [*job.about], "outcome": "failed", "message": message, "report": None}
    message = "The job is no longer in the site's queue, and the site has sent no report; look there what became of it."
    return {"about": [*job.about], "outcome": "unreported", "message": message, "report": None}


class SubscribeRequest(PanelInstanceRequest):
    """Which instance's reports to get."""

    after: int | None = Field(
        default=None,
        ge=0,
        description="The `number` of the last report that you have had; 0 for all that are kept. Without it, those "
        "from now on.",
    )


class Subscription(TypedDict):
    """A subscription; ``after`` is the number after which its reports come."""

    instanceId: int
    after: int


@methods.method("moopanel.subscribe")
async def subscribe(request: SubscribeRequest, call: Call) -> Subscription:
    """Get the reports of an instance as `moopanel` events on this socket, until it is closed.

    The site is asked whether the key is right. Each event has to be acknowledged, or it comes again. Reports are kept
    for a day: after a reconnection, subscribe again with `after`.
    """
    caller = _caller(call)
    async with panel_of(request, call) as panel:
        await site.test_connection(panel)
        newest = await _open(panel, call, request.instance_id)
    topic = topic_of(request.instance_id, request.options.api_key)
    after = newest if request.after is None else request.after
    try:
        call.shared(Subscriptions).subscribe(caller, topic, after)
    except TooManySubscriptions:
        raise RpcError(RATE_LIMITED, "This socket has as many subscriptions as it may have; end some.") from None
    return {"instanceId": request.instance_id, "after": after}


class UnsubscribeRequest(PanelInstanceRequest):
    """Which instance's reports to get no more."""


@methods.method("moopanel.unsubscribe")
async def unsubscribe(request: UnsubscribeRequest, call: Call) -> bool:
    """Get no more reports of an instance on this socket; tells whether it had got them."""
    topic = topic_of(request.instance_id, request.options.api_key)
    return call.shared(Subscriptions).unsubscribe(_caller(call), topic)


def _caller(call: Call) -> Caller:
    if call.caller is None:
        raise RpcError(INVALID_REQUEST, "Reports go to a socket, and this call came without one.")
    return call.caller
