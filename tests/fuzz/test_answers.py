"""Whatever bytes a site answers, they become a value or one of the adapter's errors."""

from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz import answers
from tests.fuzz.budget import fuzz

SEEDS = answers.seeds()


@fuzz
@given(st.binary(max_size=200))
def test_any_bytes_can_be_an_answer(data: bytes) -> None:
    answers.take(data)


@fuzz
@given(st.sampled_from(SEEDS), st.binary(max_size=4), st.data())
def test_a_recorded_answer_may_be_damaged_anywhere(seed: bytes, other: bytes, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(seed)))
    end = data.draw(st.integers(start, min(len(seed), start + 20)))
    answers.take(seed[:start] + other + seed[end:])
