"""The seeded assignments and what had been handed in and graded before the recording began."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import Final

from rpc_moodle.sandbox.files import Repeated, StoredFile
from rpc_moodle.sandbox.gradebook import note_submission
from rpc_moodle.sandbox.site import Site
from rpc_moodle.sandbox.work import (
    DRAFT,
    RELEASED,
    REOPENED,
    SUBMITTED,
    Assignment,
    BookGrade,
    Comment,
    Flags,
    Grade,
    Submission,
)

_CONTEXT_OFFSET: Final = 45
_MULTILANG_NAME: Final = (
    '<span lang="en" class="multilang">English name</span><span lang="de" class="multilang">Deutscher Name</span>'
)
_TEAM_ROWS: Final = ((1, "team-a.pdf", (5, 9, 6, 8, 7)), (2, "team-b.pdf", (10, 12, 14, 13, 11)))
_OF_BIG_WITH_SUBMISSION: Final = 300
_LARGE: Final = 1 << 20

_NUMBERED_44: Final = {
    1: {5: 1, 36: 2, 12: 3, 26: 4, 34: 5, 11: 6, 7: 7, 31: 8, 15: 9, 28: 10, 13: 11, 9: 12},
    4: {14: 65, 21: 66, 26: 67, 31: 68, 25: 69, 17: 70, 34: 71, 19: 72, 32: 73, 27: 74, 28: 75, 30: 76},
    5: {19: 97, 16: 98, 34: 99, 30: 100, 36: 101, 15: 102, 8: 103, 20: 104, 27: 105, 29: 106, 24: 107, 22: 108}
    | {7: 111, 5: 125, 6: 127},
}
_NUMBERED_45: Final = {
    1: {5: 1, 7: 2, 12: 3, 26: 4, 34: 5, 6: 6, 36: 7, 31: 8, 15: 9, 28: 10, 13: 11, 9: 12},
    4: _NUMBERED_44[4],
    5: {19: 97, 16: 98, 34: 99, 30: 100, 7: 101, 15: 102, 35: 103, 20: 104, 27: 105, 29: 106, 24: 107, 22: 108}
    | {6: 116, 5: 125},
}
"""The blind-marking numbers that the recordings show, per assignment and user id; Moodle drew them by lot."""


def fill_assignments(site: Site) -> None:
    """Add assignments, submissions, grades and flags in the order in which their ids were given."""
    for assignment in _assignments(site):
        site.assignments[assignment.id] = assignment
    maker = _Maker(site)
    maker.hand_in_files()
    maker.hand_in_texts()
    maker.hand_in_teams()
    for number, kind in ((5, "blind"), (6, "workflow"), (7, "attempts"), (8, "scale"), (11, "nocomments")):
        maker.hand_in_three(number, kind)
    maker.hand_in_three(12, "drafts", status=DRAFT)
    maker.hand_in_three(10, "hidden")
    maker.grade()
    maker.hand_in_elsewhere()


def _assignments(site: Site) -> list[Assignment]:
    made = [
        Assignment(number, number + 7, number + 7 + _CONTEXT_OFFSET, 2, name, intro=f"Test assign {number}")
        for number, name in enumerate(
            (
                "Essay (files)",
                "Reflection (online text)",
                "No submissions yet",
                "Team report",
                "Blind marking",
                "Marking workflow",
                "Several attempts",
                "Scale graded",
                "Ungraded feedback only",
                "Hidden assignment",
                "No feedback comments",
                "Draft submissions",
                _MULTILANG_NAME,
            ),
            start=1,
        )
    ]
    for one in made:
        one.gradeitem = one.id + 1
    made.append(Assignment(14, 21, 67, 3, "Assignment of the other course", gradeitem=16))
    made.append(Assignment(15, 22, 70, 5, "Mass assignment", gradeitem=18))
    for one in made:
        one.timemodified = site.seeded + (one.id > 5)  # noqa: PLR2004 - seeding took more than a second
        if site.release == "4.4":
            one.attemptreopenmethod, one.maxattempts = "none", -1
    by_id = {one.id: one for one in made}
    by_id[2].file_submissions, by_id[2].text_submissions = False, True
    by_id[4].teamsubmission = True
    by_id[5].blindmarking = True
    by_id[6].markingworkflow = True
    by_id[7].attemptreopenmethod, by_id[7].maxattempts = "manual", -1
    by_id[8].grade = -3
    by_id[9].grade, by_id[9].file_submissions = 0, False
    by_id[10].visible = False
    by_id[11].comments_enabled = False
    by_id[12].submissiondrafts = True
    return made


class _Maker:
    """Hands in and grades, one id after the other."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.time = site.seeded + 1
        self.numbered = _NUMBERED_44 if site.release == "4.4" else _NUMBERED_45

    def hand_in(  # noqa: PLR0913 - the columns of a row
        self,
        number: int,
        userid: int,
        *files: StoredFile,
        groupid: int = 0,
        attempt: int = 0,
        status: str = SUBMITTED,
        onlinetext: str | None = None,
    ) -> None:
        assignment = self.site.assignments[number]
        for file in files:
            file.timemodified = self.time
        row = Submission(self.site.ids.submission, userid, self.time, self.time, groupid, attempt, status)
        row.files, row.onlinetext = list(files), onlinetext
        self.site.ids.submission += 1
        assignment.add(row)
        if userid and status == SUBMITTED:
            note_submission(assignment, [userid], self.time)
        if not assignment.mappings:
            self.number(assignment)

    def number(self, assignment: Assignment) -> None:
        known = self.numbered.get(assignment.id, {})
        course = self.site.courses[assignment.courseid]
        others = [userid for userid in course.submitters(active=False) if userid not in known]
        others.sort(key=lambda one: blake2b(f"{assignment.id}:{one}".encode()).digest())
        taken = {number: userid for userid, number in known.items()}
        first = self.site.ids.mapping
        for number in range(first, first + len(known) + len(others)):
            assignment.mappings[taken.get(number) or others.pop()] = number
        self.site.ids.mapping = first + len(assignment.mappings)

    def hand_in_files(self) -> None:
        pdf = b"%PDF-1.4\n"
        self.hand_in(1, 5, made_up("essay.pdf", 20009, pdf))
        table = StoredFile("räw data+100%.csv", b"a,b\n1,2\n", "/data/nested/")
        self.hand_in(1, 6, made_up("Größe  Übung (final) #1.pdf", 5009, pdf), table)
        empty = StoredFile("empty.txt", b"")
        self.hand_in(1, 7, made_up("archive.zip", 100000), empty, made_up("李小龍.docx", 3000))
        self.hand_in(1, 8, made_up("big.bin", 8 * _LARGE))
        for userid in range(9, 17):
            self.hand_in(1, userid, made_up("paper.pdf", 50005 + userid, pdf))

    def hand_in_texts(self) -> None:
        self.hand_in(2, 5, onlinetext="<p>My <b>reflection</b> — ünïcode 😀</p>")
        self.hand_in(2, 6, onlinetext="<p>Second</p>")

    def hand_in_teams(self) -> None:
        for group, name, members in _TEAM_ROWS:
            self.hand_in(4, 0, StoredFile(name, f"%PDF {name[:6]}".encode()), groupid=group)
            for userid in members:
                self.hand_in(4, userid)

    def hand_in_three(self, number: int, kind: str, status: str = SUBMITTED) -> None:
        self.time = self.site.seeded + (2 if number in {10, 11, 12} else 1)
        for student, userid in enumerate((5, 6, 7), start=1):
            file = StoredFile(f"{kind}-{student}.pdf", f"%PDF {kind} {student}".encode())
            self.hand_in(number, userid, file, status=status)

    def grade(self) -> None:
        self.time = self.site.seeded + 2
        self.mark(1, 5, 73.5, "<p>Existing comment</p>")
        self.mark(1, 6, 41)
        self.mark(8, 5, 2, "<p>ok</p>")
        self.mark(6, 5, 88, "<p>wf</p>", RELEASED)
        self.mark(7, 5, 20, "<p>try again</p>")
        self.hand_in(7, 5, status=REOPENED, attempt=1)

    def mark(self, number: int, userid: int, grade: float, comment: str = "", state: str = "") -> None:
        assignment, ids = self.site.assignments[number], self.site.ids
        row = Grade(ids.grade, userid, 0, self.time, self.time, grader=2, grade=grade)
        row.comment = Comment(comment, 1) if comment else None
        assignment.grades[userid, 0] = row
        assignment.flags[userid] = Flags(ids.flags, userid, workflowstate=state)
        assignment.gradebook[userid] = BookGrade(grade, self.time, feedback=comment, feedbackformat=int(bool(comment)))
        ids.grade += 1
        ids.flags += 1

    def hand_in_elsewhere(self) -> None:
        course = self.site.courses[self.site.assignments[15].courseid]
        for userid in course.submitters(active=True)[:_OF_BIG_WITH_SUBMISSION]:
            self.hand_in(15, userid, made_up(f"report-{userid}.pdf", 2000, b"%PDF-1.4\n"))


def made_up(name: str, size: int, start: bytes = b"") -> StoredFile:
    """Make a file of ``size`` bytes that begins with ``start`` and goes on as its name decides."""
    if size > _LARGE:
        return StoredFile(name, Repeated(blake2b(name.encode()).digest() * 4096, size))
    return StoredFile(name, (start + _body(name, size))[:size])


@lru_cache(maxsize=1000)  # tests make thousands of sites with the same files
def _body(name: str, size: int) -> bytes:
    seed = blake2b(f"{name}:{size}".encode()).digest()
    return b"".join(blake2b(seed + at.to_bytes(4, "big")).digest() for at in range(size // 64 + 1))
