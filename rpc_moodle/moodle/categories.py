"""Course categories, flat as Moodle gives them and as the tree that they are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from rpc_moodle.moodle import errors
from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.values import Known, Name, Row
from rpc_moodle.moodle.wire import Params

C = TypeVar("C")

_DEEPEST = 100
"""Categories above a category: a reply that is nested deeper can be neither written nor read."""


class CategoryRow(Row):
    """A course category; ``parent`` is 0 at the top, ``path`` the ids from the top down (``courses.categories``)."""

    id: int
    name: Name = ""
    idnumber: Name = ""
    parent: int = 0
    depth: int = 1
    path: str = ""
    coursecount: int = 0
    visible: Known = None


@dataclass(frozen=True, slots=True)
class Branch(Generic[C]):
    """A category with what is in it and below it."""

    category: CategoryRow
    courses: list[C]
    branches: list["Branch[C]"]


async def categories(moodle: MoodleClient, top: int | None = None) -> list[CategoryRow]:
    """Return all categories that the account may see, or one and all below it.

    Raises NotFound for one that is not there or hidden from the account, and any other MoodleError.
    """
    function = "core_course_get_categories"
    which: Params = {"criteria": [{"key": "id", "value": top}], "addsubcategories": True} if top is not None else {}
    found = await moodle.call(function, {**which, **moodle.naming}, into=list[CategoryRow])
    if top is not None and not found:
        raise errors.NotFound(
            f"There is no category {top} on this site, or it is hidden from the account.", function=function
        )
    return found


def tree(found: Sequence[CategoryRow], courses: Iterable[tuple[int, C]]) -> list[Branch[C]]:
    """Arrange categories and courses, each with its category's id, as a tree; what has no parent here is at the top.

    Raises BadResponse for a tree that is deeper than any of Moodle's.
    """
    inside: dict[int, list[C]] = {}
    for category_id, course in courses:
        inside.setdefault(category_id, []).append(course)
    branches = {each.id: Branch(each, inside.get(each.id, []), []) for each in found}
    tops: list[Branch[C]] = []
    for branch in branches.values():  # each once, though a site may list one again
        above = branches.get(branch.category.parent)
        (tops if above is None or above is branch else above.branches).append(branch)
    floor = tops
    for _ in range(_DEEPEST):
        floor = [below for branch in floor for below in branch.branches]
    if floor:
        raise errors.BadResponse(f"The site's categories are nested deeper than {_DEEPEST} times.")
    return tops
