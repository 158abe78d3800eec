"""Attempts: found or made, by grading and by mere reading, and reopened where the assignment says so."""

from __future__ import annotations

from rpc_moodle.sandbox.gradebook import note_submission, passed
from rpc_moodle.sandbox.site import Site
from rpc_moodle.sandbox.work import NEW, REOPENED, Assignment, Submission

AUTOMATIC, UNTIL_PASS, MANUAL = "automatic", "untilpass", "manual"
"""The ways of reopening an attempt beside ``none``; Moodle 4.4 does not know the first."""


def attempt(site: Site, assignment: Assignment, userid: int, groupid: int, number: int = -1) -> Submission:
    """Find or make an attempt, -1 meaning the highest; a made one is empty, and hides real work if it is the highest.

    That is what naming an attempt that is not there does (``save.attempt_1``).
    """
    found = assignment.submission_of(userid, number, groupid)
    if found:
        return found
    last, now = assignment.submission_of(userid, groupid=groupid), site.now()
    made = Submission(site.ids.submission, userid, now, now, groupid, max(number, 0), NEW)
    made.latest = last is None or made.attemptnumber > last.attemptnumber
    site.ids.submission += 1
    return assignment.add(made)


def counted(site: Site, assignment: Assignment, userid: int, number: int = -1) -> Submission:
    """Find or make the attempt that a user is graded by: the team's in a team assignment, else the user's own.

    Moodle asks for it to tell whether somebody is graded, so that reading makes rows, too, with status ``new``
    (``reading.*``); for somebody without a team they belong to the group 0 (``team_none.*``).
    """
    if assignment.teamsubmission:
        return attempt(site, assignment, 0, site.team_of(assignment, userid), number)
    return attempt(site, assignment, userid, 0, number)


def reopen_if_due(site: Site, assignment: Assignment, userid: int, graded: int, *, asked: bool) -> None:
    """Open another attempt after attempt ``graded`` where the assignment's way of reopening says so.

    ``automatic`` reopens after every write (``auto.*``), ``untilpass`` when the gradebook says that the user has
    failed (``untilpass.1``), ``manual`` when the call asks for it.
    """
    most = assignment.maxattempts
    due = {
        AUTOMATIC: site.release != "4.4",
        UNTIL_PASS: passed(assignment, assignment.gradebook.get(userid)) is False,
        MANUAL: asked,
    }.get(assignment.attemptreopenmethod, False)
    if not due or (most != -1 and graded >= most - 1):
        return
    _reopen(site, assignment, userid, graded + 1)


def _reopen(site: Site, assignment: Assignment, userid: int, number: int) -> None:
    members = [userid]
    if assignment.teamsubmission:
        members = site.team_members(assignment, site.team_of(assignment, userid))
        counted(site, assignment, userid, number).status = REOPENED
    for member in members:
        own = attempt(site, assignment, member, 0, number)
        own.status = REOPENED
    note_submission(assignment, members, site.now())
    flags = assignment.flags.get(userid)
    if flags:
        flags.locked = 0
