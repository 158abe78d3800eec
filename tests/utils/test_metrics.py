"""What Prometheus reads of a service."""

import pytest

from tests.utils.calculator import methods
from tests.utils.raw import RawSocket
from tests.utils.test_limits import figure
from utils.dispatch import Dispatcher
from utils.metrics import Gauges, Metrics
from utils.server import create_server
from utils.settings import KitSettings
from utils.testing import running


async def test_calls_are_counted_by_method_and_outcome(raw: RawSocket, url: str) -> None:
    await raw.works()
    await raw.works()
    await raw.send('421["plus",{}]')
    await raw.reply(1)
    await raw.send('422["sub5ecret",{}]')
    await raw.reply(2)
    assert await figure(url, 'rpc_calls_total{method="add",outcome="ok"}') == 2
    assert await figure(url, 'rpc_calls_total{method="add",outcome="invalid_request"}') == 1
    assert await figure(url, 'rpc_calls_total{method="unknown",outcome="unknown_method"}') == 1
    assert await figure(url, 'rpc_call_seconds_count{method="add"}') == 3


async def test_sockets_and_the_process_are_measured(raw: RawSocket, url: str) -> None:
    assert await figure(url, "rpc_sockets") == 1
    assert await figure(url, "rpc_calls_running") == 0
    assert await figure(url, "process_open_fds") > 0


async def test_a_service_adds_its_own() -> None:
    levels = {"north": 0.0, "south": 1.0}
    gauges = Gauges("tank_level", "How full it is.", ("tank",), lambda: (((name,), at) for name, at in levels.items()))
    app = create_server(Dispatcher(methods), KitSettings(), collectors=[gauges])
    async with running(app) as url:
        assert await figure(url, 'tank_level{tank="south"}') == 1
        levels["south"] = 0.5
        assert await figure(url, 'tank_level{tank="south"}') == 0.5


def test_a_name_is_given_once() -> None:
    with pytest.raises(ValueError, match="rpc_calls"):
        Metrics([Gauges("rpc_calls", "Not these.", (), list)])


async def test_two_services_in_one_process_do_not_share_figures(url: str, raw: RawSocket) -> None:
    await raw.works()
    async with (
        running(create_server(Dispatcher(methods), KitSettings())) as other,
        RawSocket.connected(other) as socket,
    ):
        await socket.works()
        assert await figure(other, 'rpc_calls_total{method="add",outcome="ok"}') == 1
