"""Who is in a named user's team, and what each of them gets."""

import asyncio

import pytest

from rpc_moodle.moodle.models import Assignment, Participant
from rpc_moodle.moodle.publishing import teams as module
from rpc_moodle.moodle.publishing.entries import Entry
from rpc_moodle.moodle.publishing.people import reached
from rpc_moodle.moodle.publishing.teams import Teams

MANY = 50_000
TEAMWORK = Assignment(id=1, cmid=1, teamsubmission=True)


@pytest.mark.parametrize(
    ("sentence", "entries", "kept", "failed"),
    [
        ("one entry reaches all", [Entry(1, "a")], {1: "a", 2: "a", 3: "a"}, []),
        ("who is named keeps the own entry", [Entry(2, "a"), Entry(1, "a")], {2: "a", 3: "a", 1: "a"}, []),
        ("two that differ fail both", [Entry(1, "a"), Entry(3, "b")], {}, [1, 3]),
        ("who is in no team stays alone", [Entry(9, "a")], {9: "a"}, []),
        ("whose team is not known fails", [Entry(4, "a")], {}, [4]),
    ],
)
def test_what_a_team_gets(sentence: str, entries: list[Entry], kept: dict[int, str], failed: list[int]) -> None:
    team = (1, 2, 3)
    found, via, refused = reached(entries, {1: team, 2: team, 3: team, 4: None})
    assert {entry.user_id: entry.text for entry in found} == kept, sentence
    assert [result.user_id for result in refused] == failed, sentence
    assert set(via) == set(kept) - {entry.user_id for entry in entries}, sentence


@pytest.mark.timeout(20)
def test_the_largest_team_is_soon_known(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: object) -> list[object]:
        return []

    monkeypatch.setattr(module, "submission_rows", nothing)
    monkeypatch.setattr(module, "groups", nothing)
    listed = [Participant(id=user, groupid=7) for user in range(1, MANY)]

    async def find() -> Teams:
        return await module.teams(None, TEAMWORK, listed, range(1, MANY))  # type: ignore[arg-type] # asks nothing

    found = asyncio.run(find())
    kept, via, _ = reached([Entry(user, "a") for user in range(1, 5000)], found)
    assert (len(kept), len(via)) == (MANY - 1, MANY - 5000)
