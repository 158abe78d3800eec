import json
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BeforeValidator, Field, ValidationError
from typing_extensions import TypedDict

from rpc_moodle.moodle import reading
from rpc_moodle.moodle.groups import Grouped
from rpc_moodle.moodle.models import EnrolledUser, Participant, Role, Submissions
from rpc_moodle.moodle.reading import Reader
from rpc_moodle.moodle.users import Access, DetailedUser
from rpc_moodle.transport.answers import LONG
from tests.support import VERSIONS, body_of, exchanges

KINDS: list[Any] = [list[EnrolledUser], list[Participant], Submissions]
NAMES = [
    "id",
    "userid",
    "email",
    "fullname",
    "roles",
    "roleid",
    "name",
    "plugins",
    "type",
    "assignments",
    "submissions",
]
ODD = st.sampled_from([True, None, "7", "7.0", 7.0, 7.5, 2**70, "", "text", 1e300, "\ud800"])
VALUES = st.recursive(
    ODD | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)


def outcome(reader: Any, body: bytes) -> object:
    """What a reader makes of a body: the value, or what is wrong where."""
    try:
        return reader.validate_json(body)
    except ValidationError as error:
        return [(each["loc"], each["msg"]) for each in error.errors()]


@pytest.mark.parametrize("kind", [*KINDS, list[DetailedUser], list[Access], list[Grouped]], ids=str)
def test_rows_that_come_by_the_thousand_are_read_the_fast_way(kind: Any) -> None:
    assert Reader(kind)._fast is not None


@pytest.mark.parametrize("kind", KINDS, ids=str)
@given(value=VALUES)
def test_an_answer_means_what_the_exacting_reader_takes_it_for(kind: Any, value: object) -> None:
    rows = value if isinstance(value, list | dict) else [value]
    for body in (json.dumps(rows).encode(), json.dumps([rows]).encode()):
        expected = outcome(EXACT[str(kind)], body)
        assert outcome(Reader(kind), body) == expected
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(reading, "LONG", 0)
            assert outcome(Reader(kind), body) == expected


EXACT: dict[str, Any] = {str(kind): Reader(kind)._exact for kind in KINDS}  # what each is compared with


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("long", [LONG, 0], ids=["at once", "in slices"])
def test_every_recorded_answer_means_the_same_to_all_readers(
    kind: Any, version: str, long: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "LONG", long)
    for exchange in exchanges(version).values():
        body = body_of(exchange)
        assert outcome(Reader(kind), body) == outcome(EXACT[str(kind)], body)


def test_a_long_answer_is_read_in_slices_row_for_row(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"userid": user, "plugins": [{"type": "file"}]} for user in range(250)]
    whole = json.dumps({"assignments": [{"assignmentid": 1, "submissions": rows}, {"assignmentid": 2}]}).encode()
    reader: Reader[Any] = Reader(Submissions)
    at_once = reader.validate_json(whole)
    monkeypatch.setattr(reading, "LONG", 0)
    monkeypatch.setattr(reader, "_fast", reader)  # whose decode() there is not
    assert reader.validate_json(whole) == at_once
    assert [row.userid for row in at_once["assignments"][0]["submissions"]] == list(range(250))


@pytest.mark.parametrize(
    ("body", "read"),
    [
        (b'[{"id": "7"}]', [EnrolledUser(7)]),
        (b'[{"id": 7.0, "email": null, "new": [1]}]', [EnrolledUser(7)]),
        (b'[{"id": "7", "roles": [{"shortname": "student"}]}]', [EnrolledUser(7, (Role(shortname="student"),))]),
        (b'[{"id": 1, "id": 2}]', [EnrolledUser(2)]),
        (b'[{"id": 1, "x": NaN}]', [EnrolledUser(1)]),
    ],
)
def test_rows_are_read_with_tolerance(body: bytes, read: object) -> None:
    assert Reader(list[EnrolledUser]).validate_json(body) == read


@pytest.mark.parametrize("body", [b"", b"[", b'[{"id": 1}] x', b'[{"id": "\xff"}]', b"[" * 100_000, b'[{"id": []}]'])
def test_what_cannot_be_read_raises_what_pydantic_raises(body: bytes) -> None:
    with pytest.raises(ValidationError):
        Reader(list[EnrolledUser]).validate_json(body)


class Changed(TypedDict):
    name: Annotated[str, BeforeValidator(str.upper)]


class Limited(TypedDict):
    number: Annotated[int, Field(ge=1)]


class Deep(TypedDict, total=False):
    inner: list[Changed]


@pytest.mark.parametrize(
    ("kind", "body", "read"),
    [
        (Changed, b'{"name": "a"}', {"name": "A"}),
        (list[Changed], b'[{"name": "a"}]', [{"name": "A"}]),
        (Deep, b'{"inner": [{"name": "a"}]}', {"inner": [{"name": "A"}]}),
    ],
)
def test_what_a_validator_changes_is_changed(kind: Any, body: bytes, read: object) -> None:
    assert Reader(kind).validate_json(body) == read


def test_limits_hold() -> None:
    with pytest.raises(ValidationError):
        Reader(Limited).validate_json(b'{"number": 0}')


def test_rows_are_read_by_the_fast_reader_alone() -> None:
    reader: Reader[list[EnrolledUser]] = Reader(list[EnrolledUser])
    vars(reader)["_exact"] = None  # would fail if it were asked
    assert reader.validate_json(b'[{"id": 1, "roles": [{"shortname": "student"}]}]')[0].id == 1
