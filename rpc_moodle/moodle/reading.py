"""Typed answers straight from their bytes: rows by the fastest reader there is, all else by the one that explains."""

from typing import Annotated, Any, Generic, NotRequired, Protocol, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from pydantic import FailFast, Field, GetCoreSchemaHandler, TypeAdapter
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, core_schema
from typing_extensions import TypedDict, is_typeddict

from rpc_moodle.transport.answers import LONG

T = TypeVar("T")
_PLAIN = (int, float, str, bool, type(None), Any)

_SLICE = 100
"""Rows that are read at once; fewer cost more."""

T_co = TypeVar("T_co", covariant=True)


class Reads(Protocol[T_co]):
    """What reads JSON into a type, as pydantic's TypeAdapter does."""

    def validate_json(self, body: bytes, /, *, context: Any = None) -> T_co:
        """Read a body; validators are given the context; raises pydantic's ValidationError."""


class Record(msgspec.Struct, gc=False):
    """A row that comes by the thousand: it takes two thirds of a dict's time to read (``docs/performance``).

    A key that the site leaves out has its default. Without ``gc`` the garbage collector passes it over; a row never
    holds itself.
    """

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Let pydantic read it, too: as a typed dict first."""
        kinds = get_type_hints(cls, include_extras=True)
        fields = {
            field.name: core_schema.typed_dict_field(
                handler.generate_schema(kinds[field.name]), required=field.required
            )
            for field in msgspec.structs.fields(cls)
        }
        made = core_schema.typed_dict_schema(fields)
        return core_schema.no_info_after_validator_function(lambda found: cls(**found), made)


class Reader(Generic[T]):
    """Reads JSON into a type, as pydantic does.

    Records and typed dicts of plain values are read by msgspec in half the time (``docs/performance``). What it refuses
    is read once more by pydantic, which takes a number in quotes and the like, or says what is wrong with it.
    """

    def __init__(self, into: Any) -> None:
        """Take the type."""
        row = get_args(into)[0] if get_origin(into) is list else into
        self._into = into
        self._fast = msgspec.json.Decoder(into) if _fields(row) and is_plain(row) else None
        self._outside = msgspec.json.Decoder(_outside(into) if self._fast else object)
        self._exact: TypeAdapter[T] = TypeAdapter(
            Annotated[into, Field(fail_fast=True)] if get_origin(into) is list else into
        )

    def validate_json(self, body: bytes, /, *, context: Any = None) -> T:
        """Read a body; validators are given the context; raises pydantic's ValidationError."""
        if self._fast is not None:
            try:
                value: T = self._sliced(body) if len(body) >= LONG else self._fast.decode(body)
            except (msgspec.MsgspecError, ValueError, RecursionError):
                pass
            else:
                return value
        return self._exact.validate_json(body, context=context)

    def _sliced(self, body: bytes) -> Any:
        """Read a body in small steps, between which other threads have their turn."""
        return _inside(self._into, self._outside.decode(body))


def _is_row(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Record)


def _outside(kind: Any) -> Any:
    """Return a type whose records in lists are left as they are written."""
    kind = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    if get_origin(kind) is list:
        row = get_args(kind)[0]
        return list[msgspec.Raw] if _is_row(row) else list[_outside(row)]  # type: ignore[misc] # made from a type
    if is_typeddict(kind):
        fields = {name: _outside(inner) for name, inner in get_type_hints(kind).items()}
        given = {
            name: inner if name in kind.__required_keys__ else NotRequired[inner] for name, inner in fields.items()
        }
        return TypedDict(kind.__name__, given)  # type: ignore[operator] # as it is made from a type
    return kind


def _inside(kind: Any, read: Any) -> Any:
    """Read the records that were left as they are written."""
    kind = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    if get_origin(kind) is list:
        row = get_args(kind)[0]
        if not _is_row(row):
            return [_inside(row, each) for each in read]
        decode = msgspec.json.Decoder(list[row]).decode  # type: ignore[valid-type] # made from a type
        slices = (read[start : start + _SLICE] for start in range(0, len(read), _SLICE))
        return [each for rows in slices for each in decode(b"[%b]" % b",".join(rows))]
    if is_typeddict(kind):
        return {name: _inside(get_type_hints(kind)[name], each) for name, each in read.items()}
    return read


def is_plain(kind: Any) -> bool:
    """Tell whether reading a type is checking it and nothing more: no validator changes a value, no limit holds."""
    if fields := _fields(kind):
        return all(map(is_plain, fields))
    if get_origin(kind) is Annotated:
        kind, *notes = get_args(kind)
        return is_plain(kind) and all(
            isinstance(note, FieldInfo) and all(isinstance(each, FailFast) for each in note.metadata) for note in notes
        )
    inner = [each for each in get_args(kind) if each is not Ellipsis]
    return all(map(is_plain, inner)) if inner else kind in _PLAIN


def _fields(kind: Any) -> list[Any]:
    """Return the types of the fields of a record or a typed dict; none for any other type."""
    if is_typeddict(kind) or (isinstance(kind, type) and issubclass(kind, Record)):
        return list(get_type_hints(kind, include_extras=True).values())
    return []
