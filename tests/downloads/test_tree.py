"""What was submitted, and where it lies: files, texts, and the files of texts."""

import asyncio

import pytest
from yarl import URL

from rpc_moodle.downloads.names import Names
from rpc_moodle.downloads.onlinetext import AREA, page
from rpc_moodle.downloads.tree import SubmittedFile, tree
from rpc_moodle.moodle.models import EditorField, EnrolledUser, File, FileArea, Plugin, Submission

BASE = "https://moodle.example.edu/webservice/pluginfile.php/53/assignsubmission_onlinetext/submissions_onlinetext/13"


def text_row(text: str, *files: tuple[str, str], text_format: int = 1) -> Submission:
    stored = tuple(File(name, path, fileurl=f"{BASE}{path}{name}") for path, name in files)
    area = FileArea("submissions_onlinetext", stored)
    plugin = Plugin("onlinetext", (area,), (EditorField("onlinetext", text, text_format),))
    return Submission(5, timemodified=7, plugins=(plugin,))


def placed(*rows: Submission) -> list[SubmittedFile]:
    async def found() -> list[SubmittedFile]:
        return [file async for file in tree(rows, {5: zoe}, Names(), URL("https://moodle.example.edu"))]

    zoe = EnrolledUser(5, lastname="Müller", firstname="Zoë")
    return asyncio.run(found())


def html_of(file: SubmittedFile) -> str:
    assert isinstance(file.source, bytes)
    assert file.size == len(file.source)
    return file.source.decode()


def test_a_submission_of_a_text_alone_is_a_page_in_the_folder_of_its_student() -> None:
    (file,) = placed(text_row("<p>Größe</p>"))
    assert (file.path, file.mimetype, file.modified) == ("Müller_Zoë_5/onlinetext.html", "text/html", 7)
    assert "<p>Größe</p>" in html_of(file)
    assert '<meta charset="utf-8">' in html_of(file)


@pytest.mark.parametrize("text", ["", "  \n"])
def test_where_nothing_was_written_there_is_no_page(text: str) -> None:
    assert placed(text_row(text)) == []


def test_a_plain_text_keeps_its_lines_and_its_signs() -> None:
    row = text_row("a < b\nc", text_format=2)
    assert "<pre>a &lt; b\nc</pre>" in html_of(placed(row)[0])


def test_pictures_of_a_text_lie_beside_it_and_are_shown_from_there() -> None:
    text = f'<img src="{BASE}/my%20cat.png"><img src="{BASE}/a/b.png?x=1"><a href="{BASE}/none.png">'
    html, cat, below = placed(text_row(text, ("/", "my cat.png"), ("/a/", "b.png")))
    assert (cat.path, below.path) == ("Müller_Zoë_5/my cat.png", "Müller_Zoë_5/a/b.png")
    assert f'<img src="my%20cat.png"><img src="a/b.png"><a href="{BASE}/none.png">' in html_of(html)


def test_a_submitted_file_of_the_same_name_as_a_picture_is_not_shown_in_its_place() -> None:
    row = text_row(f'<img src="{BASE}/x.png">', ("/", "x.png"))
    other = File("x.png", fileurl=BASE.replace("onlinetext", "file") + "/x.png")
    row.plugins = (Plugin("file", (FileArea("submission_files", (other,)),)), *row.plugins)
    files = placed(row)
    assert [file.path for file in files] == [
        "Müller_Zoë_5/x.png",
        "Müller_Zoë_5/onlinetext.html",
        "Müller_Zoë_5/x (2).png",
    ]
    assert '<img src="x%20%282%29.png">' in html_of(files[1])


@pytest.mark.parametrize(
    "written",
    ["@@PLUGINFILE@@/x.png", f"{BASE}/x.png", f"{BASE.replace('/webservice', '')}/x.png"],
)
def test_every_way_to_write_a_picture_s_address_is_known(written: str) -> None:
    assert b'src="there.png"' in page(f'<img src="{written}">', {"/x.png": "there.png"}, base=f"{BASE}/x.png")


def test_a_text_of_another_site_s_pictures_stays_as_it_is() -> None:
    foreign = BASE.replace("moodle.example.edu", "elsewhere.example") + "/x.png"
    assert foreign.encode() in page(f'<img src="{foreign}">', {"/x.png": "there.png"}, base=f"{BASE}/x.png")


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("", f"https://m.example/{'a' * 10_000_000}/pluginfile.php/7/x/{AREA}/9/x.png"),
        ("@@PLUGINFILE@@/x.png?" * 200_000, ""),
        ("@@PLUGINFILE@@/" + "x" * 4_000_000, f"{BASE}/x.png"),
    ],
    ids=["a long address", "many pictures", "a picture with a long name"],
)
def test_every_text_is_soon_a_page(text: str, base: str) -> None:
    assert page(text, {"/x.png": "there.png"}, base=base).count(b"there.png") == text.count("/x.png?")
