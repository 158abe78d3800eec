import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpc_moodle.moodle.text import plain_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Essay", "Essay"),
        (
            '<span lang="de" class="multilang">Lehrer</span> <span lang="en" class="multilang">Teacher</span> 1',
            "Teacher 1",
        ),
        (
            '<span class="multilang" lang="de">Lehrer &amp; Co</span><span class="multilang" lang="fr">Prof</span>',
            "Lehrer & Co",
        ),
        ("{mlang de}Aufsatz{mlang}{mlang en}Essay{mlang} 1", "Essay 1"),
        ("{mlang de,at}Aufsatz{mlang}{mlang other}Rest{mlang}", "Rest"),
        ("R &lt;3 &amp; C", "R <3 & C"),
        ("a < b", "a < b"),
    ],
)
def test_a_name_is_read_in_one_language_without_markup(text: str, name: str) -> None:
    assert plain_name(text) == name


@given(st.text(alphabet='<span lang="e" class="multilang">{mlang}/&;\0\n ', max_size=200))
def test_broken_markup_never_breaks_the_reading(text: str) -> None:
    assert "\n" not in plain_name(text)
