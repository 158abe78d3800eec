"""What a given grade is in an assignment, and whether a filled form fits; decided without I/O."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from itertools import islice

from rpc_moodle.moodle.errors import InvalidArgument
from rpc_moodle.moodle.publishing.entries import Criterion, Filling
from rpc_moodle.moodle.text import languages, plain_name

_STORED = Decimal("0.00001")  # Moodle's column has five decimals
_LANGUAGES = 20  # of an item's name that are looked at: each costs a look at all of it
_FAULTS = 5  # of a filling that are told
_NAMED = 20  # criteria, levels or items that a sentence names


class OutOfRange(InvalidArgument):
    """A grade that the assignment cannot have; the text is a sentence for a person."""


class TwoReadings(InvalidArgument):
    """A grade that is an item's name and another item's number; the text is a sentence for a person."""


@dataclass(frozen=True, slots=True)
class FormCriterion:
    """A criterion of a rubric, with its levels, or of a marking guide, with its maximum."""

    id: int
    name: str
    levels: Mapping[int, str] = field(default_factory=dict)
    maximum: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """The rubric or marking guide of an assignment."""

    id: int
    method: str
    criteria: tuple[FormCriterion, ...]

    def faults(self, filling: Filling) -> str:
        """Say what is wrong with a filling, empty for nothing: Moodle stores and computes whatever comes.

        See ``rubric.1``, ``rubric.3``, ``guide.1``, ``guide.2``, ``guide.3``.
        """
        return "; ".join(islice(self._faults(filling), _FAULTS))

    def _faults(self, filling: Filling) -> Iterator[str]:
        own = {each.id: each for each in self.criteria}
        filled = Counter(each.id for each in filling.criteria)
        for each in filling.criteria:
            criterion = own.get(each.id)
            if criterion is None:
                yield f"there is no criterion {each.id}; there are {_some(map(_named, self.criteria))}"
            elif filled[each.id] > 1:
                yield f"criterion {_named(criterion)} is filled twice"
            else:
                yield from self._faults_of(criterion, each)
        for criterion in self.criteria:
            if criterion.id not in filled:
                yield f"criterion {_named(criterion)} is not filled"

    def _faults_of(self, criterion: FormCriterion, filled: Criterion) -> Iterator[str]:
        if self.method == "rubric":
            if filled.level not in criterion.levels:
                known = _some(f"{level} ({name})" for level, name in criterion.levels.items())
                yield f"criterion {_named(criterion)} has no level {filled.level}; it has {known}"
        elif filled.score is None:
            yield f"criterion {_named(criterion)} has no score"
        elif not 0 <= filled.score <= (criterion.maximum or 0):
            yield f"the score of criterion {_named(criterion)} is not between 0 and {criterion.maximum}"


def _named(criterion: FormCriterion) -> str:
    return f"{criterion.id} ({criterion.name})" if criterion.name else str(criterion.id)


def _some(names: Iterable[str]) -> str:
    """Write names with commas between them, as many as a person reads."""
    some = list(islice(names, _NAMED + 1))
    return ", ".join([*some[:_NAMED], *(["and more"] if len(some) > _NAMED else [])])


@dataclass(frozen=True, slots=True)
class Scheme:
    """How an assignment is graded.

    ``maximum`` in points, None where there are none; ``is_scale`` with ``items`` from the first up, as they are
    written, empty where they could not be read; ``method`` is ``""`` for direct grading, ``rubric`` or ``guide``,
    None where it could not be read; ``form`` is the form of a method, None where it could not be read.
    ``pass_grade`` is the grade to pass, 0 for none, None where it could not be read.
    """

    maximum: Decimal | None = None
    is_scale: bool = False
    items: tuple[str, ...] = ()
    method: str | None = None
    form: Form | None = None
    pass_grade: Decimal | None = None
    _places: dict[str, list[int]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Look at the items once, whatever the number of grades."""
        for place, item in enumerate(self.items, start=1):
            for name in _names(item):
                self._places.setdefault(name, []).append(place)

    @property
    def is_graded(self) -> bool:
        """Whether there are grades at all."""
        return self.is_scale or self.maximum is not None

    def resolve(self, given: Decimal | str, max_grade: Decimal | None = None) -> Decimal:
        """Return the number that Moodle stores for a given grade.

        ``given`` is points, the name of a scale's item, or its number counted from 1; with ``max_grade``, points of
        that maximum, converted to the assignment's and rounded to five decimals.

        Raises OutOfRange or TwoReadings.
        """
        if not self.is_graded:
            raise OutOfRange("The assignment has no grades.")
        if self.is_scale:
            return self._item(given, max_grade)
        points = given if isinstance(given, Decimal) else _number(given)
        if points is None or self.maximum is None:
            raise OutOfRange(f"The grade is no number; the assignment has points up to {self.maximum}.")
        top = self.maximum if max_grade is None else max_grade
        if not points.is_finite() or not 0 <= points <= top:
            raise OutOfRange(f"The grade is not between 0 and {top}.")
        value = points if max_grade is None else points * self.maximum / max_grade
        try:
            return value.quantize(_STORED, ROUND_HALF_UP)
        except InvalidOperation:
            raise OutOfRange("The grade has more digits than Moodle stores.") from None

    def item(self, number: int) -> Decimal:
        """Return the number that Moodle stores for a scale's item, given by its number; raises OutOfRange."""
        if not self.is_scale:
            raise OutOfRange("The assignment is not graded by a scale; pass grade.")
        self._readable()
        if not 1 <= number <= len(self.items):
            raise OutOfRange(f"The scale has no item {number}; it has 1 to {len(self.items)}.")
        return Decimal(number)

    def _readable(self) -> None:
        if not self.items:
            raise OutOfRange(
                "The items of the assignment's scale cannot be read, so nothing is written: enable "
                "core_course_get_course_module in the web service of the API key; items with markup cannot be read."
            )

    def _item(self, given: Decimal | str, max_grade: Decimal | None) -> Decimal:
        """Read a grade as an item's name first, then as its number; what is both, and not the same, is refused."""
        self._readable()
        text = given.strip() if isinstance(given, str) else format(given.normalize(), "f")
        named = self._places.get(text.casefold(), [])
        value = given if isinstance(given, Decimal) else _number(given)
        if value is not None and max_grade is not None:
            raise OutOfRange("The assignment is graded by a scale: points cannot be converted, name the item.")
        whole = value is not None and value.is_finite() and value == value.to_integral_value()
        place = int(value) if value is not None and whole and 1 <= value <= len(self.items) else None
        readings = {*named, place} - {None}
        if len(readings) > 1:
            raise TwoReadings(
                f"“{text}” is the name of item {named[0]} of the scale, and as a number it is "
                f"“{self.shown(place)}”; pass scaleItem: {named[0]} or scaleItem: {place}."
                if place is not None
                else f"“{text}” is the name of more than one item of the scale; pass scaleItem, one of {named}."
            )
        if readings:
            return Decimal(next(each for each in readings if each is not None))
        known = _some(self.shown(each) for each in range(1, len(self.items) + 1))
        raise OutOfRange(f"The grade is no item of the assignment's scale, which has {known}.")

    def shown(self, place: int | None) -> str:
        """Return an item's name as people read it."""
        return plain_name(self.items[place - 1]) if place else ""


def _names(item: str) -> set[str]:
    """Return what an item may be called: as written, and without markup in each of its languages."""
    every = list(dict.fromkeys(languages(item)))[:_LANGUAGES]
    shown = {plain_name(item, language) for language in every or ("en",)}
    return {item.strip().casefold(), *(name.casefold() for name in shown)}


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text.strip())
    except InvalidOperation:
        return None


def fills_alike(one: Filling, other: Filling) -> bool:
    """Tell whether two fillings are the same, in whatever order."""
    return one.method == other.method and sorted(map(_filled, one.criteria)) == sorted(map(_filled, other.criteria))


def _filled(each: Criterion) -> tuple[int, int, Decimal, str]:
    return each.id, each.level or 0, each.score or Decimal(0), each.remark.strip()
