"""Courses and categories of a site."""

from typing import Annotated

from pydantic import AliasChoices, Field
from typing_extensions import TypedDict

from rpc_moodle.methods.common import MoodleId, MoodleRequest, moodle_of
from rpc_moodle.methods.fields import OwnUser, SearchText
from rpc_moodle.moodle import courses, local
from rpc_moodle.moodle.categories import Branch, CategoryRow, categories, tree
from rpc_moodle.moodle.courses import CourseField, CourseRow, UserCourse
from utils.call import Call
from utils.registry import Registry

methods = Registry()

Category = Annotated[
    MoodleId,
    Field(
        validation_alias=AliasChoices("categoryID", "categoryId", "category_id"),
        description="The category's id in Moodle.",
    ),
]


class CoursesOfUserRequest(MoodleRequest):
    """Whose courses to list."""

    user_id: OwnUser = None


class CoursesByFieldRequest(MoodleRequest):
    """What courses to find."""

    field: CourseField = Field(description="What is compared; `ids` takes several ids with commas between them.")
    value: SearchText = Field(description="The exact value.")


class SearchCoursesRequest(MoodleRequest):
    """What courses to search."""

    text: SearchText = Field(description="Words of the name or summary.")


class CategoryCoursesRequest(MoodleRequest):
    """Which category's courses to list."""

    category_id: Category
    tree: bool = Field(default=False, description="Arrange them as the tree of categories, instead of one list.")


class CategoriesRequest(MoodleRequest):
    """Which categories to list."""

    category_id: MoodleId | None = Field(
        default=None,
        validation_alias=AliasChoices("categoryID", "categoryId", "category_id"),
        description="This one and all below it; without it, all.",
    )


class CategoryBranch(TypedDict):
    """A category with its courses and the categories below it."""

    category: CategoryRow
    courses: list[CourseRow]
    branches: list["CategoryBranch"]


@methods.method(
    "getCoursesOfUser",
    needs=["core_enrol_get_users_courses"],
    instead=local.COURSES,
    gains_by=["core_webservice_get_site_info"],
)
async def get_courses_of_user(request: CoursesOfUserRequest, call: Call) -> list[UserCourse]:
    """List the courses of a user with progress and last access; of another user, those the account may enter."""
    async with moodle_of(request, call) as moodle:
        return await courses.of_user(moodle, request.user_id)


@methods.method("getCoursesByField", needs=["core_course_get_courses_by_field"])
async def get_courses_by_field(request: CoursesByFieldRequest, call: Call) -> list[CourseRow]:
    """List the courses with exactly this id, short name, id number or category."""
    async with moodle_of(request, call) as moodle:
        return await courses.by_field(moodle, request.field, request.value)


@methods.method("searchCourses", needs=["core_course_search_courses"])
async def search_courses(request: SearchCoursesRequest, call: Call) -> list[CourseRow]:
    """List the courses in whose names or summaries words occur."""
    async with moodle_of(request, call) as moodle:
        return await courses.search(moodle, request.text)


@methods.method(
    "getCoursesFromCategory",
    needs=["core_course_get_categories", "core_course_get_courses_by_field"],
    instead=local.VISIBLE,
)
async def get_courses_from_category(
    request: CategoryCoursesRequest, call: Call
) -> list[CourseRow] | list[CategoryBranch]:
    """List the visible courses of a category and of all below it."""
    async with moodle_of(request, call) as moodle:
        if not request.tree:
            return await courses.inside(moodle, request.category_id)
        found, inside = await courses.below(moodle, request.category_id)
    return [_branch(each) for each in tree(found, ((course.categoryid, course) for course in inside))]


def _branch(branch: Branch[CourseRow]) -> CategoryBranch:
    below = [_branch(each) for each in branch.branches]
    return {"category": branch.category, "courses": branch.courses, "branches": below}


@methods.method("getCategories", needs=["core_course_get_categories"])
async def get_categories(request: CategoriesRequest, call: Call) -> list[CategoryRow]:
    """List the course categories that the account may see, parents before what is below them."""
    async with moodle_of(request, call) as moodle:
        return await categories(moodle, request.category_id)
