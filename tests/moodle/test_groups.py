"""Whose a team's submission is."""

import pytest

from rpc_moodle.moodle.groups import owners
from rpc_moodle.moodle.models import Submission


def row(user: int, group: int = 0) -> Submission:
    return Submission(userid=user, groupid=group)


@pytest.mark.parametrize(
    ("sentence", "groups", "grouping", "expected"),
    [
        ("who is in one group submits with it", {1: {7}, 2: {7}, 3: {8}}, False, {7: [1, 2], 8: [3], 0: []}),
        ("who is in two groups submits with neither", {1: {7}, 2: {7, 8}, 3: {8}}, False, {7: [1], 8: [3], 0: [2]}),
        ("who is in none submits with the default team", {1: {7}, 3: {8}}, False, {7: [1], 8: [3], 0: [2]}),
        ("where a grouping counts, any group may", {1: {7}, 2: {7, 9}, 3: {8}}, True, {7: [1, 2], 8: [3], 0: []}),
    ],
)
def test_teams(sentence: str, groups: dict[int, set[int]], grouping: bool, expected: dict[int, list[int]]) -> None:
    rows = [row(0, 7), row(0, 8), row(0)]
    found = owners(rows, groups, {1, 2, 3}, grouping=grouping)
    assert {each.groupid: users for each, users in found} == expected, sentence


def test_the_rows_of_members_are_left_out_and_those_of_others_stay() -> None:
    found = owners([row(0, 7), row(1), row(2)], {1: {7}, 2: {8}}, {1, 2})
    assert [(each.userid, users) for each, users in found] == [(0, [1]), (2, [2])]


@pytest.mark.timeout(20)
def test_as_many_teams_as_members_are_soon_told_apart() -> None:
    many = range(1, 50_000)
    found = owners([row(0, group) for group in many], {user: {user} for user in many}, set(many))
    assert [users for _, users in found] == [[user] for user in many]


def test_a_team_that_is_listed_again_is_one() -> None:
    found = owners([row(0, 7), row(0, 7)], {1: {7}}, {1})
    assert [users for _, users in found] == [[1]]
