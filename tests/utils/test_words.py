"""How people write values."""

import pytest

from utils.words import byte_count, host_name, milliseconds, network, origin, seconds, word


@pytest.mark.parametrize(
    ("text", "read"),
    [("90", "90"), (" 1.5m ", 90), ("2h", 7200), ("7d", 604800), ("500ms", 0.5), ("25 S", 25), ("0.5s", 0.5)],
)
def test_a_time_has_a_unit_or_means_seconds(text: str, read: object) -> None:
    assert seconds(text) == read


def test_a_time_in_milliseconds_may_be_said_in_seconds() -> None:
    assert (milliseconds("25s"), milliseconds("25000"), milliseconds("250ms"), milliseconds(25)) == (
        25000,
        "25000",
        250,
        25,
    )


@pytest.mark.parametrize(
    ("text", "read"),
    [("1024", "1024"), ("32MiB", 2**25), ("32m", 2**25), ("1 GiB", 2**30), ("64kb", 64000), ("1k", 1024)],
)
def test_a_size_has_a_unit_or_means_bytes(text: str, read: object) -> None:
    assert byte_count(text) == read


@pytest.mark.parametrize("reader", [seconds, milliseconds, byte_count])
@pytest.mark.parametrize("text", ["soon", "5 parsecs", "-5s", "1e9999s", "s", "12m30s"])
def test_what_is_no_quantity_is_refused_with_an_example(reader: object, text: str) -> None:
    with pytest.raises(ValueError, match="with a unit: "):
        reader(text)  # type: ignore[operator] # one of three functions


@pytest.mark.parametrize(
    ("text", "read"), [("WARN", "warning"), (" Off ", "off"), ("JSON", "json"), ("Disabled", "off")]
)
def test_a_word_may_be_written_in_any_case(text: str, read: str) -> None:
    assert word(text) == read


@pytest.mark.parametrize("text", ["*", "https://app.example.edu", "http://localhost:3000", "http://[::1]:3000"])
def test_an_origin_is_taken(text: str) -> None:
    assert origin(text) == text


@pytest.mark.parametrize(
    "text", ["app.example.edu", "https://app.example.edu/", "ftp://x", "https://*.example.edu", "https://u@x"]
)
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="with their scheme"):
        origin(text)


@pytest.mark.parametrize("text", ["moodle.example.edu", "*.example.edu", "localhost", "127.0.0.1", "::1", "rpc_moodle"])
def test_a_host_is_taken(text: str) -> None:
    assert host_name(text) == text


@pytest.mark.parametrize("text", ["https://x.edu", "x.edu:443", "x.edu/moodle", "*", "*.", "a*.edu", "", "x y"])
def test_what_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be hosts"):
        host_name(text)


def test_a_network_is_an_address_or_a_range_of_them() -> None:
    assert (network("10.1.2.3/8"), network("::1")) == ("10.0.0.0/8", "::1/128")
    with pytest.raises(ValueError, match=r"addresses or networks"):
        network("proxy.example.edu")
