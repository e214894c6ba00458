"""What a review would say twice: sizes, names, doors. docs/architecture.md and CONTRIBUTING.md say why."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from statistics import median, quantiles

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("videolib", "transcode", "scripts", "demo", "benchmarks", "stack", "chaos")
# Where a program may be started: the door with limits, and the supervisor of `make run`. Becoming another program
# (exec) starts none: the launcher under the first does it, and `run` with the name of one program.
STARTS_PROGRAMS = {"transcode/media/child.py", "videolib/lib/supervisor.py"}
BECOMES_A_PROGRAM = {"transcode/media/launch.py", "videolib/management/commands/run.py"}
FILE_LINES, FUNCTION_LINES, VIEW_LINES, SCRIPT_LINES, NESTING = 500, 50, 25, 200, 3
MEDIAN_LINES, NINETY_PERCENT_LINES = 10, 35
NO_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "services", "selectors", "base_utils", "managers"}
ROOM_FILES = {"models", "actions", "access", "forms", "views", "urls", "tasks"}


def sources(*folders: str) -> list[Path]:
    """Every Python file of ours under `folders`, migrations apart."""
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [path for path in found if "migrations" not in path.parts]


@cache
def tree_of(path: Path) -> ast.Module:
    """The file, parsed."""
    return ast.parse(path.read_text())


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a file, inner ones too."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Its lines, from `def` to the end."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def named(path: Path) -> str:
    """The path from the clone."""
    return path.relative_to(ROOT).as_posix()


def templates() -> list[Path]:
    """Every page and part."""
    return sorted((ROOT / "templates").rglob("*.html"))


# --- Sizes ----------------------------------------------------------------------------------------------------------


def test_no_file_is_longer_than_anybody_reads() -> None:
    paths = [*sources(*PACKAGES, "tests"), *templates()]
    assert {named(path): n for path in paths if (n := len(path.read_text().splitlines())) > FILE_LINES} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    found = [(named(path), node) for path in sources(*PACKAGES) for node in functions(path)]
    assert {f"{path}: {node.name}": n for path, node in found if (n := length(node)) > FUNCTION_LINES} == {}


def test_most_functions_are_short() -> None:
    lengths = [length(node) for path in sources("videolib", "transcode") for node in functions(path)]
    assert median(lengths) < MEDIAN_LINES
    assert quantiles(lengths, n=10)[-1] < NINETY_PERCENT_LINES


def test_a_view_is_a_function_that_fits_in_a_glance() -> None:
    views = [path for path in sources("videolib") if path.stem == "views"]
    found = [(named(path), node) for path in views for node in functions(path)]
    assert {f"{path}: {node.name}": n for path, node in found if (n := length(node)) > VIEW_LINES} == {}
    classes = [node for path in views for node in ast.walk(tree_of(path)) if isinstance(node, ast.ClassDef)]
    assert [node.name for node in classes if any(ast.unparse(base).endswith("View") for base in node.bases)] == []


def test_nothing_is_nested_deep() -> None:
    found = [(named(path), node) for path in sources(*PACKAGES) for node in functions(path)]
    assert {f"{path}: {node.name}": n for path, node in found if (n := nesting(node)) > NESTING} == {}


def nesting(node: ast.AST) -> int:
    """How many blocks deep it goes; an `elif` is no deeper than its `if`."""
    deepest = 0
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            continue
        is_elif = isinstance(node, ast.If) and isinstance(child, ast.If) and child in node.orelse
        is_block = isinstance(child, ast.If | ast.For | ast.While | ast.With | ast.Try | ast.Match) and not is_elif
        deepest = max(deepest, nesting(child) + is_block)
    return deepest


def test_a_script_fits_a_page() -> None:
    scripts = sorted((ROOT / "videolib" / "static" / "js").glob("*.js"))
    assert {named(path): n for path in scripts if (n := len(path.read_text().splitlines())) > SCRIPT_LINES} == {}


# --- Names ----------------------------------------------------------------------------------------------------------


def test_no_module_is_a_drawer_for_odds_and_ends() -> None:
    assert [named(path) for path in sources(*PACKAGES, "tests") if path.stem in NO_NAMES] == []


def test_a_room_is_no_folder_of_folders() -> None:
    for name in ROOM_FILES:
        assert [named(path) for path in (ROOT / "videolib").glob(f"*/{name}/") if path.is_dir()] == []


def test_every_package_of_tests_mirrors_the_code() -> None:
    for app in ("videolib", "transcode"):
        for folder in sorted((ROOT / "tests" / app).glob("*/")):
            if folder.name != "__pycache__":
                home = "management" if folder.name == "commands" else folder.name
                assert (ROOT / app / home).is_dir(), f"tests/{app}/{folder.name} tests nothing that is there"


def test_every_module_says_what_it_is_for() -> None:
    silent = [path for path in sources(*PACKAGES) if path.read_text().strip() and not ast.get_docstring(tree_of(path))]
    assert [named(path) for path in silent] == []


# --- Doors ----------------------------------------------------------------------------------------------------------


def names_used(path: Path) -> Iterator[str]:
    """What a file imports and what it takes from modules, as dotted names."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Attribute):
            yield ast.unparse(node)


def test_only_two_files_start_programs() -> None:
    starting = re.compile(
        r"(subprocess|multiprocessing|pty|pexpect)(\..*)?|os\.(system|popen|fork\w*|spawn\w+|posix_spawn\w*)|asyncio\.create_subprocess\w*"
    )
    found = {
        named(path)
        for path in sources("videolib", "transcode", "demo")
        if any(map(starting.fullmatch, names_used(path)))
    }
    assert found == STARTS_PROGRAMS


def test_only_the_launcher_and_run_become_programs() -> None:
    becoming = re.compile(r"os\.exec\w+")
    found = {
        named(path)
        for path in sources("videolib", "transcode", "demo")
        if any(map(becoming.fullmatch, names_used(path)))
    }
    assert found == BECOMES_A_PROGRAM


def test_no_program_is_given_to_a_shell() -> None:
    calls = [
        (path, node) for path in sources(*PACKAGES) for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)
    ]
    assert [named(path) for path, call in calls if any(keyword.arg == "shell" for keyword in call.keywords)] == []


def test_there_is_one_signal_and_nothing_happens_in_save() -> None:
    for path in sources("videolib", "transcode"):
        text = path.read_text()
        assert not re.search(r"\b(post|pre)_(save|delete|init)\b|m2m_changed", text), named(path)
        assert named(path) == "transcode/signals.py" or "dispatch import Signal" not in text, named(path)
    for path in sources("videolib", "transcode"):
        if path.stem == "models":
            assert not {"save", "delete", "__init__"} & {node.name for node in functions(path)}, named(path)


def test_only_settings_read_the_environment() -> None:
    reading = re.compile(r"os\.(environ|getenv)(\..*)?")
    # `run` and the supervisor hand the environment on to what they start; manage.py's like name the settings.
    passing_on = {"env.py", "supervisor.py", "foreground.py"}
    passing_on = {"videolib/management/commands/run.py", *(f"videolib/lib/{name}" for name in passing_on)}
    naming_settings = {"videolib/celery.py", "videolib/wsgi.py"}
    on_a_terminal = {"videolib/lib/joint_log.py"}  # NO_COLOR, which every program reads for itself
    for_a_library = {"transcode/speech/faster_whisper.py"}  # sets a switch that MKL reads
    found = {named(path) for path in sources("videolib", "transcode") if any(map(reading.fullmatch, names_used(path)))}
    assert found <= passing_on | naming_settings | on_a_terminal | for_a_library


@pytest.mark.parametrize("path", [path for path in sources("videolib") if path.stem in {"views", "pages"}], ids=named)
def test_a_view_fetches_no_row_by_itself(path: Path) -> None:
    fetching = re.compile(r"(Clip|Recording|Upload|Invitation|ApiToken)\.objects\.(get|all|filter|first)\b")
    lines = [line.strip() for line in path.read_text().splitlines() if fetching.search(line)]
    assert lines == []


# --- Pages ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", templates(), ids=named)
def test_a_template_has_no_inline_script_or_style(path: Path) -> None:
    text = re.sub(r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}", "", path.read_text(), flags=re.S)
    for script in re.findall(r"<script\b[^>]*>", text):
        assert "src=" in script or 'type="application/json"' in script, script
    assert not re.search(r"<style\b", text)
    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"<[^>]*\son[a-z]+\s*=", text)
    assert "javascript:" not in text
    assert not re.search(r"""(?:src|srcset|poster|data-src)\s*=\s*["'](?:https?:)?//""", text)
    assert not re.search(r"""["'(]data:""", text)


def test_a_style_sheet_loads_nothing_from_elsewhere() -> None:
    for path in sorted((ROOT / "videolib" / "static" / "css").glob("*.css")):
        assert not re.search(r"url\(\s*['\"]?(?:https?:|//|data:)|@import", path.read_text()), named(path)


def test_colours_and_sizes_are_named_in_one_file() -> None:
    for path in sorted((ROOT / "videolib" / "static" / "css").glob("*.css")):
        text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
        if path.name != "base.css":
            # Black is what a picture has beside it in every theme.
            assert not re.search(r"#(?!000\b)[0-9a-f]{3,8}\b", text, re.I), f"{named(path)} has a colour of its own"


def test_scripts_run_no_text_as_code() -> None:
    for path in sorted((ROOT / "videolib" / "static" / "js").glob("*.js")):
        assert not re.search(
            r"\beval\(|new Function\(|document\.write\(|\.innerHTML\s*=|setTimeout\(\s*['\"]", path.read_text()
        ), named(path)
