import sys

import pytest

from tests.attack.families import FAMILIES
from tests.attack.frame import Family, mib, rows

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")

SECONDS = 1.5
MOST_MEMORY = 400
"""MiB that the service may hold at the peak of an attack, of which it takes about 90 at rest."""


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
async def test_no_attack_makes_a_call_of_another_caller_fail_or_the_service_grow(family: Family) -> None:
    async for row in rows(family, SECONDS):
        assert row.failures == [], row.attack.name
        assert mib(row.memory) < MOST_MEMORY, row.attack.name
