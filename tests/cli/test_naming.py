import pytest

from rpc_moodle.cli.naming import command_of
from rpc_moodle.methods import METHODS


@pytest.mark.parametrize(
    ("event", "command"),
    [
        ("getUsersFromCourse", ("users", "from-course")),
        ("searchUsers", ("users", "search")),
        ("getCategories", ("categories", "list")),
        ("getPublication", ("publications", "show")),
        ("getCompletionOfCourse", ("completion", "of-course")),
        ("lockSubmissions", ("submissions", "lock")),
        ("publishAssignmentTextFeedback", ("assignments", "publish-text-feedback")),
        ("call", ("call",)),
    ],
)
def test_a_command_is_the_methods_own_words_noun_first(event: str, command: tuple[str, ...]) -> None:
    assert command_of(event) == command


def test_no_two_methods_share_a_command() -> None:
    commands = [command_of(method.name) for method in METHODS]
    assert len(set(commands)) == len(commands)
