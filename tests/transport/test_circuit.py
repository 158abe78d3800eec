from rpc_moodle.transport.circuit import Circuit


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def broken(clock: Clock, failures: int = 3) -> Circuit:
    circuit = Circuit(failures=failures, seconds=5, clock=clock)
    for _ in range(failures):
        assert circuit.wait() is None
        circuit.failed()
    return circuit


def test_failures_in_a_row_open_it_and_it_says_for_how_long() -> None:
    circuit = broken(Clock())
    assert circuit.state == "open"
    assert circuit.wait() == 5


def test_a_success_between_failures_keeps_it_closed() -> None:
    circuit = Circuit(failures=2, seconds=5)
    for _ in range(10):
        circuit.failed()
        circuit.succeeded()
    assert circuit.state == "closed"


def test_half_open_lets_one_request_through() -> None:
    clock = Clock()
    circuit = broken(clock)
    clock.now = 5
    assert circuit.state == "half-open"
    assert circuit.wait() is None
    assert circuit.wait() is not None


def test_the_probe_decides() -> None:
    clock = Clock()
    circuit = broken(clock)
    clock.now = 5
    circuit.wait()
    circuit.failed()
    assert circuit.state == "open"
    clock.now = 10
    circuit.wait()
    circuit.succeeded()
    assert circuit.state == "closed"
    assert circuit.wait() is None


def test_a_probe_that_was_given_up_makes_room_for_another() -> None:
    clock = Clock()
    circuit = broken(clock)
    clock.now = 5
    circuit.wait()
    circuit.given_up()
    assert circuit.wait() is None
