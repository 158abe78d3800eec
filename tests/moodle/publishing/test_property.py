"""Whatever is published over whatever is stored: what was named is done, and nothing else changes."""

import asyncio
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from rpc_moodle.moodle import Http, MoodleClient
from rpc_moodle.moodle.assignments import assignment as assignment_of
from rpc_moodle.moodle.publishing import (
    WORKFLOW_STATES,
    Code,
    Criterion,
    Entry,
    Filling,
    Notice,
    Options,
    Outcome,
    Report,
    Result,
    TextFormat,
)
from rpc_moodle.moodle.publishing.entries import fault
from rpc_moodle.sandbox import Sandbox, Stage, add_cases, standings
from rpc_moodle.sandbox.standing import Standing
from rpc_moodle.sandbox.work import Assignment
from tests.moodle.publishing.lookout import FIVE, FULL, STATUS, Lookout
from tests.moodle.publishing.runs import publish
from tests.moodle.publishing.test_cases import FORM

KEYS = {
    "five": FIVE,
    "status": STATUS,
    "bulk": (*FIVE, "mod_assign_save_grades", "mod_assign_get_grades"),
    "full": FULL,
    "form": FORM,
    "form alone": (*FIVE, "mod_assign_submit_grading_form"),
}
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)  # to shrink an example takes minutes
STUDENTS = (5, 6, 7, 9)
LEVELS = {3: (6, 7, 8), 4: (9, 10)}

texts = st.one_of(st.text(max_size=20), st.sampled_from(["<p>a</p>", "a\nb", "x <y", "1", "<br>"]))
grades = st.sampled_from([None, None, Decimal(0), Decimal(30), Decimal("64.25"), Decimal(100), Decimal(120)])
fillings = st.sampled_from(
    [
        None,
        None,
        Filling("rubric", (Criterion(3, 7), Criterion(4, 10))),
        Filling("rubric", (Criterion(3, 7),)),
        Filling("rubric", (Criterion(3, 10), Criterion(4, 10))),
    ]
)
entries = st.builds(
    Entry, st.sampled_from(STUDENTS), st.one_of(st.none(), texts), st.sampled_from(TextFormat), grades, fillings
)
sound = entries.filter(lambda entry: fault(entry, Options(clear=True)) is None)


@dataclass(frozen=True)
class Past:
    """What has happened to a student's work."""

    handed_in: bool
    grade: float | None
    state: str
    again: str  # "", "reopened", "handed in again"
    book: str  # "", "locked", "overridden", "hidden"


pasts = st.builds(
    Past,
    handed_in=st.booleans(),
    grade=st.sampled_from([None, None, 0, 41.25, 64.25, 100]),
    state=st.sampled_from(["", "inmarking", "released", "released"]),
    again=st.sampled_from(["", "", "", "reopened", "handed in again"]),
    book=st.sampled_from(["", "", "", "locked", "overridden", "hidden"]),
)
kinds = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["none", "manual", "untilpass", "automatic"]),
        "maxattempts": st.sampled_from([-1, 1, 2]),
        "workflow": st.sampled_from(["never", "always", "switched on", "switched off"]),
        "rubric": st.sampled_from([False, False, False, True]),
        "blindmarking": st.sampled_from([False, False, False, True]),
        "teamsubmission": st.sampled_from([False, False, False, True]),
        "teams": st.sampled_from(["apart", "overlapping"]),
    }
)
options = st.builds(
    Options,
    apply_to_team=st.booleans(),
    workflow_state=st.one_of(st.none(), st.none(), st.sampled_from(WORKFLOW_STATES)),
    allow_reopen=st.sampled_from([False, False, True]),
    clear=st.just(True),  # noqa: FBT003 - a strategy
    dry_run=st.sampled_from([False, False, False, True]),
    notify=st.sampled_from([None, None, False]),
    chunk=st.sampled_from([1, 50]),
)


def begin(sandbox: Sandbox, kind: dict[str, Any]) -> Assignment:
    """Take an assignment, in a course whose teams have members in common or not."""
    one = add_cases(sandbox.site)["rubric" if kind["rubric"] else "reading"]
    if kind["teams"] == "apart":
        groups = sandbox.site.courses[one.courseid].groups.values()
        for group, members in zip(groups, ([5, 9], [6, 7]), strict=True):
            group.members[:] = members
    return one


def arrange(sandbox: Sandbox, kind: dict[str, Any], pasts: dict[int, Past]) -> Assignment:
    """Let students and markers have been at work, and settings have been changed since."""
    stage = Stage(sandbox.site)
    one = begin(sandbox, kind)
    one.gradepass = 50
    one.teamsubmission, one.blindmarking = kind["teamsubmission"], kind["blindmarking"]  # not to be changed later
    one.markingworkflow = kind["workflow"] in {"always", "switched off"}
    one.attemptreopenmethod, one.maxattempts = "manual", -1
    for user, past in pasts.items():
        if kind["rubric"] and user in {5, 6, 7}:
            continue  # marked already
        state = past.state if one.markingworkflow else ""
        if past.handed_in:
            stage.hand_in(one, user)
        again = past.handed_in and past.again != "" and not one.teamsubmission  # a team's is everybody's
        if past.grade is not None and not kind["rubric"]:
            stage.mark(one, user, past.grade, "<p>old</p>", state=state, add_attempt=again)
            if again and past.again == "handed in again":
                stage.hand_in(one, user)
        if past.book == "locked":
            stage.lock(one, user)
        elif past.book == "overridden":
            stage.override(one, user, 91)
        elif past.book == "hidden":
            stage.hide(one, user)
    one.markingworkflow = kind["workflow"] in {"always", "switched on"}
    one.attemptreopenmethod = kind["method"]
    one.maxattempts = kind["maxattempts"]
    return one


async def example(kind: dict[str, Any], key: str, pasts: dict[int, Past], named: list[Entry], how: Options) -> None:
    async with Sandbox() as sandbox, Http() as http:
        one = arrange(sandbox, kind, pasts)
        moodle = MoodleClient(sandbox.url, Lookout(sandbox.site).token_for(KEYS[key]), http=http)
        assignment, before = await assignment_of(moodle, one.courseid, one.cmid), standings(one)
        report = await publish(moodle, assignment, named, how)
        compare(key, one, named, how, report, before, standings(one))


def compare(
    key: str,
    one: Assignment,
    named: list[Entry],
    how: Options,
    report: Report,
    before: dict[int, Standing],
    after: dict[int, Standing],
) -> None:
    by_user = {entry.user_id: entry for entry in named}
    results = {result.user_id: result for result in report.results}
    teams = set()
    for user in before.keys() | after.keys():
        old, new = told(one, before.get(user, Standing())), told(one, after.get(user, Standing()))
        if old == new:
            continue
        if user == 0:  # the submissions of teams: a new attempt is everybody's
            teams.add(user)
            continue
        assert not how.dry_run
        assert user in results, (user, old, new)
        result = results[user]
        entry = by_user[result.via or user]
        only_what_was_named(key, one, entry, how, result, old, new)
    assert by_user.keys() <= {result.given or result.user_id for result in report.results}, "nobody is passed over"
    for user, result in results.items():
        was, now = before.get(user, Standing()), after.get(user, Standing())
        if result.outcome is Outcome.FAILED:
            assert result.code not in NEVER or was_hidden_unreleased(result, was), result
            assert result.code is not Code.NOT_STORED or is_closed_unseen(key, was), result
        elif not how.dry_run and not (result.code is Code.NOT_VERIFIED and is_closed_unseen(key, was)):
            done(by_user[result.via or user], how, now, result)
            if key in {"full", "form"} and not (one.markingworkflow or one.blindmarking):
                in_the_gradebook(by_user[result.via or user], now, result)


NEVER = {Code.CHANGED_MEANWHILE, Code.OUTCOME_UNKNOWN, Code.CALL_FAILED, Code.NOT_STARTED}
"""Nobody else is at work, and the site answers: none of these has a reason."""


def is_closed_unseen(key: str, standing: Standing) -> bool:
    """Tell whether the gradebook takes nothing, and the key does not see why."""
    return (
        key not in {"full", "form"} and standing.book is not None and (standing.book.locked or standing.book.overridden)
    )


def was_hidden_unreleased(result: Result, standing: Standing) -> bool:
    """Tell whether a hidden gradebook had no grade, which who may not see hidden grades reads always, and now has."""
    book = standing.book
    unreleased = book is not None and book.hidden and book.grade is None and standing.workflow == ""
    return result.code is Code.CHANGED_MEANWHILE and unreleased and any(each[1] is not None for each in standing.grades)


def told(one: Assignment, standing: Standing) -> Standing:
    """Leave out what a team's new attempt makes for every member: the attempt, and an empty row of the gradebook."""
    if one.teamsubmission:
        standing = replace(standing, attempts=())
    book = standing.book
    says_nothing = (
        book is not None
        and (book.grade, book.feedback) == (None, "")
        and not (book.overridden or book.locked or book.hidden)
    )
    return replace(standing, book=None) if says_nothing else standing


def only_what_was_named(
    key: str, one: Assignment, entry: Entry, how: Options, result: Result, old: Standing, new: Standing
) -> None:
    """Say of each part of a standing that it is as before, unless the entry names it."""
    if result.code is Code.NOT_STORED and key not in {"full", "form"}:
        assert new.grades == old.grades  # locked in a gradebook that the key does not see, and told truthfully
        return
    if was_hidden_unreleased(result, old):
        assert new.grades == old.grades
        return
    assert result.outcome is Outcome.PUBLISHED, (result, old, new)
    if entry.text is None:
        assert new.comments == old.comments
    if not entry.names_grade:
        assert [each for each in new.grades if each[1] is not None] == [
            each for each in old.grades if each[1] is not None
        ]
        assert (old.book and old.book.grade) == (new.book and new.book.grade) or how.workflow_state is not None
        assert new.fillings == old.fillings or key not in {"full", "form"}
    if how.workflow_state is None:
        # A state from when there was a workflow shows nowhere to a key without the flags.
        assert (new.workflow or "notmarked") == (old.workflow or "notmarked") or (
            not one.markingworkflow and key not in {"full", "form", "form alone"}
        )
    if len(new.attempts) > max(1, len(old.attempts)) and not one.teamsubmission:
        assert Notice.REOPENED in result.notices or key in {"five", "bulk", "form alone"}
        assert entry.names_grade or how.allow_reopen
    assert new.flags == old.flags
    if how.notify is False:
        assert new.notified == old.notified
    if old.book is not None and new.book is not None:
        kept = (old.book.overridden, old.book.locked, old.book.hidden)
        assert kept == (new.book.overridden, new.book.locked, new.book.hidden)


def done(entry: Entry, how: Options, now: Standing, result: Result) -> None:
    """Say that what was named is there."""
    if entry.text is not None:
        sent = entry.text.replace("\0", "")
        assert not sent.strip() or any(text.rstrip() == sent.rstrip() for _, text, _ in now.comments) or "<" in sent
    if how.workflow_state is not None:
        assert now.workflow == how.workflow_state, (result, now)
    if entry.grade is not None:
        assert any(grade is not None and Decimal(str(grade)) == entry.grade for _, grade in now.grades), (result, now)
    if entry.filling is not None:
        wanted = sorted((each.id, each.level) for each in entry.filling.criteria)
        assert any(sorted((row[0], row[1]) for row in rows) == wanted for _, rows in now.fillings)


def in_the_gradebook(entry: Entry, now: Standing, result: Result) -> None:
    """Say that the student sees a grade that was published, unless the notices say otherwise."""
    told = {Notice.OLDER_ATTEMPT, Notice.OVERRIDDEN, Notice.LOCKED_IN_GRADEBOOK} & {*result.notices}
    if entry.grade is not None and result.outcome is Outcome.PUBLISHED and not told:
        assert now.book is not None
        assert now.book.grade is not None
        assert Decimal(str(now.book.grade)) == entry.grade, (result, now)


@pytest.mark.timeout(300)
@settings(max_examples=40, deadline=None, phases=PHASES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=kinds,
    key=st.sampled_from(["full", "form", *KEYS]),
    pasts=st.dictionaries(st.sampled_from(STUDENTS), pasts, min_size=1),
    named=st.lists(st.one_of(sound, sound, sound, entries), min_size=1, max_size=4),
    how=options,
)
def test_what_was_named_is_done_and_nothing_else_changes(
    kind: dict[str, Any], key: str, pasts: dict[int, Past], named: list[Entry], how: Options
) -> None:
    if kind["rubric"] and key != "form":
        key = (
            "full"  # no smaller key tells that there is a rubric, and what it then does to an empty form is documented
        )
    if kind["workflow"] in {"never", "switched off"}:
        how = replace(how, workflow_state=None)  # that a state is refused there has its row in a table, as has
    if not kind["rubric"]:  # a filling where there is no form
        named = [replace(entry, filling=None) for entry in named]
    unique = list({entry.user_id: entry for entry in named}.values())
    asyncio.run(example(kind, key, pasts, unique, how))
