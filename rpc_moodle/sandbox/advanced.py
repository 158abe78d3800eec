"""Rubrics and marking guides: the form's definition, its filled-in instances, and the grade that they give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

INCOMPLETE, ACTIVE, ARCHIVED = 0, 1, 3
"""The states of an instance; only an active one counts and is listed."""

GUIDE: Final = "guide"

Criteria = Mapping[int, Mapping[int, float]]
"""Per criterion id the scores by level id; a guide has the one level 0, whose score is the maximum."""


@dataclass
class Definition:
    """The words of a rubric or guide; what has none is called after its id.

    ``id`` 0 stands for the assignment's own id. ``criteria`` names criteria, ``levels`` a rubric's levels,
    ``shortnames`` and ``markers`` a guide's criteria, each by id.
    """

    id: int = 0
    name: str = ""
    description: str = ""
    timecreated: int = 0
    criteria: dict[int, str] = field(default_factory=dict)
    levels: dict[int, str] = field(default_factory=dict)
    shortnames: dict[int, str] = field(default_factory=dict)
    markers: dict[int, str] = field(default_factory=dict)


@dataclass
class Filling:
    """What was chosen for one criterion: ``value`` is a rubric's level id or a guide's score."""

    id: int
    value: float
    remark: str = ""


@dataclass
class Instance:
    """A form as one rater filled it in for one grade (``itemid``); the fillings by criterion id."""

    id: int
    raterid: int
    itemid: int
    timemodified: int
    status: int = INCOMPLETE
    fillings: dict[int, Filling] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What a call wants filled in for a criterion; ``value`` is ``None`` where only a remark was sent."""

    value: float | None
    remark: str = ""


def grade_of(method: str, criteria: Criteria, maximum: float, fillings: Mapping[int, Filling]) -> float:
    """Compute the grade of a filled-in form, without asking whether it makes sense.

    A criterion left out and a level that is not there count nothing, a guide's score whatever it says
    (``rubric.1``, ``rubric.3``, ``guide.1`` to ``guide.3``). A form without scores gives -1.
    """
    guide = method == GUIDE
    most = sum(max(levels.values()) for levels in criteria.values())
    least = 0.0 if guide else sum(min(levels.values()) for levels in criteria.values())
    if most <= least:
        return -1.0
    score = sum(
        one.value if guide else criteria[criterion].get(int(one.value), 0.0)
        for criterion, one in fillings.items()
        if criterion in criteria
    )
    return round(max(maximum, 0) * (score - least) / (most - least), 5)


def is_empty(criteria: Criteria, answers: Mapping[int, Answer]) -> bool:
    """Tell whether nothing was answered: then the grade is none, whatever the form held (``rubric.4``)."""
    return not any(
        answer.value is not None or answer.remark for criterion, answer in answers.items() if criterion in criteria
    )


def is_whole(method: str, criteria: Criteria, answers: Mapping[int, Answer]) -> bool:
    """Tell whether Moodle's page takes the answers: every criterion, with its level or score (``form.rubric_half``)."""
    for criterion, levels in criteria.items():
        value = answers[criterion].value if criterion in answers else None
        if value is None or not (0 <= value <= max(levels.values()) if method == GUIDE else value in levels):
            return False
    return True
