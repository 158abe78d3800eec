import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from rpc_moodle.moodle.errors import HostNotAllowed
from rpc_moodle.transport.guard import Guard, GuardedResolver, is_public

PRIVATE = [
    "127.0.0.1",
    "127.8.9.10",
    "0.0.0.0",  # noqa: S104 - nothing is bound here
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",
]
PUBLIC = ["8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


class Names(AbstractResolver):
    """A resolver with fixed answers, the last of which stays."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0) for address in found
        ]

    async def close(self) -> None:
        self.answers.clear()


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_inside_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_a_url_with_such_an_address_is_refused_before_anything_is_sent(address: str) -> None:
    host = f"[{address.replace('%', '%25')}]" if ":" in address else address
    with pytest.raises(HostNotAllowed):
        Guard(private=False).check(URL(f"https://{host}/", encoded=True))


@pytest.mark.parametrize("address", PRIVATE)
async def test_a_name_that_resolves_to_such_an_address_is_refused(address: str) -> None:
    resolver = GuardedResolver(Guard(private=False), Names([address]))
    with pytest.raises(HostNotAllowed):
        await resolver.resolve("moodle.example.edu", 443)


async def test_of_several_addresses_only_the_allowed_ones_are_left() -> None:
    resolver = GuardedResolver(Guard(private=False), Names(["10.0.0.1", "8.8.8.8"]))
    assert [each["host"] for each in await resolver.resolve("moodle.example.edu", 443)] == ["8.8.8.8"]


async def test_a_name_that_resolves_differently_the_second_time_is_checked_again() -> None:
    resolver = GuardedResolver(Guard(private=False), Names(["8.8.8.8"], ["127.0.0.1"]))
    assert await resolver.resolve("rebind.example", 80)
    with pytest.raises(HostNotAllowed):
        await resolver.resolve("rebind.example", 80)


@pytest.mark.parametrize(
    "written", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0x7f.1", "0", "localhost.", "a.LOCALHOST"]
)
def test_every_way_to_write_an_address_is_read_as_one(written: str) -> None:
    with pytest.raises(HostNotAllowed):
        Guard(private=False).check(URL(f"http://{written}/"))


@pytest.mark.parametrize("written", ["localhost", "2130706433"])
async def test_names_of_this_machine_end_at_the_resolver(written: str) -> None:
    resolver = GuardedResolver(Guard(private=False))
    with pytest.raises((HostNotAllowed, OSError)):
        await resolver.resolve(written, 80, socket.AF_UNSPEC)
    await resolver.close()


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("moodle.example.edu", True),
        ("Moodle.Example.EDU.", True),
        ("a.uni.example", True),
        ("uni.example", False),
        ("eviluni.example", False),
        ("moodle.example.edu.evil.example", False),
        ("10.0.0.5", True),
        ("10.0.0.6", False),
    ],
)
def test_a_list_of_hosts_is_the_whole_list(host: str, allowed: bool) -> None:
    guard = Guard(hosts=["moodle.example.edu", "*.uni.example", "10.0.0.5"], private=False)
    if allowed:
        guard.check(URL(f"https://{host}/"))
    else:
        with pytest.raises(HostNotAllowed):
            guard.check(URL(f"https://{host}/"))


def test_a_listed_name_may_have_any_address() -> None:
    assert Guard(hosts=["moodle.in.house"], private=False).allows("moodle.in.house", "10.0.0.1")
