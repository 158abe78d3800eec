"""How every method is called on the sandbox: the one list, for the demonstration, the reference and the tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from rpc_moodle.sandbox.moopanel import seed

COURSE, ESSAY, DRAFTS, DATED, MECHANICS = 2, 8, 19, 29, 6
"""Courses by id, assignments by course-module id, as in the recordings."""

PANEL: Final = "panel"
"""Who calls with the panel's key in place of a token."""


@dataclass(frozen=True)
class Example:
    """A call of a method: by the token of this name, with this payload besides ``options``."""

    who: str
    payload: Mapping[str, Any] = field(default_factory=dict)

    def at(self, url: str) -> dict[str, Any]:
        """Return the payload for a site at an address."""
        return {
            name: [each.replace("{site}", url) if isinstance(each, str) else each for each in value]
            if isinstance(value, list)
            else value
            for name, value in self.payload.items()
        }


def _teacher(**payload: Any) -> Example:
    return Example("teacher_more", payload)


def _student(**payload: Any) -> Example:
    return Example("student_more", payload)


def _panel(**payload: Any) -> Example:
    return Example(PANEL, payload)


_ESSAY: Final[Mapping[str, Any]] = {"courseID": COURSE, "assignmentID": ESSAY}
_DRAFTS: Final[Mapping[str, Any]] = {"courseID": COURSE, "assignmentID": DRAFTS}
_FILE: Final = "{site}/webservice/pluginfile.php/53/assignsubmission_file/submission_files/1/essay.pdf"
_INSTANCE: Final[Mapping[str, Any]] = {"instanceId": 666}
_UPDATE: Final = {key: seed.update("local_quick")[key] for key in ("component", "version", "release", "download")}

EXAMPLES: Final[Mapping[str, Example]] = MappingProxyType(
    {
        "call": _teacher(),
        "getUsersFromCourse": _teacher(courseID=COURSE),
        "getUsersFromAssignment": _teacher(**_ESSAY),
        "getSubmissionsInfosFromAssignment": _teacher(**_ESSAY),
        "downloadSubmissionsFromUser": _teacher(fileUrls=[_FILE], detailed=True),
        "createSubmissionsArchive": _teacher(**_ESSAY),
        "getAssignmentInfoFromCourse": _teacher(courseID=COURSE, detailed=True),
        "getAssignments": _teacher(courseIDs=[COURSE]),
        "findAssignment": _teacher(courseID=COURSE, text="essay"),
        "getAssignmentEntries": _teacher(courseID=COURSE, pattern="*graded"),
        "updateAssignment": Example(
            "teacher_edit", {"courseID": COURSE, "assignmentID": DATED, "introduction": "<p>Read <i>that</i></p>"}
        ),
        "getCoursesOfUser": _teacher(userID=5),
        "getCoursesByField": _teacher(field="shortname", value="ME1"),
        "searchCourses": _teacher(text="science"),
        "getCategories": _teacher(),
        "getCoursesFromCategory": _teacher(categoryID=2),
        "searchUsers": _teacher(criteria={"lastname": "Last1%"}),
        "getUsersByField": _teacher(field="email", values=["student3@example.com"]),
        "getUserProfiles": _teacher(courseID=COURSE, userIDs=[5, 6]),
        "getUsersLastAccess": _teacher(courseID=COURSE),
        "getGroupsFromCourse": _teacher(courseID=COURSE, members=True),
        "getGroupsOfUser": _teacher(courseID=COURSE, userID=5),
        "getGroupingsFromCourse": _teacher(courseID=COURSE),
        "getCohorts": Example("admin_more", {"members": True}),
        "getGradeItems": _teacher(courseID=MECHANICS),
        "getGradeTotals": _student(),
        "getGradesOfAssignment": _teacher(**_ESSAY),
        "getFlagsOfAssignment": _teacher(**_ESSAY),
        "getCompletionOfActivities": _teacher(courseID=MECHANICS, userID=5),
        "getCompletionOfCourse": _teacher(courseID=MECHANICS, userID=5),
        "overrideCompletion": _teacher(activityID=23, userID=7, state="complete"),
        "setExtensions": _teacher(**_ESSAY, userIDs=[5], date=4_000_000_000),
        "getDeadlines": _teacher(**_ESSAY),
        "clearExtensions": _teacher(**_ESSAY, userIDs=[5]),
        "lockSubmissions": _teacher(**_ESSAY, userIDs=[7]),
        "unlockSubmissions": _teacher(**_ESSAY, userIDs=[7]),
        "saveSubmission": _student(**_DRAFTS, files=[{"filename": "essay.txt", "content": b"My essay."}]),
        "submitSubmission": _student(**_DRAFTS),
        "getSubmissionStatus": _student(**_DRAFTS),
        "revertSubmissions": _teacher(**_DRAFTS, userIDs=[5]),
        "removeSubmission": _student(**_DRAFTS),
        "publishAssignmentTextFeedback": _teacher(
            **_ESSAY, feedback=[{"extId": 5, "text": "Well argued."}], progressId="p-1"
        ),
        "publishGrades": _teacher(**_ESSAY, grades=[{"extId": 9, "grade": 62}]),
        "getPublication": _teacher(progressId="p-1"),
        "checkSetup": _teacher(courseID=COURSE),
        "callFunction": _teacher(function="core_course_get_categories"),
        "moopanel.testConnection": _panel(),
        "moopanel.getDashboard": _panel(),
        "moopanel.getApiKeyStatus": _panel(),
        "moopanel.setApiKeyStatus": _panel(expiresAt=1795144155),
        "moopanel.getCourses": _panel(courses=True, categories=True),
        "moopanel.getUsers": _panel(search="e", fields=["username", "email", "lastaccess"]),
        "moopanel.countUsers": _panel(),
        "moopanel.getUsersOnline": _panel(),
        "moopanel.getUser": _panel(username="bor"),
        "moopanel.getPlugins": _panel(updates=True, updateLog=True),
        "moopanel.getPlugin": _panel(plugin="local_moopanel", config=True, updates=True, updateLog=True),
        "moopanel.updatePlugins": _panel(**_INSTANCE, updates=[_UPDATE]),
        "moopanel.installPlugins": _panel(**_INSTANCE, links=["https://zips.example.edu/local_new_v1.zip"]),
        "moopanel.uninstallPlugin": _panel(plugin="mod_folder", dryRun=True),
        "moopanel.getCore": _panel(),
        "moopanel.updateCore": _panel(**_INSTANCE, version="2024042204"),
        "moopanel.getBackups": _panel(),
        "moopanel.createBackups": _panel(**_INSTANCE, courses=[2]),
        "moopanel.restoreBackup": _panel(**_INSTANCE, courseId=2, link="manual/x.zip", password="archive"),  # noqa: S106 - of an archive that there is not
        "moopanel.deleteBackups": _panel(**_INSTANCE, backups=[{"link": "manual/x.zip"}]),
        "moopanel.checkTask": _panel(taskId=1, kind="backup"),
        "moopanel.createAdminPreset": _panel(**_INSTANCE),
        "moopanel.waitForJob": _panel(jobs=[{"kind": "backup", "instanceId": 666, "taskId": 99, "about": ["2"]}]),
        "moopanel.subscribe": _panel(**_INSTANCE),
        "moopanel.unsubscribe": _panel(**_INSTANCE),
    }
)
"""By event, in an order in which all of them succeed on one wider sandbox with its plugins, one after the other."""
