from socket import AF_INET, AF_INET6

import pytest
from yarl import URL

from rpc_moodle.transport.errors import HostNotAllowed, PlainHttp
from rpc_moodle.transport.guard import Guard, family_of, is_public, refusal, written

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
    # What some Pythons take for public.
    "fec0::1",
    "168.63.129.16",
    "192.0.0.8",
    "192.0.0.9",
    "192.0.0.192",
    "192.88.99.1",
    "::8.8.8.8",
    "64:ff9b:1::1",
    "100::1",
    "2001:2::1",
    "2001:20::1",
    "3fff::1",
    "5f00::1",
    "::ffff:168.63.129.16",
]
PUBLIC = [
    "8.8.8.8",
    "93.184.216.34",
    "2606:4700:4700::1111",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
    "2001:200::1",
    "168.63.129.17",
]


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


@pytest.mark.parametrize(
    "written", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0x7f.1", "0", "localhost.", "a.LOCALHOST"]
)
def test_every_way_to_write_an_address_is_read_as_one(written: str) -> None:
    with pytest.raises(HostNotAllowed):
        Guard(private=False).check(URL(f"http://{written}/"))


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


def test_sites_without_tls_are_refused_where_the_operator_says_so() -> None:
    guard = Guard(http=False)
    guard.check(URL("https://moodle.example.edu/"))
    with pytest.raises(PlainHttp):
        guard.check(URL("http://moodle.example.edu/"))


@pytest.mark.parametrize(
    ("says", "rule", "address", "allowed"),
    [
        ("an address inside, where nothing is said", Guard(), "10.0.0.1", True),
        ("one of the Internet, where nothing is said", Guard(), "8.8.8.8", True),
        ("an address inside, where only public ones may be", Guard(private=False), "10.0.0.1", False),
        ("one of the Internet, where only public ones may be", Guard(private=False), "8.8.8.8", True),
        ("a list that does not name the host", Guard(hosts=["other.example"]), "8.8.8.8", False),
    ],
)
def test_the_address_of_a_name_that_no_list_holds(says: str, rule: Guard, address: str, allowed: bool) -> None:
    assert rule.allows("moodle.example.edu", address) is allowed, says


def test_without_a_rule_every_site_may_be_called() -> None:
    for url in ("http://moodle.example.edu/", "http://10.0.0.1/", "https://localhost/"):
        Guard().check(URL(url))


def test_a_name_is_not_refused_before_it_is_resolved() -> None:
    Guard(private=False).check(URL("https://moodle.example.edu/"))


def test_a_refusal_names_the_host_or_the_reason() -> None:
    assert str(refusal("in.house")) == "This service may not connect to in.house."
    with pytest.raises(HostNotAllowed, match=r"connect to 10\.0\.0\.1\."):
        Guard(private=False).check(URL("https://10.0.0.1/"))
    with pytest.raises(PlainHttp, match="no site over http://"):
        Guard(http=False).check(URL("http://moodle.example.edu/"))


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("moodle.example.edu", ""),
        ("xlocalhost", ""),
        ("localhost", "127.0.0.1"),
        ("fe80::1%eth0", "fe80::1"),
        ("127.1", "127.0.0.1"),
        ("8.8.8.8", "8.8.8.8"),
    ],
)
def test_what_address_a_host_is(host: str, address: str) -> None:
    assert written(host) == address


def test_the_zone_of_an_address_changes_nothing() -> None:
    assert not is_public("fe80::1%eth0")
    assert is_public("2606:4700:4700::1111%eth0")


def test_a_colon_makes_it_the_sixth_version() -> None:
    assert (family_of("::1"), family_of("127.0.0.1")) == (AF_INET6, AF_INET)


def test_names_are_compared_without_a_last_dot_blanks_and_case() -> None:
    guard = Guard(hosts=[" Moodle.Example.EDU. ", "*.Uni.example"])
    for name in ("moodle.example.edu", "MOODLE.example.edu.", "a.UNI.example."):
        assert guard.allows(name, "8.8.8.8")
    assert not guard.allows("moodle.example.ed", "8.8.8.8")
