"""docs/licences.md names every package that is pinned, with the licence the installed one says it has."""

from __future__ import annotations

import json
import re
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "licences.md").read_text()
LISTED = dict(re.findall(r"^\| ([\w.-]+) \| ([^|]+?) \|$", PAGE, re.M))
LISTED.pop("Package")
PINNED = [
    name
    for path in sorted(ROOT.glob("requirements*.txt"))
    for name in re.findall(r"^([A-Za-z0-9_.-]+)(?:\[.*\])?==", path.read_text(), re.M)
]
LOCKED = {
    place.rpartition("node_modules/")[2]: about.get("license", "")
    for place, about in json.loads((ROOT / "package-lock.json").read_text())["packages"].items()
    if place
}
# Who says nothing of it in a form that can be read; the page says more.
SILENT = {"espeakng-loader", "combine-errors"}
# In SPDX or in words; each of them more than a way of writing another.
FAMILIES = {
    "MIT": r"\bMIT\b",
    "BSD": r"BSD",
    "Apache": r"Apache",
    "MPL": r"\bMPL|Mozilla",
    "LGPL": r"\bLGPL|Lesser",
    "GPL": r"\b(A?GPL|Affero|(?<!Lesser )General Public)",
    "PSF": r"\bPSF|Python Software",
    "ISC": r"\bISC\b",
    "BlueOak": r"BlueOak",
    "Zlib": r"\bZlib",
    "public": r"\bCC0|Unlicense",
    "Boost": r"\bBSL",
    "CNRI": r"\bCNRI",
    "OFL": r"\bOFL",
}


def families(text: str) -> set[str]:
    """The kinds of licence that are named in it."""
    return {name for name, pattern in FAMILIES.items() if re.search(pattern, text)}


def stated(name: str) -> str:
    """What an installed package says of its licence; of a whole text its first line."""
    about = metadata(name)
    expression = about.get("License-Expression") or about.get("License", "").strip().partition("\n")[0]
    classifiers = [line for line in about.get_all("Classifier", []) if line.startswith("License ::")]
    return expression if families(expression) else " ".join(classifiers)


def test_every_pinned_package_is_listed_and_nothing_else() -> None:
    assert sorted(LISTED) == sorted({*PINNED, *LOCKED})


@pytest.mark.parametrize("name", PINNED)
def test_a_package_has_the_licence_that_is_listed(name: str) -> None:
    try:
        said = stated(name)
    except PackageNotFoundError:
        pytest.skip(f"{name} is not needed on this machine")
    if name in SILENT:
        assert not families(said), f"{name} says {said!r} now: take it out of SILENT"
    else:
        assert families(said) == families(LISTED[name]) != set(), f"{name} says {said!r}"


def test_a_package_from_npm_has_the_licence_that_is_listed() -> None:
    said = {name: licence for name, licence in LOCKED.items() if name not in SILENT}
    assert {name: LISTED[name] for name in said} == said


def test_what_is_copyleft_is_explained() -> None:
    explained = PAGE.partition("## Does any")[2].partition("## Programs")[0]
    copyleft = {name for name, licence in LISTED.items() if families(licence) & {"GPL", "LGPL", "MPL"}}
    assert {name for name in copyleft if name.removesuffix("-binary") not in explained} == set()


def test_the_library_says_its_own_licence_the_same_everywhere() -> None:
    assert (ROOT / "LICENSE").read_text().startswith("MIT License")
    assert json.loads((ROOT / "package.json").read_text())["license"] == "MIT"
