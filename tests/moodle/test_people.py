"""How users whom a plugin tells of are held against what is searched for."""

import pytest

from rpc_moodle.moodle.people import Person, fits

ZOE = Person(5, username="zoe", firstname="Zoë", lastname="M_ller", email="zoe@example.com")


@pytest.mark.parametrize(
    ("key", "value", "found"),
    [
        ("id", "5", True),
        ("id", "55", False),
        ("id", "%", False),
        ("username", "zo%", False),
        ("firstname", "ZOË", True),
        ("firstname", "z%", True),
        ("firstname", "o%", False),
        ("lastname", "m_ller", True),
        ("lastname", "M.ller", False),
        ("lastname", "%[_]%", False),
        ("email", "*@example.com", False),
        ("email", "zo?@example.com", False),
        ("email", "%@example.com", True),
        ("email", "%@example", False),
        ("idnumber", "S1", False),
    ],
)
def test_a_user_fits_as_moodle_compares(key: str, value: str, found: bool) -> None:
    assert fits(ZOE, key, value) is found


@pytest.mark.timeout(20)
def test_any_number_of_wildcards_is_soon_told_to_fit_or_not() -> None:
    assert not fits(Person(5, email="a" * 200), "email", "%a" * 100 + "x")


@pytest.mark.parametrize("withheld", ["", None])
def test_what_is_withheld_fits_nothing(withheld: str | None) -> None:
    assert not fits(Person(5, email=withheld), "email", "%")
