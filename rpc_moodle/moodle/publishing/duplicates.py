"""Several rows of one user: which of them counts."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from rpc_moodle.moodle.publishing.entries import Entry, Options
from rpc_moodle.moodle.publishing.report import Code, Outcome, Result


def united(entries: Sequence[Entry], options: Options) -> tuple[list[Entry], list[Result]]:
    """Return one entry for each user, and a failure for each whose rows differ without a rule for it.

    Equal rows count once. ``on_duplicate`` is the rule: the last row, or the largest, the sum or the mean of the
    grades with the last text.
    """
    rows: dict[int, list[Entry]] = {}
    for entry in entries:
        rows.setdefault(entry.user_id, []).append(entry)
    kept: list[Entry] = []
    failed: list[Result] = []
    for user, own in rows.items():
        one = _one(own, options)
        if one is not None:
            kept.append(one)
        else:
            text = f"{len(own)} different rows name this user; send one, or say with onDuplicate which counts."
            failed.append(Result(user, Outcome.FAILED, Code.AMBIGUOUS, text, participant=own[0].participant))
    return kept, failed


def _one(own: Sequence[Entry], options: Options) -> Entry | None:  # noqa: PLR0911 - a table of cases
    first = own[0]
    if all(entry.says_the_same(first) for entry in own):
        return first
    rule = options.on_duplicate
    if rule is None:
        return None
    if rule == "last":
        return own[-1]
    if any(entry.filling is not None or entry.scale_item is not None for entry in own):
        return None
    if len({entry.attempt for entry in own}) > 1 or any(entry.files != first.files for entry in own):
        return None
    grades = list(_numbers(own))
    if None in grades:
        return None
    numbers = [grade for grade in grades if grade is not None]
    said = [entry for entry in own if entry.text is not None]
    last = said[-1] if said else first
    if not numbers:
        return last
    total = sum(numbers, Decimal(0))
    grade = {"max": max(numbers), "sum": total, "mean": total / len(numbers)}[rule]
    return replace(last, grade=grade)


def _numbers(own: Sequence[Entry]) -> Iterable[Decimal | None]:
    """Return the grades; None for one that is no number."""
    for entry in own:
        if isinstance(entry.grade, Decimal):
            yield entry.grade
        elif entry.grade is not None:
            yield None
