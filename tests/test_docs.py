"""The documentation and the code say the same: settings, commands, targets, links, dependencies, endpoints."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest
from django.core.management import get_commands

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")] + sorted(
    (ROOT / "docs").glob("*.md")
)
TEXT = {page: page.read_text() for page in PAGES}
SETTING = re.compile(r"^\| `([A-Z][A-Z0-9_]+)` \|", re.M)
TOP_FOLDERS = "videolib|transcode|tests|scripts|docs|templates|demo|benchmarks"


def settings_read() -> set[str]:
    """The names that videolib/settings.py asks the environment for."""
    calls = [
        node
        for node in ast.walk(ast.parse((ROOT / "videolib" / "settings.py").read_text()))
        if isinstance(node, ast.Call)
    ]
    asked = [call for call in calls if ast.unparse(call.func).startswith("env.") and call.args]
    names = [call.args[0].value for call in asked if isinstance(call.args[0], ast.Constant)]
    return {name for name in names if re.fullmatch(r"[A-Z][A-Z0-9_]+", str(name))}


def test_every_setting_is_documented_and_every_documented_one_is_read() -> None:
    documented = SETTING.findall((ROOT / "docs" / "settings.md").read_text())
    assert sorted(documented) == sorted(settings_read())


def test_every_setting_is_said_with_a_default_and_a_meaning() -> None:
    for row in re.findall(r"^\| `[A-Z].*$", (ROOT / "docs" / "settings.md").read_text(), re.M):
        name, default, meaning = [cell.strip() for cell in row.strip("|").split(" | ")]
        assert default and len(meaning) > 15, name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_settings_that_a_page_names_are_settings(page: Path) -> None:
    rows = SETTING.findall(TEXT[page])
    assignments = re.findall(r"\b([A-Z][A-Z0-9_]{3,})=", TEXT[page])
    # Of the shell, pip, compose, docker and nginx: not ours.
    elsewhere = {"VALKEY_PASSWORD", "PIP_EXTRA_INDEX_URL", "PYTHON", "TOKEN", "CI", "COMPOSE_FILE", "COMPOSE_PROFILES"}
    elsewhere |= {"NGINX_LISTEN", "VIDEOLIB_WEB", "VIDEOLIB_MEDIA", "LD_LIBRARY_PATH"}
    assert {*rows, *assignments} - settings_read() <= elsewhere


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_within_the_repository_lead_somewhere(page: Path) -> None:
    for address in re.findall(r"!?\[[^\]]*\]\(([^)\s]+)\)", TEXT[page]):
        if not re.match(r"https?:|mailto:|#", address):
            assert (page.parent / address.partition("#")[0]).exists(), address


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "CHANGELOG.md"], ids=lambda page: page.name)
def test_files_that_a_page_names_are_there(page: Path) -> None:
    for path in re.findall(rf"`((?:{TOP_FOLDERS})/[\w./-]+)`", TEXT[page]):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_that_a_page_names_exist(page: Path) -> None:
    commands = get_commands()
    for command in re.findall(r"manage\.py ([a-z_]+)", TEXT[page]):
        assert command in commands, command
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    for target in re.findall(r"(?:`|^)make ([a-z]+)", TEXT[page], re.M):
        assert target in targets, target


def test_the_two_commands_come_first_in_the_readme() -> None:
    blocks = re.findall(r"^```\n(.*?)^```", TEXT[ROOT / "README.md"], re.M | re.S)
    assert blocks[:2] == ["make run\n", "make test\n"]


def test_every_dependency_is_explained_and_every_explained_one_is_there() -> None:
    direct = (ROOT / "requirements.txt").read_text().partition("# What those bring along")[0]
    required = {name.lower() for name in re.findall(r"^([A-Za-z][\w.-]*)", direct, re.M)}
    table = (ROOT / "docs" / "decisions.md").read_text().partition("## What we depend on")[2]
    cells = re.findall(r"^\| ([\w, .-]+) \|", table, re.M)
    explained = {name for cell in cells for name in cell.lower().split(", ")} - {"package"}
    assert explained == required


def test_every_requirement_is_pinned() -> None:
    for file in ("requirements.txt", "requirements-dev.txt", "requirements-node.txt"):
        for line in (ROOT / file).read_text().splitlines():
            assert (
                not line or line.startswith(("#", "-r ")) or re.fullmatch(r"[\w.-]+(\[[\w,-]+\])?==[\w.]+(; .*)?", line)
            ), line


def test_front_end_packages_are_pinned_and_the_lock_names_no_registry() -> None:
    wanted = json.loads((ROOT / "package.json").read_text())["dependencies"]
    lock = json.loads((ROOT / "package-lock.json").read_text())
    assert lock["packages"][""]["dependencies"] == wanted
    for name, version in wanted.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), name
        assert lock["packages"][f"node_modules/{name}"]["version"] == version
    for name, package in lock["packages"].items():
        assert "resolved" not in package, name
        assert name == "" or package["integrity"].startswith("sha512-"), name


def test_every_table_row_has_as_many_cells_as_its_head() -> None:
    for page, text in TEXT.items():
        for table in re.findall(r"(?:^\|.*\n)+", text, re.M):
            widths = {len(re.findall(r"(?<!\\)\|", re.sub(r"`[^`]*`", "", row))) for row in table.splitlines()}
            assert len(widths) == 1, f"{page.name}: {table[:80]}"
