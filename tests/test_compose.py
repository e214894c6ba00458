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

from stack import topology
from stack.swift import SERVERS
from tests.test_docs import settings_read
from transcode.queue import NAMES as NAMES_OF_QUEUES
from videolib.lib import programs
from videolib.lib.programs import NAMES, ON_ONE_MACHINE, WORKERS

ROOT = Path(__file__).resolve().parent.parent
COMPOSE = (ROOT / "docker-compose.yml").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()
ONCE = ("migrate", "setup_bucket")
OURS = {*NAMES, *ONCE}
OTHERS = {"nginx", "postgres", "valkey", "s3"}
# Its image starts as root and gives that up by itself, or does not: we do not know, and let it.
STARTS_AS_ROOT = {"s3"}


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """The services with their merges done, as plain YAML."""
    loaded: dict[str, Any] = yaml.safe_load(COMPOSE)["services"]
    return loaded


@pytest.mark.parametrize("name", ["docker-compose.yml", "deploy/docker-compose.tls.yml"])
def test_a_compose_file_follows_the_specification(name: str) -> None:
    options = PyOptions()
    options.apply_merge = True
    options.from_yaml((ROOT / name).read_text()).validate()


def test_hadolint_finds_nothing_in_the_dockerfile(needs: Callable[[str, bool], None]) -> None:
    hadolint = Path(executable).with_name("hadolint")
    needs("hadolint", hadolint.is_file())
    found = run([hadolint, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout + found.stderr) == (0, "")


def test_every_process_is_a_service_and_so_is_what_they_need(services: dict[str, Any]) -> None:
    assert set(services) == {*OURS, *OTHERS}
    for name in NAMES:
        assert services[name]["command"] == ["run", name]
    for name in ONCE:
        assert services[name]["command"] == [name]


def test_make_stack_runs_the_same(services: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(topology, "_postgres_binaries", lambda: tmp_path)
    monkeypatch.setattr(topology, "_nginx_binary", lambda: tmp_path / "nginx")
    ports = dict.fromkeys(("web", "postgres", "valkey", *SERVERS), 1)
    stack = topology.Stack(tmp_path, ("127.0.0.1", 1), ports, {"DATABASE_URL": ""})
    started = {program.name: program for stage in stack.stages() for program in stage}
    # One service holds the four processes of its S3; and on one machine the worker for speech reads screens, too.
    assert {name for name in started if not name.startswith("s3-")} == set(services) - {"screen"}
    assert {name for name, program in started.items() if program.once} == set(ONCE)


def test_every_queue_is_served() -> None:
    together = [queue for queues in ON_ONE_MACHINE.values() for queue in queues.split(",")]
    assert sorted(together) == sorted(WORKERS) == sorted({*NAMES_OF_QUEUES, "light"})


def test_in_containers_every_queue_is_scaled_on_its_own(services: dict[str, Any]) -> None:
    for name in WORKERS:
        assert services[name]["command"] == ["run", name]
        assert f"--queues={name}" in programs.named(name).args
    # Without an engine there is nothing for it to do.
    assert [name for name, service in services.items() if "profiles" in service] == []


def test_every_service_says_whether_it_is_well(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert service["healthcheck"].get("test") or name in ONCE, name


def test_every_service_has_a_limit_of_memory(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert re.search(r"\d+[mg]\b", service["mem_limit"]), name


def test_no_service_has_more_rights_than_it_needs(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["read_only"] is True, name
        assert name in STARTS_AS_ROOT or int(service["user"]) > 0, name
        assert "cap_add" not in service or name in STARTS_AS_ROOT, name
        assert not service.get("privileged") and "network_mode" not in service, name


def test_ours_start_once_the_library_is_prepared_and_the_others_are_well(services: dict[str, Any]) -> None:
    for name in NAMES:
        assert {one: how["condition"] for one, how in services[name]["depends_on"].items()} == {
            **dict.fromkeys(ONCE, "service_completed_successfully"),
            **dict.fromkeys(OTHERS - {"nginx"}, "service_healthy"),
        }
    assert services["nginx"]["depends_on"]["web"]["condition"] == "service_healthy"


def test_nginx_gets_what_its_configuration_asks_for(services: dict[str, Any]) -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)\}", (ROOT / "deploy" / "nginx.conf").read_text()))
    assert asked == set(services["nginx"]["environment"])
    assert services["nginx"]["volumes"][0].startswith("./deploy/nginx.conf:/etc/nginx/templates/")


def test_the_files_for_tls_fit_beside_the_others(services: dict[str, Any]) -> None:
    text = (ROOT / "deploy" / "docker-compose.tls.yml").read_text()
    over = yaml.safe_load(text)["services"]
    assert set(over) == {"nginx"}
    assert over["nginx"]["environment"]["NGINX_LISTEN"] == "8443 ssl"
    for volume in over["nginx"]["volumes"][:1]:
        assert (ROOT / volume.split(":")[0]).is_file()


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
                    assert ":?" in variable or variable.endswith(":-"), f"{key} of {name} has a default"
            if secret.search(key):
                assert "${" in value, f"{key} of {name} stands in the file"


def test_what_is_kept_lies_on_volumes(services: dict[str, Any]) -> None:
    volumes = yaml.safe_load(COMPOSE)["volumes"]
    used = {volume.split(":")[0] for service in services.values() for volume in service["volumes"]}
    assert {name for name in used if not name.startswith("./")} == set(volumes)


def test_only_the_pages_are_reachable_and_from_this_machine_alone(services: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert published == {"nginx": ["127.0.0.1:8000:8080"]}


def test_every_setting_that_is_passed_is_one(services: dict[str, Any]) -> None:
    settings = (ROOT / "videolib" / "settings.py").read_text()
    for key in services["web"]["environment"]:
        assert f'"{key}"' in settings, key


def test_every_setting_reaches_the_containers_but_those_that_the_image_or_this_file_decides(
    services: dict[str, Any],
) -> None:
    decided = {"VIDEOLIB_DATA", "BIND", "DEBUG", "X_ACCEL"}
    assert set(services["web"]["environment"]) == settings_read() - decided
    # The addresses of the services beside it, and their keys.
    made_here = {"DATABASE_URL", "BROKER_URL", "S3_BUCKET", "S3_ENDPOINT_URL"}
    for name in OURS:
        for key, value in services[name]["environment"].items():
            assert key in made_here or value.startswith(f"${{{key}:"), f"{key} of {name} cannot be set in .env"


def test_the_image_does_not_run_as_root() -> None:
    last_stage = DOCKERFILE.rsplit("\nFROM ", 1)[1]
    assert re.search(r"^USER [1-9]\d+$", last_stage, re.M)


def test_nobody_s_library_secrets_or_environment_get_into_the_image() -> None:
    ignored = (ROOT / ".dockerignore").read_text().split()
    # Where docs/operations.md has people write secrets down, beside the Dockerfile.
    secrets = {".env", "*.env", "docker-compose.override.yml"}
    assert secrets <= set(ignored)
    assert secrets <= {line.lstrip("/") for line in (ROOT / ".gitignore").read_text().split()}
    made_here = {".venv", "weights", "node_modules", "videolib/static/vendor", "staticfiles"}
    assert {".git", "data", "deploy/certificates", *made_here} <= set(ignored)


def test_what_the_image_installs_from_is_there() -> None:
    for name in re.findall(r"-r (\S+\.txt)", DOCKERFILE):
        assert (ROOT / name).is_file(), name
    for module in re.findall(r"python -m (scripts\.\w+)", DOCKERFILE):
        assert (ROOT / module.replace(".", "/")).with_suffix(".py").is_file(), module
