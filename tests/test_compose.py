"""The containers: both files are valid, every process has its place, and no secret has a default."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from subprocess import run
from sys import executable
from typing import Any

import pytest
import yaml
from compose_spec import PyOptions

from videolib.lib.programs import NAMES

ROOT = Path(__file__).resolve().parent.parent
COMPOSE = (ROOT / "docker-compose.yml").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()
OURS = {*NAMES, "migrate"}


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """The services with their merges done, as plain YAML."""
    loaded: dict[str, Any] = yaml.safe_load(COMPOSE)["services"]
    return loaded


def test_the_compose_file_follows_the_specification() -> None:
    options = PyOptions()
    options.apply_merge = True
    options.from_yaml(COMPOSE).validate()


def test_hadolint_finds_nothing_in_the_dockerfile(needs: Callable[[str, bool], None]) -> None:
    hadolint = Path(executable).with_name("hadolint")
    needs("hadolint", hadolint.is_file())
    found = run([hadolint, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout + found.stderr) == (0, "")


def test_every_process_is_a_service_and_so_are_the_broker_and_the_bucket(services: dict[str, Any]) -> None:
    assert set(services) == {*OURS, "valkey", "s3"}
    for name in NAMES:
        assert services[name]["command"] == ["run", name]
    assert services["migrate"]["command"] == ["migrate"]


def test_every_service_says_whether_it_is_well(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert service["healthcheck"].get("test") or name == "migrate", name


def test_ours_start_once_the_library_is_migrated_and_the_others_are_well(services: dict[str, Any]) -> None:
    for name in NAMES:
        assert {one: how["condition"] for one, how in services[name]["depends_on"].items()} == {
            "migrate": "service_completed_successfully",
            "valkey": "service_healthy",
            "s3": "service_healthy",
        }


def test_every_image_is_pinned(services: dict[str, Any]) -> None:
    images = {service["image"] for name, service in services.items() if name not in OURS}
    images |= set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.M))
    for image in images:
        assert re.search(r":\d+\.\d+", image), f"{image} names no version"


def test_no_secret_has_a_default(services: dict[str, Any]) -> None:
    secret = re.compile(r"SECRET|PASSWORD|ACCESS_KEY")
    for name, service in services.items():
        for key, value in service.get("environment", {}).items():
            for variable in re.findall(r"\$\{([^}]*)\}", str(value)):
                if secret.search(variable.split(":")[0]):
                    assert ":?" in variable, f"{key} of {name} has a default"
            if secret.search(key):
                assert "${" in value, f"{key} of {name} stands in the file"


def test_what_is_kept_lies_on_volumes(services: dict[str, Any]) -> None:
    volumes = yaml.safe_load(COMPOSE)["volumes"]
    used = {volume.split(":")[0] for service in services.values() for volume in service["volumes"]}
    assert used == set(volumes)


def test_only_the_pages_are_reachable_and_from_this_machine_alone(services: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert published == {"web": ["127.0.0.1:8000:8000"]}


def test_every_setting_that_is_passed_is_one(services: dict[str, Any]) -> None:
    settings = (ROOT / "videolib" / "settings.py").read_text()
    for key in services["web"]["environment"]:
        assert f'"{key}"' in settings, key


def test_the_image_does_not_run_as_root() -> None:
    last_stage = DOCKERFILE.rsplit("\nFROM ", 1)[1]
    assert re.search(r"^USER [1-9]\d+$", last_stage, re.M)


def test_nobody_s_library_and_no_environment_gets_into_the_image() -> None:
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".git", ".venv", "data", "weights", "node_modules", "videolib/static/vendor", "staticfiles"} <= set(ignored)


def test_what_the_image_installs_from_is_there() -> None:
    for name in re.findall(r"-r (\S+\.txt)", DOCKERFILE):
        assert (ROOT / name).is_file(), name
    for module in re.findall(r"python -m (scripts\.\w+)", DOCKERFILE):
        assert (ROOT / module.replace(".", "/")).with_suffix(".py").is_file(), module
