"""The seeded site of the recordings, with the same ids, names and file sizes."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

from rpc_moodle.sandbox.catalogue import Category
from rpc_moodle.sandbox.people import Course, Enrolment, Group, Role, Service, Token, User
from rpc_moodle.sandbox.seed_wider import widen
from rpc_moodle.sandbox.seed_work import fill_assignments
from rpc_moodle.sandbox.site import Site

SEEDED: Final = 1795145068
"""When the recorded sites were seeded, Unix seconds."""

COURSE, OTHER_COURSE, EMPTY_COURSE, BIG_COURSE = 2, 3, 4, 5
ADMIN, TEACHER, TUTOR, FIRST_STUDENT, SUSPENDED, FIRST_OF_BIG = 2, 3, 4, 5, (35, 36), 37

_NAMED: Final = (
    ("Zoë", "Müller"),
    ("Łukasz", "Żółć"),
    ("李", "小龍"),
    ("مريم", "العربي"),
    ("O'Brien", "D'Arcy"),
    ("Bold", "&amp;Co"),
    ("Emoji😀", "User"),
    ("Jean-Luc", "de la Fontaine"),
)
_GROUPS: Final = ((1, "Group A", [5, 9, 6, 8, 7]), (2, "Group B", [10, 12, 14, 13, 11]))

PUBLISHED: Final = (
    "core_enrol_get_enrolled_users",
    "mod_assign_save_grade",
    "mod_assign_get_assignments",
    "mod_assign_get_user_mappings",
    "mod_assign_get_submissions",
)
"""The five functions that a platform's service needs at least."""

_FULL: Final = (
    *PUBLISHED,
    "core_webservice_get_site_info",
    "mod_assign_save_grades",
    "mod_assign_get_grades",
    "mod_assign_get_submission_status",
    "mod_assign_list_participants",
    "mod_assign_get_user_flags",
    "core_course_get_course_module",
)
MORE: Final = (
    *_FULL,
    "core_enrol_get_users_courses",
    "core_course_get_courses_by_field",
    "core_course_get_categories",
    "core_course_search_courses",
    "core_user_get_users",
    "core_user_get_users_by_field",
    "core_user_get_course_user_profiles",
    "core_group_get_course_groups",
    "core_group_get_group_members",
    "core_group_get_course_user_groups",
    "core_group_get_course_groupings",
    "core_cohort_get_cohorts",
    "core_cohort_get_cohort_members",
    "core_cohort_search_cohorts",
    "core_completion_get_activities_completion_status",
    "core_completion_get_course_completion_status",
    "core_completion_override_activity_completion_status",
    "core_grading_get_definitions",
    "core_grading_get_gradingform_instances",
    "gradereport_user_get_grade_items",
    "mod_assign_submit_grading_form",
    "gradereport_overview_get_course_grades",
    "mod_assign_save_user_extensions",
    "mod_assign_lock_submissions",
    "mod_assign_unlock_submissions",
    "mod_assign_revert_submissions_to_draft",
    "mod_assign_get_participant",
    "mod_assign_save_submission",
    "mod_assign_submit_for_grading",
    "mod_assign_remove_submission",
    "core_files_get_unused_draft_itemid",
    "tool_mobile_get_public_config",
)
"""The functions of the wider client."""

NEWER: Final = frozenset({"mod_assign_remove_submission"})
"""Those that Moodle 4.4 has not got (``student.remove``)."""

_TOKENS: Final = (
    ("teacher_care", TEACHER, "care"),
    ("teacher_full", TEACHER, "full"),
    ("admin_full", ADMIN, "full"),
    ("tutor_care", TUTOR, "care"),
    ("student_full", FIRST_STUDENT, "full"),
    ("teacher_nodownload", TEACHER, "nodownload"),
    ("teacher_enrolonly", TEACHER, "enrolonly"),
    ("teacher_expired", TEACHER, "care"),
    ("teacher_wrongip", TEACHER, "care"),
    ("teacher_more", TEACHER, "more"),
    ("admin_more", ADMIN, "more"),
    ("student_more", FIRST_STUDENT, "more"),
)
TOKEN_NAMES: Final = tuple(name for name, _, _ in _TOKENS)
"""The token names of the recordings."""


def token_value(name: str) -> str:
    """Give the 32 hex characters that stand for a token's name, the same in every run."""
    return blake2b(name.encode(), digest_size=16).hexdigest()


def seeded_site(*, users: int = 50, release: str = "4.5", wider: bool = False) -> Site:
    """Build the site; ``users`` is the number of students in the big course, ``wider`` what the wider recordings add.

    Raises:
        ValueError: ``release`` is none of ``4.4``, ``4.5`` and ``5.0``.

    """
    if release not in {"4.4", "4.5", "5.0"}:
        raise ValueError(f"The sandbox knows Moodle 4.4, 4.5 and 5.0, not {release!r}.")
    site = Site(release=release, seeded=SEEDED, scales={3: ["Poor", "Ok", "Good"]})
    _add_people(site, users)
    _add_courses(site, users)
    _add_access(site)
    fill_assignments(site)
    if wider:
        widen(site)
    return site


def _add_people(site: Site, big: int) -> None:
    def add(user: User) -> None:
        site.users[user.id] = user

    site.roles = {role.shortname: role for role in (Role(3, "editingteacher"), Role(4, "teacher"), Role(5, "student"))}
    guest = User(1, "guest", "Guest user", " ", "root@localhost")
    guest.description = "This user is a special user that allows read-only access to some courses."
    add(guest)
    add(User(ADMIN, "admin", "Admin", "User", "admin@example.com", "Admin.1234", admin=True))
    add(User(TEACHER, "teacher1", "Tea", "Cher", "teacher1@example.com", "Teacher.1234"))
    add(User(TUTOR, "tutor1", "Tu", "Tor", "tutor1@example.com", "Tutor.1234"))
    for number in range(1, 31):
        first, last = _NAMED[number - 1] if number <= len(_NAMED) else (f"First{number}", f"Last{number}")
        email = f"student{number}@example.com"
        student = User(FIRST_STUDENT + number - 1, f"student{number}", first, last, email, "Student.1234")
        student.idnumber = f"S{number}"
        student.email_hidden = number % 3 == 0
        add(student)
    for number, userid in enumerate(SUSPENDED, start=1):
        email = f"suspended{number}@example.com"
        add(User(userid, f"suspended{number}", "Sus", f"Pended{number}", email, suspended=number > 1))
    for number in range(1, big + 1):
        email = f"big{number}@example.com"
        add(User(FIRST_OF_BIG + number - 1, f"big{number}", f"Big{number}", f"Lecture{number}", email))


def _add_courses(site: Site, big: int) -> None:
    def enrol(course: int, userid: int, *roles: str, active: bool = True) -> None:
        site.courses[course].enrolments[userid] = Enrolment(userid, list(roles), active)

    for course in (
        Course(COURSE, "Peer Review in NLP", "NLP1", SEEDED, sortorder=10004, contextid=11),
        Course(OTHER_COURSE, "Other course", "OTHER", SEEDED + 2, sortorder=10003, contextid=66),
        Course(EMPTY_COURSE, "Empty course", "EMPTY", SEEDED + 2, sortorder=10002, contextid=68),
        Course(BIG_COURSE, "Mass lecture", "BIG", SEEDED + 2, sortorder=10001, contextid=69),
    ):
        course.startdate = SEEDED - SEEDED % 86400
        site.courses[course.id] = course
    site.courses[COURSE].enablecompletion = True
    for course_id, item, category in ((COURSE, 1, 1), (OTHER_COURSE, 15, 2), (BIG_COURSE, 17, 3)):
        site.courses[course_id].gradeitem, site.courses[course_id].gradecategory = item, category
    site.categories[1] = Category(1, "Category 1", None)
    for course_id in (COURSE, EMPTY_COURSE, BIG_COURSE):
        enrol(course_id, TEACHER, "editingteacher")
    enrol(COURSE, TUTOR, "teacher")
    for userid in range(FIRST_STUDENT, FIRST_STUDENT + 30):
        enrol(COURSE, userid, *(("teacher", "student") if userid == FIRST_STUDENT + 1 else ("student",)))
    enrol(COURSE, SUSPENDED[0], "student", active=False)
    enrol(COURSE, SUSPENDED[1], "student")
    for userid in (FIRST_STUDENT + 28, FIRST_STUDENT + 29):
        enrol(OTHER_COURSE, userid, "student")
    for userid in range(FIRST_OF_BIG, FIRST_OF_BIG + big):
        enrol(BIG_COURSE, userid, "student")
    for group_id, name, members in _GROUPS:
        description = f"Test Group {group_id:04}<br />\nLorem ipsum dolor sit amet, consectetuer adipiscing elit."
        site.courses[COURSE].groups[group_id] = Group(group_id, name, list(members), description)


def _add_access(site: Site) -> None:
    more = frozenset(MORE) - (NEWER if site.release == "4.4" else frozenset())
    for service in (
        Service("care", frozenset(PUBLISHED)),
        Service("full", more, uploadfiles=True),
        Service("more", more, uploadfiles=True),
        Service("nodownload", frozenset(PUBLISHED), downloadfiles=False),
        Service("enrolonly", frozenset(PUBLISHED[:1])),
        Service("moodle_mobile_app", more, enabled=False),
    ):
        site.services[service.shortname] = service
    for name, userid, service_name in _TOKENS:
        token = Token(token_value(name), userid, service_name)
        if name == "teacher_expired":
            token.expires = SEEDED
        if name == "teacher_wrongip":
            token.address = "203.0.113.7"
        site.tokens[token.value] = token
