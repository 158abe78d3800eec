import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpc_moodle.moodle.errors import InvalidSite
from rpc_moodle.transport.address import endpoint, site_url


@pytest.mark.parametrize(
    "pasted",
    [
        "https://moodle.example.edu",
        "https://moodle.example.edu/",
        "  https://moodle.example.edu//  ",
        "moodle.example.edu",
        "moodle.example.edu/webservice/rest/server.php",
        "https://moodle.example.edu/webservice/rest/server.php?wstoken=abc",
        "https://moodle.example.edu/login/index.php",
        "https://moodle.example.edu/mod/assign/view.php?id=8",
        "https://moodle.example.edu/my/",
        "HTTPS://Moodle.Example.EDU/#top",
    ],
)
def test_whatever_was_pasted_names_the_same_site(pasted: str) -> None:
    assert str(endpoint(site_url(pasted), "webservice/rest/server.php")) == (
        "https://moodle.example.edu/webservice/rest/server.php"
    )


@pytest.mark.parametrize(
    ("pasted", "root"),
    [
        ("http://localhost:8090", "http://localhost:8090"),
        ("localhost:8090", "https://localhost:8090"),
        ("https://uni.example.edu/moodle/course/view.php?id=2", "https://uni.example.edu/moodle"),
        ("https://uni.example.edu/lib/moodle", "https://uni.example.edu/lib/moodle"),
        ("https://uni.example.edu/Lehre%20und/moodle/", "https://uni.example.edu/Lehre%20und/moodle"),
        ("https://[::1]:8443/m", "https://[::1]:8443/m"),
    ],
)
def test_ports_and_folders_are_kept(pasted: str, root: str) -> None:
    assert str(site_url(pasted)) == root


@pytest.mark.parametrize(
    "pasted",
    [
        "",
        "   ",
        "ftp://moodle.example.edu",
        "file:///etc/passwd",
        "javascript://x",
        "https://",
        "https://user:secret@moodle.example.edu",
        "https://moodle.example.edu:99999",
        "https://moodle.example.edu/a b",
        "https://moodle.example.edu\\@evil.example",
        "https://moodle.example.edu/\nX: y",
        "https://\u00b4",
        "https://a%41.example",
        "https://" + "a" * 3000,
        "http://[::1",
    ],
)
def test_what_cannot_be_a_site_is_refused_without_repeating_it(pasted: str) -> None:
    with pytest.raises(InvalidSite) as caught:
        site_url(pasted)
    assert "secret" not in str(caught.value)


@given(st.text(max_size=80))
def test_any_text_is_a_site_or_a_clear_refusal(text: str) -> None:
    try:
        url = site_url(text)
    except InvalidSite:
        return
    assert url.scheme in {"http", "https"}
    assert url.host
    assert not url.query_string
    assert site_url(str(url)) == url


@pytest.mark.parametrize(
    "pasted",
    [
        "http://a..b",
        "http://.a",
        f"http://{'a' * 64}.example",
        f"http://{'.'.join(['abc'] * 70)}",
        "http://xn--a",
        "http://xn--a.example",
        "http://-a.example",
        "http://moodle.example/..%2f..%2flogin",
        "http://moodle.example/%252e%252e/x",
    ],
)
def test_a_host_or_a_path_that_cannot_be_one_is_no_site(pasted: str) -> None:
    with pytest.raises(InvalidSite):
        site_url(pasted)


@pytest.mark.parametrize(
    "pasted",
    [f"http://{'a' * 63}.example", "http://a_b.example.", "http://xn--bcher-kva.example", "http://bücher.example"],
)
def test_an_odd_host_is_a_host(pasted: str) -> None:
    assert site_url(pasted).host
