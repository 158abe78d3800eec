"""Changing an assignment's introduction, where a plugin of the site can."""

from typing import Annotated

from pydantic import Field, model_validator
from typing_extensions import TypedDict

from rpc_moodle.methods.common import AssignmentRequest, moodle_of
from rpc_moodle.methods.fields import FileItem
from rpc_moodle.moodle import editing
from rpc_moodle.moodle.editing import NewFile
from utils.call import Call
from utils.registry import Registry

methods = Registry()


class UpdateAssignmentRequest(AssignmentRequest):
    """What to change."""

    introduction: str | None = Field(
        default=None, description="The text of the assignment's page, as HTML; an empty one removes it."
    )
    attachments: Annotated[list[FileItem], Field(max_length=20)] = Field(
        default_factory=list,
        description="Files to stand below it; one of the same name is replaced, others stay.",
    )

    @model_validator(mode="after")
    def _something(self) -> "UpdateAssignmentRequest":
        if self.introduction is None and not self.attachments:
            raise ValueError("needs an introduction or attachments")
        names = [each.filename for each in self.attachments]
        if len(names) != len(set(names)):
            raise ValueError("has two attachments of the same name")
        return self


class AssignmentUpdate(TypedDict):
    """``function`` is what was called at the site, empty where all was so already.

    ``alsoChanged`` names settings that are other than before: the plugin, or somebody else meanwhile, changed them.
    """

    function: str
    alsoChanged: list[str]


@methods.method(
    "updateAssignment",
    writes=True,
    needs=["mod_assign_get_assignments", editing.UTILS],
    instead=[editing.PILOT],
    gains_by=["core_webservice_get_site_info", editing.PILOT_FILE],
)
async def update_assignment(request: UpdateAssignmentRequest, call: Call) -> AssignmentUpdate:
    """Change the introduction of an assignment and add files to it, where the site has a plugin for that.

    Moodle itself has no such function. Of plugins, `local_activity_utils` and `local_coursepilot` are known; another's
    function is named in the error, and not guessed at. What was stored is read back: what is not as asked is an error,
    and a warning `also_changed` names settings that have changed besides.
    """
    files = [NewFile(each.filename, each.content) for each in request.attachments]
    async with moodle_of(request, call) as moodle:
        done = await editing.edit(
            moodle, request.course_id, request.assignment_id, introduction=request.introduction, files=files
        )
    if done.also_changed:
        call.warn("also_changed", f"Other settings have changed, too: {', '.join(done.also_changed)}.")
    return {"function": done.function, "alsoChanged": list(done.also_changed)}
