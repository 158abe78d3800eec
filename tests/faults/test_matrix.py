"""Whatever a site does to a call, every method answers it in time, with the right code, and goes on."""

from collections.abc import AsyncIterator

import pytest

from tests.faults.matrix import Matrix, matrix
from tests.faults.troubles import TROUBLES, Trouble
from tests.faults.ways import WAYS, missing


@pytest.fixture
async def fresh() -> AsyncIterator[Matrix]:
    async with matrix() as made:
        yield made


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.name)
async def test_every_method_survives(trouble: Trouble, fresh: Matrix) -> None:
    row = await fresh.row(trouble, WAYS)
    problems = [f"{cell.way.name}: {problem}" for cell in row.cells for problem in cell.problems]
    assert not [*problems, *row.problems]


def test_every_method_is_in_the_matrix() -> None:
    assert not missing(WAYS)
