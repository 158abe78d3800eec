"""Socket.IO packets that are written in one pass, and that say what is wrong with them instead of raising."""

import re
from collections.abc import Sequence
from typing import Any, Self

import engineio.packet
import socketio.packet

from utils.codec import Encoded, encode, loads
from utils.contract import Envelope
from utils.errors import INVALID_REQUEST, TOO_LARGE, RpcError

MAX_ATTACHMENTS = 1000
"""Attachments of one inbound packet; Node's client sends any number, and takes ten."""

MAX_VALUES = 500_000
"""Commas and opening brackets of a payload, about its number of values: parsing more keeps everyone waiting."""

MAX_VALUES_BESIDE_ATTACHMENTS = 100_000
"""The same where there are attachments, for which every value is looked at."""

_EVENT_NAME = re.compile(r'[56]?[0-9]*-?(?:/[^,]*,)?[0-9]*\["([A-Za-z]{1,64})"')


class Text(bytes):
    """A text message of Engine.IO in UTF-8, as it goes over the wire."""

    @classmethod
    def of(cls, head: str, json: bytes) -> Self:
        """Put the sign of a message and a packet's head before its data."""
        return cls(b"%d%b%b" % (engineio.packet.MESSAGE, head.encode(), json))


class Message(engineio.packet.Packet):  # type: ignore[misc] # the library has no types
    """A text message that is held once, however it is sent."""

    data: Text

    def __init__(self, text: Text) -> None:
        """Take the text."""
        super().__init__(engineio.packet.MESSAGE, text)

    def encode(self, b64: bool = False) -> str | Text:  # noqa: FBT001, FBT002 - overrides the library's
        """Return what a WebSocket sends; as a string for the answer to a poll."""
        return self.data.decode() if b64 else self.data


class Packet(socketio.packet.Packet):  # type: ignore[misc] # the library has no types
    """A packet; ``problem`` is why its payload cannot be taken, while namespace and ack id are still known.

    ``kept`` are the bytes that it has taken from what all callers share, attachments included.
    """

    data: Any
    problem: RpcError | None = None
    size = 0
    kept = 0

    @classmethod
    def data_is_binary(cls, data: object) -> bool:  # noqa: ARG003 - overrides the library's
        """Say no: :meth:`encode` finds the bytes on its way, and needs no walk of its own for it."""
        return False

    def encode(self) -> str | Text | list[str | bytes]:
        """Return the packet's text, or a list of text and attachments when the data hold bytes.

        A text that has data is a :class:`Text`: a reply of megabytes is not copied from one form into another.
        """
        kind = self.packet_type
        encoded = None if self.data is None else _written(self.data)
        head = ""
        if encoded is not None and encoded.attachments:
            kind = {
                socketio.packet.EVENT: socketio.packet.BINARY_EVENT,
                socketio.packet.ACK: socketio.packet.BINARY_ACK,
            }[kind]
            head = f"{len(encoded.attachments)}-"
        if self.namespace is not None and self.namespace != "/":
            head += f"{self.namespace},"
        if self.id is not None:
            head += str(self.id)
        if encoded is None:
            return f"{kind}{head}"
        if encoded.attachments:
            return [f"{kind}{head}{encoded.text}", *encoded.attachments]
        return Text.of(f"{kind}{head}", encoded.json)

    def decode(self, encoded_packet: str) -> int:
        """Read the text; return how many attachments follow. Raises ValueError when not even its head makes sense."""
        self.size = len(encoded_packet)
        try:
            count: int = super().decode(encoded_packet)
        except RpcError as problem:
            self._refuse(problem, encoded_packet)
            return 0
        if count > MAX_ATTACHMENTS:
            self._refuse(_invalid(f"a packet may have {MAX_ATTACHMENTS} attachments at most"), encoded_packet)
            return 0
        if count and values(encoded_packet) > MAX_VALUES_BESIDE_ATTACHMENTS:
            self._refuse(too_many(MAX_VALUES_BESIDE_ATTACHMENTS), encoded_packet)
            return 0
        return count

    def add_attachment(self, attachment: bytes) -> bool:
        """Take one more attachment; return whether the packet is complete."""
        self.size += len(attachment)
        if self.size > self.json.limit:
            self.problem = too_large(self.json.limit)
            attachment = b""
        try:
            complete: bool = super().add_attachment(attachment)
        except (IndexError, KeyError, TypeError, RecursionError):
            self.problem = self.problem or _invalid("a placeholder names no attachment")
            return True
        return complete

    def _refuse(self, problem: RpcError, text: str) -> None:
        self.problem = problem
        name = _EVENT_NAME.match(text[1:300])
        self.data = [name[1] if name else None]


class LimitedJson:
    """The json module of a packet class: reads payloads up to ``limit`` bytes, and raises RpcError for others."""

    def __init__(self, limit: int) -> None:
        self.limit = limit

    def loads(self, text: str) -> Any:
        """Read JSON; raises RpcError `too_large` before it parses what is too large, `invalid_request` for no JSON."""
        if len(text) > self.limit or (not text.isascii() and len(text.encode(errors="surrogatepass")) > self.limit):
            raise too_large(self.limit)
        if values(text) > MAX_VALUES:
            raise too_many(MAX_VALUES)
        try:
            return loads(text)
        except ValueError:
            raise _invalid("it is no JSON, or is nested too deeply") from None


def packet_class(limit: int) -> type[Packet]:
    """Make a packet class for payloads of up to ``limit`` bytes; python-socketio takes classes, not factories."""
    return type("LimitedPacket", (Packet,), {"json": LimitedJson(limit)})


def too_large(limit: int) -> RpcError:
    """Return the error for a payload over the limit."""
    return RpcError(
        TOO_LARGE,
        f"The payload is larger than the {limit} bytes that this service takes; split it over several calls.",
        details={"limitBytes": limit},
    )


def values(text: str) -> int:
    """Count what JSON has at least one of per value; quickly, hence those inside of strings as well."""
    return text.count(",") + text.count("[") + text.count("{")


def too_many(limit: int) -> RpcError:
    """Return the error for a payload of too many values."""
    return RpcError(
        TOO_LARGE,
        f"The payload has more than the {limit} values that this service takes; split it over several calls.",
        details={"limitValues": limit},
    )


def _invalid(problem: str) -> RpcError:
    return RpcError(
        INVALID_REQUEST,
        f"The payload cannot be read: {problem}.",
        details={"fields": [{"path": "", "problem": problem}]},
    )


def _written(data: Sequence[object]) -> Encoded:
    """Encode the arguments of a packet; a lone reply has been encoded by the dispatcher already."""
    if len(data) == 1:
        reply = data[0] if isinstance(data, list) else None
        if isinstance(reply, Envelope) and reply.encoded is not None:
            return Encoded(b"[%b]" % reply.encoded.json, reply.encoded.attachments)
    return encode(data)
