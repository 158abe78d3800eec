"""No event name and no payload whatever leaves a call without an answer."""

import itertools
import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.utils.calculator import methods
from tests.utils.raw import RawSocket
from utils.dispatch import Dispatcher

TEXTS = st.text(st.characters())  # lone surrogates included
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.integers(min_value=2**64, max_value=2**80)
)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=20)
EVENTS = st.sampled_from(["add", "tally", "echo", "addSlowly", "connect", "disconnect", "message"]) | JSON
NUMBERS = st.fixed_dictionaries({"numbers": JSON | st.lists(st.integers(max_value=1000))}, optional={"options": JSON})
ARGUMENTS = st.lists(JSON | NUMBERS, max_size=3)
COUNTER = itertools.count(1)


def assert_envelope(reply: dict[str, object]) -> None:
    if reply["success"]:
        assert set(reply) <= {"success", "data", "warnings", "callId"}
    else:
        assert isinstance(reply["message"], str)
        assert isinstance(reply["error"], dict)
        assert set(reply["error"]) == {"code", "message", "retryable", "details"}
        assert reply["error"]["code"] in {"invalid_request", "unknown_method", "internal"}


@settings(deadline=None, max_examples=300)
@given(event=EVENTS, arguments=ARGUMENTS)
async def test_in_process(event: object, arguments: list[object]) -> None:
    reply = await Dispatcher(methods).dispatch(event, arguments)
    assert reply.encoded is not None
    assert_envelope(json.loads(reply.encoded.text))


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(event=EVENTS, arguments=ARGUMENTS)
async def test_over_a_socket(raw: RawSocket, event: object, arguments: list[object]) -> None:
    ack_id = next(COUNTER)
    await raw.send(f"42{ack_id}" + json.dumps([event, *arguments]))
    text = await raw.receive()
    assert text[: text.index("[")].endswith(str(ack_id))
    reply = json.loads(text[text.index("[") :])[0]
    assert_envelope(reply)
    for _ in range(text.count('"_placeholder":true') if text.startswith("46") else 0):
        assert await raw.receive() == "BINARY"
    assert await raw.works()


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(garbage=st.text(st.characters(exclude_categories=["Cs"])) | st.binary())
async def test_garbage_after_a_packet_type_leaves_the_socket_usable(raw: RawSocket, garbage: str | bytes) -> None:
    await raw.send("42" + garbage if isinstance(garbage, str) else garbage)
    await raw.send('4299["add",{"numbers":[1,2]}]')
    while not (text := await raw.receive()).startswith('4399[{"success":true,"data":3,'):
        assert text.startswith("43")
