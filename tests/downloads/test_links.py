import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from yarl import URL

from rpc_moodle.downloads.links import CONTEXT, ArchiveAccess, ArchiveLinks, BadTicket, FileLinks, Mode
from rpc_moodle.moodle.errors import InvalidCredential, InvalidSite
from rpc_moodle.moodle.files.url import file_name, file_of, file_url, site_of
from utils.tickets import Tickets

TOKEN = SecretStr("0123456789abcdef0123456789abcdef")
OTHER = SecretStr("ffffffffffffffffffffffffffffffff")
SITE = URL("https://moodle.example.edu")
FOLDER = "https://moodle.example.edu/webservice/pluginfile.php/53/assignsubmission_file/submission_files"
ESSAY = f"{FOLDER}/1/essay.pdf"
ODD = f"{FOLDER}/2/data/nested/r%C3%A4w%20data%2B100%25.csv"
GERMAN = f"{FOLDER}/2/Gr%C3%B6%C3%9Fe%20%20%C3%9Cbung%20%28final%29%20%231.pdf"
CHINESE = f"{FOLDER}/3/%E6%9D%8E%E5%B0%8F%E9%BE%8D.docx"


OLD = (
    "gAAAAABrAY3hilvKHJOHsvlOgXRtc7kL8LMp4UWsyRhOT36KPgWqiM05rx3BJe9ULh9aULS1e0dhmXsfXC4rMlUEaw-"
    "Sm9ZVzGeCN-cqUc7oF34kSQYi1_vz9LMdNYz6A5pjIhRDweyTz5DZz7nIpdQtwsvcMpPvRdvDA-EdBVdVeTn33RtbFwv9NYjwu4-"
    "CrsMEx6L7nResMPn5pGg5_0m_DW1-0PdpwjbHFVkACCdWd52oCU8kQb4X6KmKs6RCOJicFHggQ7Hk6l-C-YiRwPULoi6ir1y7Byc"
    "rRzaDxfDnWMF2DNgLjCSGELQW0Yn921ooHSpBKdSTNdZMwrsHUojeJJS3hAH1rXN90HdDVTOLqB3RcCpna0chnBw2cD8LuHlqcBp"
    "y-po4"
)
"""A ticket of ODD as they were made at first, each with its URL sealed in it."""


def tickets(*keys: str, seconds: int = 60, now: float = 1000.0) -> Tickets:
    chosen = [SecretStr(key) for key in keys or ("a key",)]
    return Tickets(chosen, context=CONTEXT, seconds=seconds, clock=lambda: now)


def links(*keys: str, seconds: int = 60, now: float = 1000.0) -> FileLinks:
    return FileLinks(tickets(*keys, seconds=seconds, now=now))


def sealed(url: str, by: FileLinks | None = None, mode: Mode = "sealed") -> str:
    return (by or FileLinks(tickets(), mode)).of(SITE, TOKEN).link(url)


def ticket_of(url: str) -> str:
    return URL(url).query["ticket"]


@pytest.mark.parametrize("url", [ESSAY, ODD, GERMAN, CHINESE])
def test_a_sealed_url_opens_to_the_file_and_the_token(url: str) -> None:
    access = links().open_url(sealed(url))
    assert access.url == file_url(url)
    assert access.token == TOKEN
    assert access.site == URL("https://moodle.example.edu")


def test_a_sealed_url_shows_the_file_and_hides_the_token() -> None:
    link = sealed(ESSAY)
    assert link.startswith(f"{ESSAY}?ticket=")
    assert TOKEN.get_secret_value() not in link


def test_the_ticket_alone_opens_the_file() -> None:
    ticket = URL(sealed(ODD)).query["ticket"]
    assert links().open_ticket(ticket).url == file_url(ODD)


def test_a_ticket_stands_in_a_path_without_escapes() -> None:
    ticket = URL(sealed(CHINESE)).query["ticket"]
    assert URL("http://service/").joinpath("files", ticket).raw_path == f"/files/{ticket}"


def test_sealing_drops_what_an_older_url_carried() -> None:
    link = sealed(f"{ESSAY}?token={OTHER.get_secret_value()}&forcedownload=1")
    assert OTHER.get_secret_value() not in link
    assert links().open_url(link).url.query == {"forcedownload": "1"}


def test_a_ticket_survives_another_spelling_of_the_same_path() -> None:
    link = sealed(GERMAN).replace("(final)", "%28final%29")
    assert links().open_url(link).token == TOKEN


def test_a_ticket_opens_the_file_under_its_browser_address() -> None:
    link = sealed(ESSAY).replace("/webservice/pluginfile.php", "/pluginfile.php")
    assert links().open_url(link).url == URL(ESSAY)


@pytest.mark.parametrize(
    "elsewhere",
    [
        f"{FOLDER}/1/other.pdf",
        ESSAY.replace("moodle.example.edu", "evil.example.edu"),
        ESSAY.replace("https://", "http://"),
        ESSAY.replace("moodle.example.edu", "moodle.example.edu:8443"),
    ],
)
def test_a_ticket_at_another_url_is_refused(elsewhere: str) -> None:
    ticket = URL(sealed(ESSAY)).query["ticket"]
    with pytest.raises(BadTicket, match="another file URL"):
        links().open_url(f"{elsewhere}?ticket={ticket}")


def test_a_ticket_of_a_site_without_slash_arguments_is_bound_to_its_file() -> None:
    url = "https://moodle.example.edu/webservice/pluginfile.php?file=/53/a/b/1/essay.pdf"
    link = sealed(url)
    assert file_name(links().open_url(link).url) == "essay.pdf"
    with pytest.raises(BadTicket):
        links().open_url(link.replace("essay.pdf", "other.pdf"))


def test_a_ticket_is_good_until_its_time_has_passed() -> None:
    link = sealed(ESSAY, links(seconds=60, now=1000))
    assert links(now=1060).open_url(link).token == TOKEN
    with pytest.raises(BadTicket, match="expired"):
        links(now=1061).open_url(link)


def test_a_ticket_of_another_service_is_refused() -> None:
    with pytest.raises(BadTicket, match="not one of this service"):
        links("mine").open_url(sealed(ESSAY, links("theirs")))


def test_a_rotated_key_still_opens_and_no_longer_seals() -> None:
    old = sealed(ESSAY, links("old"))
    both = links("new", "old")
    assert both.open_url(old).token == TOKEN
    assert links("new").open_url(sealed(ESSAY, both)).token == TOKEN
    with pytest.raises(BadTicket):
        links("new").open_url(old)


def test_without_a_key_each_service_makes_its_own() -> None:
    service = FileLinks(Tickets(context=CONTEXT))
    link = sealed(ESSAY, service)
    assert service.open_url(link).token == TOKEN
    with pytest.raises(BadTicket):
        FileLinks(Tickets(context=CONTEXT)).open_url(link)


def test_empty_keys_are_no_keys() -> None:
    link = sealed(ESSAY, FileLinks(Tickets([SecretStr("")], context=CONTEXT)))
    with pytest.raises(BadTicket):
        FileLinks(Tickets([SecretStr("")], context=CONTEXT)).open_url(link)


def test_a_ticket_for_one_purpose_does_not_serve_another() -> None:
    with pytest.raises(BadTicket, match="something else"):
        links().open_ticket(tickets().wrap("archive", {"url": ESSAY, "token": "x"}))


@given(st.text(max_size=300))
def test_no_made_up_ticket_does_more_than_be_refused(ticket: str) -> None:
    with pytest.raises(BadTicket):
        links().open_ticket(ticket)


@given(st.data())
def test_a_ticket_with_any_character_changed_is_refused_or_means_the_same(data: st.DataObject) -> None:
    ticket = URL(sealed(ESSAY)).query["ticket"]
    place = data.draw(st.integers(0, len(ticket) - 1))
    changed = ticket[:place] + data.draw(st.sampled_from("AZaz09-_")) + ticket[place + 1 :]
    try:
        opened = links().open_ticket(changed)
    except BadTicket:
        return
    assert opened.url == URL(ESSAY)  # unchanged, or only in the last character's unused bits


def test_a_ticket_as_they_were_made_at_first_still_opens_its_file() -> None:
    assert links().open_ticket(OLD) == (file_url(ODD), TOKEN)
    assert links().open_url(f"{ODD}?ticket={OLD}").token == TOKEN
    with pytest.raises(BadTicket, match="another file URL"):
        links().open_url(f"{ESSAY}?ticket={OLD}")


def test_the_links_of_a_call_share_what_is_sealed_and_differ_in_their_tags() -> None:
    call = links().of(SITE, TOKEN)
    heads, tags = zip(*(ticket_of(call.link(url)).split(".") for url in (ESSAY, ODD, GERMAN)), strict=True)
    assert len(set(heads)) == 1
    assert len(set(tags)) == 3


def test_the_tag_of_another_file_or_another_call_is_refused() -> None:
    call, other_call = links().of(SITE, TOKEN), links().of(SITE, TOKEN)
    head, tag = ticket_of(call.link(ESSAY)).split(".")
    _, of_file = ticket_of(call.link(f"{FOLDER}/1/essaz.pdf")).split(".")
    _, of_call = ticket_of(other_call.link(ESSAY)).split(".")
    assert links().open_ticket(f"{head}.{tag}").token == TOKEN
    for wrong in (of_call, of_file[:20] + tag[20:], tag[:20] + of_file[20:], of_file[:-8] + tag[-8:], "", "AAAA"):
        with pytest.raises(BadTicket, match="not one of this service"):
            links().open_ticket(f"{head}.{wrong}")


def test_what_a_series_seals_is_no_ticket_by_itself() -> None:
    with pytest.raises(BadTicket, match="something else"):
        links().open_ticket(ticket_of(sealed(ESSAY)).partition(".")[0])


@pytest.mark.parametrize(
    "url",
    [
        ESSAY.replace("essay", "%65ssay"),
        ESSAY.replace("essay.pdf", "r\u00e4w data.csv"),
        ESSAY.replace("/webservice/", "/"),
        f"{ESSAY}?forcedownload=1",
        f"{FOLDER}/1/a[1].pdf",
        f"{FOLDER}/1/.essay.pdf",
        f"{FOLDER}/1/50%25.pdf",
        f"{FOLDER}//essay.pdf",
    ],
)
def test_a_url_in_another_spelling_opens_to_its_file(url: str) -> None:
    assert links().open_url(sealed(url)) == (file_url(url), TOKEN)


@given(st.text(st.sampled_from("aA0./%2eEfF5cCü ~+[]?#&=\\"), max_size=20))
def test_whatever_a_site_calls_a_file_its_link_opens_it_or_there_is_none(name: str) -> None:
    url = f"{FOLDER}/1/{name}"
    try:
        meant = file_of(url, SITE)
    except InvalidSite:
        with pytest.raises(InvalidSite):
            sealed(url)
    else:
        assert links().open_url(sealed(url)) == (meant, TOKEN)


def test_a_refusal_says_invalid_token() -> None:
    assert BadTicket("…").code.name == "invalid_token"


def test_neither_an_opened_ticket_nor_a_refusal_shows_the_token() -> None:
    link = sealed(ESSAY)
    assert TOKEN.get_secret_value() not in repr(links().open_url(link))
    with pytest.raises(BadTicket) as refused:
        links(now=9999).open_url(link)
    assert URL(link).query["ticket"] not in str(refused.value)


def test_links_are_sealed_unless_the_operator_says_otherwise() -> None:
    assert "?ticket=" in sealed(ESSAY)
    assert sealed(ESSAY, mode="plain") == f"{ESSAY}?token={TOKEN.get_secret_value()}"
    assert sealed(ESSAY, mode="none") == ESSAY


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://moodle.example.edu/video",
        ESSAY.replace("https", "http"),
        ESSAY.replace("moodle.example.edu", "moodle.example.edu:8443"),
        ESSAY.replace("moodle.example.edu", "elsewhere.example"),
        ESSAY.replace("moodle.example.edu", "moodle.example.edu/other"),
    ],
)
def test_what_is_no_file_of_the_site_itself_is_not_one_that_its_token_opens(url: str) -> None:
    for mode in ("sealed", "plain", "none"):
        with pytest.raises(InvalidSite):
            sealed(url, mode=mode)
    with pytest.raises(InvalidSite):
        file_of(url, SITE)
    assert file_of(f"{ESSAY}?token=x", SITE) == URL(ESSAY)


@pytest.mark.parametrize(
    "path",
    [
        "..%2f..%2flogin/token.php",
        "%2e%2e/%2e%2e/login/token.php",
        "1/%252e%252e%252flogin",
        "1/..",
        "1/./a",
        "1/a%5cb",
        "1/a%255cb",
        "1/a%00.pdf",
        "1/a%2525252525252fb",
    ],
)
def test_a_path_that_leads_elsewhere_when_decoded_is_refused(path: str) -> None:
    for url in (f"{FOLDER}/{path}", FOLDER.replace("/53/", "?file=/53/") + f"/{path}"):
        with pytest.raises(InvalidSite):
            file_url(url)


@pytest.mark.parametrize("name", ["a..b.pdf", "...", "50%25.pdf", "%E2%80%A6.pdf", "a%252Bb", "100%25%20sure.pdf"])
def test_a_name_that_only_looks_odd_is_a_name(name: str) -> None:
    assert file_url(f"{FOLDER}/1/{name}").raw_path.endswith(name)


@pytest.mark.parametrize("name", ["%74oken", "toke%6e", "%20token", "token%5b%5d", "token[]", "TOKEN", "wstoke%6E"])
def test_a_token_spelt_with_escapes_is_refused(name: str) -> None:
    with pytest.raises(InvalidSite) as refused:
        file_url(f"{ESSAY}?{name}=s3cret")
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("mode", ["sealed", "plain", "none"])
def test_every_form_of_link_is_understood_whatever_the_mode(mode: str) -> None:
    links = FileLinks(tickets(), mode)  # type: ignore[arg-type] # parametrize gives str
    for form in ("sealed", "plain", "none"):
        url = sealed(ODD, mode=form)
        access = links.resolve(url, site=SITE, token=TOKEN)
        assert (access.url, access.token) == (file_url(ODD), TOKEN)


def test_what_the_url_carries_comes_before_the_token_of_the_call() -> None:
    assert links().resolve(sealed(ESSAY), token=OTHER).token == TOKEN
    assert links().resolve(f"{ESSAY}?token={TOKEN.get_secret_value()}", token=OTHER).token == TOKEN


def test_a_bare_url_needs_a_token_in_the_call() -> None:
    with pytest.raises(InvalidCredential):
        links().resolve(ESSAY, site=SITE)


def test_a_plain_token_that_cannot_be_one_is_refused() -> None:
    with pytest.raises(InvalidCredential):
        links().resolve(f"{ESSAY}?token=a%0Ab")


@pytest.mark.parametrize("form", ["sealed", "plain", "none"])
def test_a_file_of_another_site_than_the_call_is_refused(form: str) -> None:
    url = sealed(ESSAY, mode=form)  # type: ignore[arg-type] # parametrize gives str
    for site in ("https://other.example.edu", "https://moodle.example.edu/moodle", "http://moodle.example.edu"):
        with pytest.raises(InvalidSite, match="another site"):
            links().resolve(url, site=URL(site), token=TOKEN)


def test_a_broken_ticket_is_refused_even_beside_a_good_token() -> None:
    for url in (f"{ESSAY}?ticket=broken", f"{ESSAY}?ticket=broken&token={TOKEN.get_secret_value()}"):
        with pytest.raises(BadTicket):
            links().resolve(url, site=SITE, token=TOKEN)


@pytest.mark.parametrize(
    ("pasted", "meant"),
    [
        (f"  {ESSAY}\n", ESSAY),
        (ESSAY.removeprefix("https://"), ESSAY),
        (ESSAY.replace("/webservice", ""), ESSAY),
        (f"{ESSAY}#page=2", ESSAY),
        ("http://h:8080/m/pluginfile.php/1/a/b/2/x.txt", "http://h:8080/m/webservice/pluginfile.php/1/a/b/2/x.txt"),
        ("http://h/pluginfile.php?file=/1/x.txt", "http://h/webservice/pluginfile.php?file=/1/x.txt"),
        (
            "https://h/webservice/pluginfile.php/1/a/b/2/webservice/pluginfile.php/x.txt",
            "https://h/webservice/pluginfile.php/1/a/b/2/webservice/pluginfile.php/x.txt",
        ),
    ],
)
def test_a_file_url_is_read_in_all_its_forms(pasted: str, meant: str) -> None:
    assert file_url(pasted) == URL(meant)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "essay.pdf",
        "ftp://h/webservice/pluginfile.php/1/x",
        "file:///etc/passwd",
        "https://h/webservice/pluginfile.php",
        "https://h/webservice/pluginfile.php?file=x",
        "https://h/webservice/rest/server.php",
        "https://h/webservice/pluginfile.php/../../login/index.php",
        "https://h/webservice/pluginfile.php/%2e%2e/%2e%2e/admin",
        "https://h/tokenpluginfile.php/abc/1/x",
        "https://user:pass@h/webservice/pluginfile.php/1/x",
        "https://h/webservice/pluginfile.php/1/x\ny",
        "https://h/webservice/pluginfile.php/1\\x",
        "https://[/webservice/pluginfile.php/1/x",
        "https://h/webservice/pluginfile.php/" + "x" * 9000,
    ],
)
def test_what_is_no_file_url_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(InvalidSite) as refused:
        file_url(text)
    assert not text.strip() or text.strip() not in str(refused.value)


@given(st.text(max_size=200))
def test_any_text_is_a_file_url_or_refused(text: str) -> None:
    try:
        url = file_url(f"https://h/webservice/pluginfile.php/{text}")
    except InvalidSite:
        return
    assert site_of(url) == URL("https://h")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (ESSAY, "essay.pdf"),
        (ODD, "räw data+100%.csv"),
        (GERMAN, "Größe  Übung (final) #1.pdf"),
        (CHINESE, "李小龍.docx"),
        ("https://h/webservice/pluginfile.php?file=%2F1%2Fa%20b.txt", "a b.txt"),
    ],
)
def test_a_file_keeps_the_name_that_it_has_in_moodle(url: str, name: str) -> None:
    assert file_name(file_url(url)) == name


@pytest.mark.parametrize("site", [SITE, URL("https://moodle.example.edu/"), URL("https://moodle.example.edu:443")])
@pytest.mark.parametrize("url", [ESSAY, ODD, GERMAN, CHINESE, f"{FOLDER}/1/a&b.pdf", f"{FOLDER}/1/\u00e4 b.pdf"])
def test_a_listed_file_is_read_as_a_pasted_one(url: str, site: URL) -> None:
    for listed in (url, url.replace("/webservice", "")):
        found = file_of(listed, site)
        assert (found.origin(), found.path) == (SITE, file_url(url).path)


@pytest.mark.parametrize("path", ["../../x", "1/%2e%2e/x", "1/a%2Fb", "1/a%5Cb", "1/a%00", "1/%252E%252E"])
def test_a_listed_path_that_leads_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(InvalidSite):
        file_of(f"{FOLDER}/{path}", SITE)


ARCHIVE = ArchiveAccess(SITE, TOKEN, 2, 53)


def test_the_ticket_of_an_archive_opens_to_what_was_sealed() -> None:
    assert ArchiveLinks(tickets()).open(ArchiveLinks(tickets()).seal(ARCHIVE)) == ARCHIVE


def test_the_ticket_of_an_archive_opens_no_file_and_the_other_way_round() -> None:
    with pytest.raises(BadTicket, match="something else"):
        links().open_ticket(ArchiveLinks(tickets()).seal(ARCHIVE))
    with pytest.raises(BadTicket):
        ArchiveLinks(tickets()).open(ticket_of(sealed(ESSAY)))


def test_what_is_sealed_keeps_its_names_so_that_replicas_of_two_versions_understand_each_other() -> None:
    assert tickets().unwrap("archive", ArchiveLinks(tickets()).seal(ARCHIVE)) == {
        "site": str(SITE),
        "token": TOKEN.get_secret_value(),
        "course": 2,
        "cmid": 53,
    }
    assert tickets().unwrap_item("files", ticket_of(sealed(ESSAY))) == (
        {"script": f"{SITE}/webservice/pluginfile.php", "token": TOKEN.get_secret_value()},
        ESSAY.removeprefix(f"{SITE}/webservice/pluginfile.php"),
    )


def test_a_refused_ticket_says_what_to_do_where_something_can_be_done() -> None:
    with pytest.raises(BadTicket) as expired:
        links(now=2000).open_url(sealed(ESSAY))
    assert str(expired.value) == "The ticket has expired; ask for the submissions again to get a new one."
    with pytest.raises(BadTicket) as foreign:
        links().open_url(ESSAY)
    assert str(foreign.value) == "The ticket is not one of this service, or its key is no longer in use."


def test_a_listed_file_of_the_site_leaves_with_a_ticket_and_any_other_not_at_all() -> None:
    call = links().of(SITE, TOKEN)
    assert links().open_url(call.listed(ESSAY)) == (URL(ESSAY), TOKEN)
    assert call.listed("https://elsewhere.example/video") == ""


def test_a_bare_url_without_a_key_says_what_is_missing() -> None:
    with pytest.raises(InvalidCredential, match="neither a ticket nor a token"):
        links().resolve(ESSAY)


@pytest.mark.parametrize("path", ["1/../../x.pdf", "1/./x.pdf", "1/%2E%2E/x.pdf", "1/a%2Fb.pdf", "1/a%00.pdf"])
def test_a_listed_path_that_leads_elsewhere_gets_no_ticket(path: str) -> None:
    assert links().of(SITE, TOKEN).listed(f"{FOLDER}/{path}") == ""
