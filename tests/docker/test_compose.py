import re
from pathlib import Path

import pytest

from rpc_moodle.settings import Settings
from utils.settings import holds_secrets

COMPOSE = Path(__file__).parents[2] / "docker-compose.yml"
DOCKERFILE = COMPOSE.with_name("Dockerfile")


def test_every_setting_can_be_given_to_the_container() -> None:
    handed_on = re.findall(r"^      (RPC_MOODLE_\w+):", COMPOSE.read_text(), re.MULTILINE)
    files = {f"{name}_FILE" for name, field in Settings.model_fields.items() if holds_secrets(field.annotation)}
    assert sorted(handed_on) == sorted(f"RPC_MOODLE_{name.upper()}" for name in {*Settings.model_fields, *files})


def test_where_the_container_listens_does_not_come_from_a_platform_s_environment() -> None:
    text = COMPOSE.read_text()
    assert "RPC_MOODLE_HOST: 0.0.0.0\n" in text
    assert 'RPC_MOODLE_PORT: "8081"\n' in text


@pytest.mark.parametrize(
    "limit", ["mem_limit", "memswap_limit", "cpus", "pids_limit", "ulimits", "logging", "cap_drop"]
)
def test_both_services_are_limited(limit: str) -> None:
    text = COMPOSE.read_text()
    hardened = text[text.index("x-hardened") : text.index("services:")]
    assert f"  {limit}:" in hardened
    assert text.count("<<: *hardened") == 2


def test_the_image_that_runs_has_no_layer_of_the_programs_that_were_deleted() -> None:
    stages = re.findall(r"^FROM (.+)$", DOCKERFILE.read_text(), re.MULTILINE)
    assert stages == ["${BASE} AS build", "${BASE} AS bare", "scratch"]
