import re
from pathlib import Path

from rpc_moodle.settings import Settings
from utils.settings import holds_secrets

COMPOSE = Path(__file__).parents[2] / "docker-compose.yml"


def test_every_setting_can_be_given_to_the_container() -> None:
    handed_on = set(re.findall(r"^      (RPC_MOODLE_\w+):", COMPOSE.read_text(), re.MULTILINE))
    files = {f"{name}_FILE" for name, field in Settings.model_fields.items() if holds_secrets(field.annotation)}
    assert handed_on == {f"RPC_MOODLE_{name.upper()}" for name in {*Settings.model_fields, *files}}


def test_where_the_container_listens_does_not_come_from_a_platform_s_environment() -> None:
    text = COMPOSE.read_text()
    assert "RPC_MOODLE_HOST: 0.0.0.0\n" in text
    assert 'RPC_MOODLE_PORT: "8081"\n' in text
