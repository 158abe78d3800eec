import sys

import pytest

from rpc_moodle.transport.allowance import AnswerLimits
from tests.attack.families import FAMILIES
from tests.attack.frame import Family, mib, rows
from tests.attack.sites import SIDE_BY_SIDE

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")

SECONDS = 1.0
A_LISTING = 2 * AnswerLimits().bytes + AnswerLimits().rows * 2 * 1024
"""Bytes that one call may hold by its limits: its answers, the copy that their growing takes, and rows as objects."""

MOST_GROWTH = mib(SIDE_BY_SIDE * A_LISTING) + 32
"""MiB that an attack may make the service grow by: of the attacker's calls, and what is on its way."""


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
async def test_no_attack_makes_a_call_of_another_caller_fail_or_the_service_grow(family: Family) -> None:
    async for row in rows(family, SECONDS):
        assert row.failures == [], row.attack.name
        assert mib(row.memory - row.before) < MOST_GROWTH, row.attack.name
