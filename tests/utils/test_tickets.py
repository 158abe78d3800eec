import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from utils.tickets import Expired, Refused, Tickets

FACTS = {"who": "Ada", "number": 7}


def tickets(key: str = "a key", *, context: bytes = b"test", now: float = 1000) -> Tickets:
    return Tickets([SecretStr(key)], context=context, seconds=60, clock=lambda: now)


def test_facts_come_back_as_they_were_sealed() -> None:
    assert tickets().unwrap("door", tickets().wrap("door", FACTS)) == FACTS


@given(st.text(st.characters(codec="utf-8")))
def test_facts_and_item_of_a_series_come_back(item: str) -> None:
    assert tickets().unwrap_item("door", tickets().series("door", FACTS).ticket(item)) == (FACTS, item)


def test_no_letter_of_an_item_is_taken_for_padding() -> None:
    made = tickets().series("door", FACTS)
    items = [f"a{chr(number)}" for number in range(64, 128)]  # their tickets end in each letter of base64
    assert [tickets().unwrap_item("door", made.ticket(item))[1] for item in items] == items


def test_a_ticket_shows_neither_its_facts_nor_its_purpose() -> None:
    for ticket in (tickets().wrap("door", FACTS), tickets().series("door", FACTS).ticket("item")):
        assert "Ada" not in ticket
        assert "door" not in ticket


@pytest.mark.parametrize("other", [tickets("another key"), tickets(context=b"another service")])
def test_a_ticket_of_another_key_or_another_service_is_refused(other: Tickets) -> None:
    with pytest.raises(Refused):
        tickets().unwrap("door", other.wrap("door", FACTS))
    with pytest.raises(Refused):
        tickets().unwrap_item("door", other.series("door", FACTS).ticket("item"))


def test_a_ticket_serves_one_purpose() -> None:
    with pytest.raises(Refused, match="something else"):
        tickets().unwrap("window", tickets().wrap("door", FACTS))
    with pytest.raises(Refused, match="something else"):
        tickets().unwrap_item("window", tickets().series("door", FACTS).ticket("item"))


def test_a_plain_ticket_is_none_of_a_series_and_the_other_way_round() -> None:
    head = tickets().series("door", FACTS).ticket("item").partition(".")[0]
    with pytest.raises(Refused):
        tickets().unwrap("door", head)
    with pytest.raises(Refused):
        tickets().unwrap_item("door", tickets().wrap("door", FACTS))


def test_a_ticket_is_good_until_its_time_has_passed() -> None:
    plain, of_series = tickets().wrap("door", FACTS), tickets().series("door", FACTS).ticket("item")
    assert tickets(now=1060).unwrap("door", plain) == tickets(now=1060).unwrap_item("door", of_series)[0]
    with pytest.raises(Expired):
        tickets(now=1061).unwrap("door", plain)
    with pytest.raises(Expired):
        tickets(now=1061).unwrap_item("door", of_series)


@given(st.data())
def test_a_ticket_of_a_series_with_any_character_changed_is_refused_or_the_same(data: st.DataObject) -> None:
    ticket = tickets().series("door", FACTS).ticket("an item")
    place = data.draw(st.integers(0, len(ticket) - 1))
    changed = ticket[:place] + data.draw(st.sampled_from("AZaz09-_.=")) + ticket[place + 1 :]
    try:
        assert tickets().unwrap_item("door", changed) == (FACTS, "an item")  # only unused bits of base64
    except Refused:
        assert changed != ticket


@given(st.text(max_size=300))
def test_no_made_up_ticket_does_more_than_be_refused(ticket: str) -> None:
    for number in (ticket, f"{ticket}.{ticket}", f"{tickets().wrap('door', FACTS)}.{ticket}"):
        with pytest.raises(Refused):
            tickets().unwrap_item("door", number)
