"""What is written for an entry, and what is not: one sentence a row."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from rpc_moodle.moodle.models import Assignment, Config
from rpc_moodle.moodle.publishing import Code, Criterion, Entry, Filling, Notice, Options, Outcome, TextFormat
from rpc_moodle.moodle.publishing.attempts import attempt_of
from rpc_moodle.moodle.publishing.comments import NO_COMMENT, Comment
from rpc_moodle.moodle.publishing.grading import Form, FormCriterion, Scheme, fills_alike
from rpc_moodle.moodle.publishing.plan import Plan, standing
from rpc_moodle.moodle.publishing.report import Result
from rpc_moodle.moodle.publishing.stored import UNKNOWN, BookGrade, Mark, Stored
from rpc_moodle.moodle.publishing.write import Write

HTML, PLAIN, MARKDOWN = TextFormat.HTML, TextFormat.PLAIN, TextFormat.MARKDOWN
COMMENTS = (Config(plugin="comments", subtype="assignfeedback", name="enabled", value="1"),)
FLOW: dict[str, Any] = {"markingworkflow": True}
INLINE = (*COMMENTS, Config(plugin="comments", subtype="assignfeedback", name="commentinline", value="1"))
TOP = Decimal(100)
RUBRIC_FORM = Form(9, "rubric", (FormCriterion(3, "Style", {31: "poor", 32: "good"}),))

POINTS = Scheme(TOP, method="", pass_grade=Decimal(0))
SCALE = Scheme(is_scale=True, items=("poor", "2", "good"), method="")
UNREAD = Scheme(TOP)
RUBRIC = Scheme(TOP, method="rubric", form=RUBRIC_FORM)

OLD = Comment("<p>old</p>", None)
BEFORE = Stored(0, {0: Mark(Decimal(64), OLD, handed_in=True)}, "", book=BookGrade(Decimal(64), "<p>old</p>"))
TEXT, GRADE = Entry(5, "<p>new</p>", HTML), Entry(5, grade=Decimal(70))
FILLED, BETTER = Filling("rubric", (Criterion(3, 31),)), Filling("rubric", (Criterion(3, 32),))
FORM = replace(GRADE, grade=None, filling=BETTER)
WEB_SERVICE = "in the web service of the API key"


def plan(scheme: Scheme = POINTS, *, may_release: bool = True, options: Options | None = None, **more: Any) -> Plan:
    assignment = Assignment(id=1, cmid=8, **{"grade": 100, "configs": COMMENTS, **more})
    return Plan(assignment, scheme, options or Options(), may_release)


def marked(grade: Any = 64, comment: Any = OLD, **more: Any) -> Stored:
    if isinstance(grade, int):
        grade = Decimal(grade)
    return replace(
        BEFORE, **{"marks": {0: Mark(grade, comment, handed_in=True)}, "book": BookGrade(grade or None), **more}
    )


def twice(grade: Any = None, **more: Any) -> Stored:
    """Two attempts, both handed in, the newest with nothing else."""
    return Stored(1, {**BEFORE.marks, 1: Mark(grade, handed_in=True)}, book=BookGrade(), **more)


def failed(found: object, code: Code, words: str, says: str = "") -> None:
    assert isinstance(found, Result), says
    assert (found.user_id, found.participant, found.outcome, found.code) == (5, 7, Outcome.FAILED, code), says
    assert words in found.message, says


@pytest.mark.parametrize(
    ("says", "which", "entry", "code", "words"),
    [
        ("a text where there are no comments", plan(configs=()), TEXT, Code.COMMENTS_DISABLED, "are switched off"),
        ("a state where there is no workflow", plan(options=Options(workflow_state="released")), TEXT,
         Code.WORKFLOW_UNKNOWN, "no marking workflow; pass no state"),
        ("a release by who may not", plan(options=Options(workflow_state="released"), may_release=False, **FLOW), TEXT,
         Code.MAY_NOT_RELEASE, "mod/assign:releasegrades"),
        ("a filling where there is no form", plan(), FORM, Code.ADVANCED_GRADING, "is not graded with a rubric, or"),
        ("a filling where nobody can tell", plan(UNREAD), FORM, Code.ADVANCED_GRADING, "cannot read that it is"),
        ("a filling where there are no grades", plan(Scheme(method="rubric", form=RUBRIC_FORM)), FORM,
         Code.ADVANCED_GRADING, "is not graded with a rubric, or"),
        ("a grade where there is a form", plan(RUBRIC), GRADE, Code.ADVANCED_GRADING,
         "graded with a rubric: pass advancedGrading"),
        ("a text beside a form that nobody can read", plan(replace(RUBRIC, form=None)), TEXT, Code.ADVANCED_GRADING,
         f"would spoil the grade: enable core_grading_get_definitions {WEB_SERVICE}."),
        ("the filling of another form", plan(RUBRIC), replace(FORM, filling=Filling("guide", (Criterion(3, 31),))),
         Code.ADVANCED_GRADING, "with a rubric, not with a guide."),
        ("a filling that does not fit", plan(RUBRIC), replace(FORM, filling=Filling("rubric", ())),
         Code.ADVANCED_GRADING, "The filling does not fit: criterion 3 (Style) is not filled."),
    ],
)  # fmt: skip
def test_what_is_refused_whatever_is_stored(says: str, which: Plan, entry: Entry, code: Code, words: str) -> None:
    failed(which.refusal(replace(entry, participant=7)), code, words, says)


@pytest.mark.parametrize(
    ("says", "which", "entry"),
    [
        ("a text", plan(), TEXT),
        ("a grade where there are no comments", plan(configs=()), GRADE),
        ("a state of the workflow", plan(options=Options(workflow_state="inreview"), **FLOW), TEXT),
        ("a release by who may", plan(options=Options(workflow_state="released"), **FLOW), TEXT),
        ("another state by who may not", plan(options=Options(workflow_state="inreview"), may_release=False, **FLOW),
         TEXT),
        ("no state by who may not", plan(may_release=False, **FLOW), TEXT),
        ("a filling that fits", plan(RUBRIC), FORM),
        ("a text beside a form", plan(RUBRIC), TEXT),
        ("a text where there are no grades", plan(Scheme(method="rubric")), TEXT),
    ],
)  # fmt: skip
def test_what_may_work(says: str, which: Plan, entry: Entry) -> None:
    assert which.refusal(entry) is None, says


def test_of_many_faults_of_a_filling_five_are_told() -> None:
    form = Form(9, "rubric", tuple(FormCriterion(number, "", {1: ""}) for number in range(6)))
    which = plan(replace(RUBRIC, form=form))
    found = which.refusal(replace(FORM, filling=Filling("rubric", ())))
    assert found is not None
    five = "; ".join(f"criterion {number} is not filled" for number in range(5))
    assert found.message == f"The filling does not fit: {five}."
    there = Filling("rubric", (Criterion(7, 1),))  # one fault, and six that are not filled
    kept = which.decide(TEXT, replace(BEFORE, filling=there))
    assert isinstance(kept, Result)
    assert kept.message.count("; ") == 5  # between five faults, and one of the first
    assert kept.message.endswith("is not filled. Pass advancedGrading.")


LOCKED = replace(BEFORE, locked=True)
REFUSED = [
    ("a submission that is locked", plan(), TEXT, LOCKED, Code.LOCKED, "unlock it, or include locked ones"),
    ("an attempt that there is not", plan(), replace(TEXT, attempt=2), twice(), Code.ATTEMPT_UNKNOWN,
     "There is no attempt 2; attempts are counted from 0, and the newest is 1."),
    ("an attempt before the first", plan(), replace(TEXT, attempt=-1), twice(), Code.ATTEMPT_UNKNOWN, "attempt -1;"),
    ("an attempt of all that there is not", plan(options=Options(attempt=1)), TEXT, BEFORE, Code.ATTEMPT_UNKNOWN,
     "There is no attempt 1;"),
    ("a grade that is too high", plan(), replace(GRADE, grade=Decimal(101)), BEFORE, Code.GRADE_OUT_OF_RANGE,
     "not between 0 and 100"),
    ("a grade of no letters", plan(), replace(GRADE, grade=""), BEFORE, Code.GRADE_OUT_OF_RANGE, "is no number"),
    ("an item that the scale has not", plan(SCALE), replace(GRADE, grade=None, scale_item=4), BEFORE,
     Code.GRADE_OUT_OF_RANGE, "no item 4"),
    ("an item of two readings", plan(replace(SCALE, items=("2", "1"))), replace(GRADE, grade="1"), BEFORE,
     Code.AMBIGUOUS, "pass scaleItem"),
    ("a text beside a filling that nobody can read", plan(RUBRIC), TEXT, BEFORE, Code.ADVANCED_GRADING,
     f"enable core_grading_get_gradingform_instances and mod_assign_get_grades {WEB_SERVICE}, or pass advanced"),
    ("a text beside an older attempt's filling", plan(RUBRIC), replace(TEXT, attempt=0), twice(filling=FILLED),
     Code.ADVANCED_GRADING, "would spoil the filled rubric, which cannot be read"),
    ("a text beside an empty form", plan(RUBRIC), TEXT, replace(BEFORE, filling=None), Code.ADVANCED_GRADING,
     "Nobody has filled the rubric for the user"),
    ("a text beside a filling that fits no more", plan(RUBRIC), TEXT,
     replace(BEFORE, filling=Filling("rubric", (Criterion(3, 33),))), Code.ADVANCED_GRADING,
     "sending it back would change the grade: criterion 3 (Style) has no level 33; it has 31 (poor), 32 (good). Pass"),
    ("a text below one that nobody can read", plan(options=Options(append=True)), TEXT, marked(comment=UNKNOWN),
     Code.COMMENT_UNKNOWN, f"could not go below it: enable mod_assign_get_submission_status {WEB_SERVICE}, or replace"),
    ("a text that would add an attempt", plan(attemptreopenmethod="automatic"), TEXT, BEFORE, Code.WOULD_REOPEN,
     "or allowReopen"),
    ("a text that would fail who is kept", plan(replace(POINTS, pass_grade=TOP), attemptreopenmethod="untilpass"),
     TEXT, BEFORE, Code.WOULD_REOPEN, "until they pass"),
    ("a grade where the gradebook is locked", plan(), GRADE, replace(BEFORE, book=BookGrade(locked=True)),
     Code.GRADEBOOK_CLOSED, "locked in the gradebook"),
    ("a state that takes a grade back", plan(options=Options(workflow_state="inreview"), **FLOW), TEXT, BEFORE,
     Code.WOULD_TAKE_BACK, "allowTakeBack"),
    ("a text beside a grade that may come from a form", plan(UNREAD), TEXT, BEFORE, Code.GRADE_UNKNOWN,
     f"whose grade writing would lose; this API key cannot read it: enable core_grading_get_definitions {WEB_SERVICE}"),
    ("a text beside a grade of which nothing is known", plan(UNREAD), TEXT, marked(UNKNOWN), Code.GRADE_UNKNOWN,
     "this API key cannot read the grade, which writing would lose"),
    ("a grade where the student's text may become the comment", plan(configs=INLINE), GRADE,
     marked(comment=UNKNOWN), Code.COMMENT_UNKNOWN, "Moodle would make the student's own text one (Comment inline"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("says", "which", "entry", "before", "code", "words"), REFUSED, ids=[row[0] for row in REFUSED]
)
def test_what_is_refused_for_what_is_stored(
    says: str, which: Plan, entry: Entry, before: Stored, code: Code, words: str
) -> None:
    failed(which.decide(replace(entry, participant=7), before), code, words, says)


WRITTEN: list[tuple[str, Plan, Entry, Stored, dict[str, Any]]] = [
    ("a text, and the grade stays", plan(), TEXT, BEFORE,
     {"attempt": 0, "grade": Decimal(64), "comment": Comment("<p>new</p>", HTML), "workflow": "", "filling": None,
      "names_state": False, "may_clear": False, "notify": True, "notices": ()}),
    ("a grade, and the comment stays", plan(), GRADE, BEFORE, {"grade": Decimal(70), "comment": None, "blank": False}),
    ("a grade where the student's text would become the comment", plan(configs=INLINE), GRADE,
     marked(comment=NO_COMMENT), {"comment": None, "blank": True}),
    ("a grade where there is a comment already", plan(configs=INLINE), GRADE, BEFORE, {"blank": False}),
    ("a text where the student's would become the comment", plan(configs=INLINE), TEXT, marked(comment=NO_COMMENT),
     {"blank": False}),
    ("a text over one that is not seen, and may be the student's", plan(configs=INLINE), TEXT,
     marked(comment=UNKNOWN), {"blank": False}),
    ("a grade where no text becomes a comment", plan(), GRADE, marked(comment=NO_COMMENT), {"blank": False}),
    ("a grade beside a comment that is not seen, where none is made", plan(), GRADE, marked(comment=UNKNOWN),
     {"blank": False}),
    ("a grade of none", plan(), replace(GRADE, grade=Decimal(0)), BEFORE, {"grade": Decimal(0)}),
    ("a text beside no grade", plan(), TEXT, marked(None), {"grade": None}),
    ("a grade of another maximum", plan(options=Options(max_grade=Decimal(10))), replace(GRADE, grade=Decimal(7)),
     marked(6), {"grade": Decimal(70)}),
    ("a scale's item by its name", plan(SCALE), replace(GRADE, grade="good"), BEFORE, {"grade": Decimal(3)}),
    ("a scale's item by its number", plan(SCALE), replace(GRADE, grade=None, scale_item=1), BEFORE,
     {"grade": Decimal(1)}),
    ("a submission that is locked, and included", plan(options=Options(include_locked=True)), TEXT, LOCKED, {}),
    ("the newest attempt, handed in", plan(options=Options(overwrite_grades=True)), TEXT, twice(), {"attempt": 1}),
    ("an older attempt, as the entry says", plan(options=Options(attempt=1)), replace(TEXT, attempt=0), twice(),
     {"attempt": 0, "grade": Decimal(64), "notices": ()}),
    ("an older attempt, as all are", plan(options=Options(attempt=0)), TEXT, twice(), {"attempt": 0}),
    ("the newest attempt, by its number", plan(), replace(GRADE, attempt=1), twice(), {"attempt": 1, "notices": ()}),
    ("the attempt that was handed in, where the newest is empty", plan(), TEXT,
     replace(twice(), marks=BEFORE.marks), {"attempt": 0}),
    ("a grade of the newest attempt, which somebody reopened by hand", plan(attemptreopenmethod="manual"), GRADE,
     replace(twice(), marks=BEFORE.marks), {"attempt": 1}),
    ("a grade of the attempt that was handed in, where Moodle reopens", plan(attemptreopenmethod="automatic"), GRADE,
     replace(twice(), marks=BEFORE.marks), {"attempt": 0}),
    ("a grade of an old attempt", plan(), replace(GRADE, attempt=0), twice(),
     {"attempt": 0, "grade": Decimal(70), "notices": (Notice.OLDER_ATTEMPT,)}),
    ("a grade that nobody can read, and may be lost", plan(options=Options(overwrite_grades=True)), TEXT,
     marked(UNKNOWN), {"grade": None, "may_clear": True}),
    ("a grade that can be read, where one may be lost", plan(options=Options(overwrite_grades=True)), TEXT, BEFORE,
     {"grade": Decimal(64), "may_clear": True}),
    ("a text beside a grade that was given directly", plan(UNREAD), TEXT,
     Stored(0, {0: Mark(Decimal(64), OLD, direct=True)}), {"grade": Decimal(64)}),
    ("a grade where nobody can tell of a form", plan(UNREAD), GRADE, BEFORE, {"grade": Decimal(70)}),
    ("a text beside no grade where nobody can tell of a form", plan(UNREAD), TEXT, marked(None), {"grade": None}),
    ("a text beside a grade that may be lost", plan(UNREAD, options=Options(overwrite_grades=True)), TEXT, BEFORE,
     {"grade": Decimal(64)}),
    ("a filling", plan(RUBRIC), FORM, BEFORE, {"grade": None, "filling": BETTER}),
    ("a filling over another", plan(RUBRIC), FORM, replace(BEFORE, filling=FILLED), {"filling": BETTER}),
    ("a filling on an older attempt", plan(RUBRIC), replace(FORM, attempt=0), twice(filling=BETTER),
     {"attempt": 0, "filling": BETTER, "notices": (Notice.OLDER_ATTEMPT,)}),
    ("the same filling, which stored no grade", plan(RUBRIC), FORM, marked(None, filling=BETTER), {"filling": BETTER}),
    ("the same filling beside a grade that nobody can read", plan(RUBRIC), FORM, marked(UNKNOWN, filling=BETTER),
     {"filling": BETTER, "grade": None}),
    ("a text, and the filling goes along", plan(RUBRIC), TEXT, replace(BEFORE, filling=FILLED), {"filling": FILLED}),
    ("a text beside a filling of nothing", plan(RUBRIC), TEXT, replace(BEFORE, filling=Filling("rubric", ())),
     {"filling": Filling("rubric", ())}),
    ("a text where the gradebook is closed, and no filling", plan(RUBRIC), TEXT,
     replace(BEFORE, book=BookGrade(overridden=True), filling=FILLED), {"filling": None}),
    ("a text where there are no grades", plan(Scheme(method="rubric")), TEXT, replace(BEFORE, filling=FILLED),
     {"filling": None}),
    ("a text over one that nobody can read", plan(), TEXT, marked(comment=UNKNOWN),
     {"comment": Comment("<p>new</p>", HTML), "form_only": None}),
    ("a text below the one that is there", plan(options=Options(append=True)), TEXT, BEFORE,
     {"comment": Comment("<p>old</p>\n<p>new</p>", HTML), "notices": ()}),
    ("a text below a plain one, shown to be plain", plan(options=Options(append=True)), TEXT,
     marked(comment=Comment("a <b>", None), book=BookGrade(Decimal(64), "a &lt;b&gt;")),
     {"comment": Comment("a &lt;b&gt;\n<p>new</p>", HTML)}),
    ("a text below what shows its words alone", plan(options=Options(append=True)), TEXT,
     marked(comment=Comment("<p>new</p>", HTML, shown=True)),
     {"comment": Comment("<p>new</p>\n<p>new</p>", HTML)}),
    ("no text, which removes the one that is there", plan(), replace(TEXT, text="<p></p>"), BEFORE,
     {"comment": Comment("", HTML), "notices": ()}),
    ("no text where there is none, beside a grade", plan(), replace(GRADE, text=" ", format=PLAIN),
     marked(comment=NO_COMMENT), {"comment": Comment("", PLAIN)}),
    ("a text with a word in angles, sent as plain", plan(), replace(TEXT, text="a <b", format=TextFormat.MOODLE),
     BEFORE, {"comment": Comment("a <b", PLAIN), "notices": (Notice.SENT_AS_PLAIN,)}),
    ("the same below another text", plan(options=Options(append=True)),
     replace(TEXT, text="a <b", format=TextFormat.MOODLE), BEFORE, {"notices": ()}),
    ("the same text in another format, and a space makes it another", plan(), replace(TEXT, text="old"),
     marked(comment=Comment("old", PLAIN)), {"comment": Comment("old ", HTML)}),
    ("a workflow state that was to stay", plan(**FLOW), TEXT, replace(BEFORE, workflow="released"),
     {"workflow": "released", "names_state": False, "notify": True}),
    ("a state that was asked for", plan(options=Options(workflow_state="released"), **FLOW), TEXT,
     replace(BEFORE, workflow="inreview"), {"workflow": "released", "names_state": True, "notify": True}),
    ("a state that nobody sees yet", plan(**FLOW), TEXT, replace(BEFORE, workflow="inreview", book=BookGrade()),
     {"workflow": "inreview", "notify": False}),
    ("a message that was asked for, before the release", plan(options=Options(notify=True), **FLOW), TEXT,
     replace(BEFORE, workflow="inreview", book=BookGrade()), {"notify": False}),
    ("no message, says the assignment", plan(sendstudentnotifications=False), TEXT, BEFORE, {"notify": False}),
    ("a message, says the call", plan(options=Options(notify=True), sendstudentnotifications=False), TEXT, BEFORE,
     {"notify": True}),
    ("no message, says the call", plan(options=Options(notify=False)), TEXT, BEFORE, {"notify": False}),
    ("a grade that adds an attempt", plan(attemptreopenmethod="automatic"), GRADE, BEFORE,
     {"notices": (Notice.REOPENED,)}),
    ("a failing grade that adds an attempt", plan(replace(POINTS, pass_grade=TOP), attemptreopenmethod="untilpass"),
     GRADE, BEFORE, {"notices": (Notice.REOPENED,)}),
    ("a passing grade adds none", plan(replace(POINTS, pass_grade=Decimal(50)), attemptreopenmethod="untilpass"),
     GRADE, BEFORE, {"notices": ()}),
    ("a text for who has passed adds none", plan(replace(POINTS, pass_grade=Decimal(50)),
     attemptreopenmethod="untilpass"), TEXT, BEFORE, {"notices": ()}),
    ("a grade of an old attempt adds none", plan(attemptreopenmethod="automatic"), replace(GRADE, attempt=0), twice(),
     {"notices": (Notice.OLDER_ATTEMPT,)}),
    ("what the gradebook says stands before the rest", plan(attemptreopenmethod="automatic"), GRADE,
     replace(BEFORE, book=BookGrade(hidden=True)), {"notices": (Notice.HIDDEN, Notice.REOPENED)}),
]  # fmt: skip


@pytest.mark.parametrize(("says", "which", "entry", "before", "facts"), WRITTEN, ids=[row[0] for row in WRITTEN])
def test_what_is_written(says: str, which: Plan, entry: Entry, before: Stored, facts: dict[str, Any]) -> None:
    found = which.decide(entry, before)
    assert isinstance(found, Write), (says, found)
    assert {name: getattr(found, name) for name in facts} == facts, says
    assert (found.entry, found.before) == (entry, before)


SAME = replace(TEXT, text="<p>old</p>")
STATE: dict[str, Any] = {"options": Options(workflow_state="released"), **FLOW}
UNCHANGED = [
    ("the text is there", plan(), SAME, BEFORE),
    ("it is there beside a grade that nobody can read", plan(), SAME, marked(UNKNOWN)),
    ("the grade is there", plan(), replace(GRADE, grade=Decimal("64.000")), BEFORE),
    ("text and grade are there", plan(), replace(SAME, grade=Decimal(64)), BEFORE),
    ("the text is there, and would add an attempt", plan(attemptreopenmethod="automatic"), SAME, BEFORE),
    ("there is no text, and none is sent", plan(), replace(TEXT, text=""), marked(comment=NO_COMMENT)),
    ("the text is at the end of the one that is there", plan(options=Options(append=True)),
     replace(TEXT, text=" end\n"), marked(comment=Comment("the end \n", None))),
    ("the filling is there", plan(RUBRIC), FORM, replace(BEFORE, filling=BETTER)),
    ("the state is there", plan(**STATE), SAME, replace(BEFORE, workflow="released")),
    ("the filling and the state are there", plan(RUBRIC, **STATE), FORM,
     replace(BEFORE, workflow="released", filling=BETTER)),
]  # fmt: skip


@pytest.mark.parametrize(("says", "which", "entry", "before"), UNCHANGED, ids=[row[0] for row in UNCHANGED])
def test_what_is_there_is_not_sent_again(says: str, which: Plan, entry: Entry, before: Stored) -> None:
    assert which.decide(entry, before) == Result(5, Outcome.UNCHANGED), says


def test_of_what_is_there_it_is_told_what_the_gradebook_says() -> None:
    found = plan().decide(SAME, replace(BEFORE, book=BookGrade(locked=True)))
    assert found == Result(5, Outcome.UNCHANGED, notices=(Notice.LOCKED_IN_GRADEBOOK,))


NEARLY = [
    ("another grade", plan(), replace(SAME, grade=Decimal(65)), BEFORE),
    ("a grade beside one that nobody can read", plan(), GRADE, marked(UNKNOWN)),
    ("the text may be there", plan(), SAME, marked(comment=UNKNOWN)),
    ("another text beside the grade that is there", plan(), replace(TEXT, grade=Decimal(64)), BEFORE),
    ("the text is there, feedback files come along", plan(), replace(SAME, draft=9), BEFORE),
    ("another filling", plan(RUBRIC), FORM, replace(BEFORE, filling=FILLED)),
    ("a filling that nobody can read", plan(RUBRIC), FORM, BEFORE),
    ("the filling is there, the text is not", plan(RUBRIC), replace(FORM, text="new"), replace(BEFORE, filling=BETTER)),
    ("another state beside the text", plan(**STATE), SAME, replace(BEFORE, workflow="inreview")),
    ("another state beside the filling", plan(RUBRIC, **STATE), FORM,
     replace(BEFORE, workflow="inreview", filling=BETTER)),
    ("a state that nobody can read", plan(**STATE), SAME, replace(BEFORE, workflow=UNKNOWN)),
]  # fmt: skip


@pytest.mark.parametrize(("says", "which", "entry", "before"), NEARLY, ids=[row[0] for row in NEARLY])
def test_what_is_not_wholly_there_is_sent(says: str, which: Plan, entry: Entry, before: Stored) -> None:
    assert isinstance(which.decide(entry, before), Write), says


LINES, SEEN = Comment("a\nb", None), BookGrade(Decimal(64), "a<br />\nb")
FORMATS = [
    ("shown with its lines, the text is stored as plain", plan(), {}, SEEN, True),
    ("shown without, it is stored as HTML, as it was sent", plan(), {}, replace(SEEN, text="a\nb"), False),
    ("nobody can read the gradebook", plan(), {}, UNKNOWN, False),
    ("the status shows no text", plan(), {}, replace(SEEN, rounded=True), False),
    ("a lock may keep another text there", plan(), {}, replace(SEEN, locked=True), False),
    ("blind marking may, too", plan(blindmarking=True), {}, SEEN, False),
    ("there is no text", plan(), {}, replace(SEEN, text=""), False),
    ("the text is an older attempt's", plan(), {"attempt": 0}, SEEN, False),
    ("the state is not released", plan(**FLOW), {"workflow": "inreview"}, SEEN, False),
    ("the state is released", plan(**FLOW), {"workflow": "released"}, SEEN, True),
]


@pytest.mark.parametrize(("says", "which", "how", "book", "rewritten"), FORMATS, ids=[row[0] for row in FORMATS])
def test_when_the_gradebook_tells_the_format_of_a_comment(
    says: str, which: Plan, how: dict[str, Any], book: Any, rewritten: bool
) -> None:
    before = replace(marked(comment=LINES, book=book), workflow=how.get("workflow", ""))
    entry = Entry(5, "a\nb", HTML, attempt=how.get("attempt"))
    if entry.attempt is not None:
        before = replace(before, newest=1)
    found = which.decide(entry, before)
    assert isinstance(found, Write) is rewritten, says
    if isinstance(found, Write):
        assert found.comment == Comment("a\nb ", HTML)


QUIET = Options(notify=False)
FORM_ONLY = [
    ("a grade that is to stay and nobody can read", plan(), TEXT, marked(UNKNOWN), Code.GRADE_UNKNOWN,
     f"or core_grading_get_definitions and mod_assign_submit_grading_form {WEB_SERVICE}, or pass the grade."),
    ("a state that is to stay and nobody can read", plan(**FLOW), TEXT,
     replace(marked(None), workflow=UNKNOWN, book=BookGrade()), Code.WORKFLOW_UNKNOWN,
     f"enable mod_assign_get_user_flags or mod_assign_submit_grading_form {WEB_SERVICE}, or pass the state."),
    ("a comment that is to stay and nobody can read", plan(), GRADE, marked(comment=UNKNOWN), Code.COMMENT_UNKNOWN,
     f"pass a text too, or enable mod_assign_submit_grading_form {WEB_SERVICE}."),
    ("a comment that is to stay and is seen as shown", plan(), GRADE, marked(comment=replace(OLD, shown=True)),
     Code.COMMENT_UNKNOWN, "writing a grade alone would lose it"),
    ("a student who is to be told nothing", plan(options=QUIET), TEXT, BEFORE, Code.WOULD_NOTIFY,
     f"without notifying the student: enable mod_assign_submit_grading_form {WEB_SERVICE}."),
    ("a student who is to be told nothing of a release", plan(options=QUIET, **FLOW), TEXT,
     replace(BEFORE, workflow="released"), Code.WOULD_NOTIFY, "without notifying"),
    ("a student who is to be told nothing, behind a workflow of old", plan(options=QUIET), TEXT,
     replace(BEFORE, workflow="inreview"), Code.WOULD_NOTIFY, "without notifying"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("says", "which", "entry", "before", "code", "words"), FORM_ONLY, ids=[row[0] for row in FORM_ONLY]
)
def test_what_nothing_but_moodles_own_form_can_do(
    says: str, which: Plan, entry: Entry, before: Stored, code: Code, words: str
) -> None:
    found = which.decide(replace(entry, participant=7), before)
    assert isinstance(found, Write), (says, found)
    failed(found.form_only, code, words, says)


@pytest.mark.parametrize(
    ("says", "which", "entry", "before"),
    [
        ("a text", plan(), TEXT, BEFORE),
        ("a grade beside a comment that is known", plan(), GRADE, BEFORE),
        ("a grade where there are no comments", plan(configs=()), GRADE, marked(comment=UNKNOWN)),
        ("a text in place of one that nobody can read", plan(), TEXT, marked(comment=UNKNOWN)),
        ("a student who is told", plan(options=Options(notify=True)), TEXT, BEFORE),
        ("a student who is told nothing before the release", plan(options=QUIET, **FLOW), TEXT,
         replace(BEFORE, workflow="inreview", book=BookGrade())),
    ],
)  # fmt: skip
def test_what_any_writer_can_do(says: str, which: Plan, entry: Entry, before: Stored) -> None:
    found = which.decide(entry, before)
    assert isinstance(found, Write), (says, found)
    assert found.form_only is None, says


def test_what_the_gradebook_says_of_a_student() -> None:
    everything = BookGrade(overridden=True, locked=True, hidden=True)
    assert standing(Stored(book=everything)) == (Notice.OVERRIDDEN, Notice.LOCKED_IN_GRADEBOOK, Notice.HIDDEN)
    assert standing(Stored(book=BookGrade())) == standing(Stored()) == ()


SCORED = Filling("guide", (Criterion(3, score=Decimal("1.5"), remark="so"), Criterion(4, score=Decimal(0))))


@pytest.mark.parametrize(
    ("says", "other", "same"),
    [
        ("the same", SCORED, True),
        ("in another order", replace(SCORED, criteria=SCORED.criteria[::-1]), True),
        ("with blanks around the remark", replace(SCORED, criteria=(replace(SCORED.criteria[0], remark=" so\n"),
                                                                    SCORED.criteria[1])), True),
        ("no score is a score of none", replace(SCORED, criteria=(SCORED.criteria[0], Criterion(4))), True),
        ("another score", replace(SCORED, criteria=(SCORED.criteria[0], Criterion(4, score=Decimal(1)))), False),
        ("another criterion", replace(SCORED, criteria=(SCORED.criteria[0], Criterion(5))), False),
        ("another remark", replace(SCORED, criteria=(SCORED.criteria[0], Criterion(4, remark="x"))), False),
        ("another level", replace(SCORED, criteria=(SCORED.criteria[0], Criterion(4, 1))), False),
        ("no level is no level at all", replace(SCORED, criteria=(SCORED.criteria[0], Criterion(4, 0))), True),
        ("one criterion less", replace(SCORED, criteria=SCORED.criteria[:1]), False),
        ("another form", replace(SCORED, method="rubric"), False),
    ],
)  # fmt: skip
def test_when_two_fillings_are_the_same(says: str, other: Filling, same: bool) -> None:
    assert fills_alike(SCORED, other) is fills_alike(other, SCORED) is same, says


@pytest.mark.timeout(20)
def test_attempts_of_any_number_are_looked_at_as_far_as_they_were_read() -> None:
    before = Stored(newest=10**18, marks={7: Mark(handed_in=True), 3: Mark(Decimal(5), handed_in=True)})
    assert attempt_of(Assignment(id=1, cmid=1), TEXT, before) == 3
