"""Whatever a site does to a call, every method answers it in time, with the right code, and goes on."""

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus

import aiohttp
import pytest

from rpc_moodle.app import create_app
from rpc_moodle.sandbox import Fault, Rule, Sandbox
from rpc_moodle.settings import Settings
from tests.faults.matrix import Matrix, matrix
from tests.faults.troubles import TROUBLES, Trouble
from tests.faults.ways import EVERY, KEY, WAYS, missing
from utils.testing import running


@pytest.fixture
async def fresh() -> AsyncIterator[Matrix]:
    async with matrix() as made:
        yield made


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.name)
async def test_every_method_survives(trouble: Trouble, fresh: Matrix) -> None:
    half = TROUBLES.index(trouble) % 2  # many troubles are much alike: here each meets half of the ways
    row = await fresh.row(trouble, WAYS[half::2])
    problems = [f"{cell.way.name}: {problem}" for cell in row.cells for problem in cell.problems]
    assert not [*problems, *row.problems]


async def test_plain_methods_answer_a_page_in_place_of_data_and_go_on(fresh: Matrix) -> None:
    page = next(trouble for trouble in TROUBLES if trouble.name == "HTML")
    row = await fresh.row(page, EVERY[len(WAYS) :])
    assert not [*[f"{cell.way.name}: {problem}" for cell in row.cells for problem in cell.problems], *row.problems]


def test_every_method_is_in_the_matrix() -> None:
    assert not missing(EVERY)


async def test_a_client_of_an_archive_does_not_wait_as_long_as_the_site_says() -> None:
    settings = Settings(ticket_keys=(KEY,), allow_private=True)
    way = next(way for way in WAYS if way.event == "GET /archives")
    assert way.path is not None
    async with Sandbox(users=0) as sandbox, running(create_app(settings)) as url, aiohttp.ClientSession(url) as http:
        sandbox.faults.set(Rule(fault=Fault.STATUS, retry_after=3600))
        async with asyncio.timeout(5), http.get(way.path(sandbox, sandbox.url)) as response:
            assert response.status == HTTPStatus.SERVICE_UNAVAILABLE
