"""What the documents say of the code, where it can be checked: names of files, links, and the count of operations."""

import re
from pathlib import Path

import pytest

from tests.unit.dockerapi.fakes import Engine
from wherry.dockerapi.endpoint import endpoints_of
from wherry.dockerapi.resources import resources

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = ("README.md", "ARCHITECTURE.md", "CHANGELOG.md")
OPERATIONS = ROOT / "tests" / "conformance" / "operations.txt"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_files_that_are_named_exist(document: str) -> None:
    text = (ROOT / document).read_text()
    named = re.findall(r"`([\w./]+/[\w.]*\.(?:py|toml|txt|md|sh))`", text)
    missing = [name for name in named if not any((place / name).exists() for place in (ROOT, ROOT / "src" / "wherry"))]
    assert not missing


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    text = (ROOT / document).read_text()
    headings = {
        re.sub(r"[^a-z0-9 -]", "", line.lower()).strip().replace(" ", "-")
        for line in re.findall(r"^#+ (.*)", text, re.M)
    }
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if target.startswith("#"):
            assert target[1:] in headings, target
        elif not target.startswith("https://"):
            assert (ROOT / target).exists(), target


@pytest.mark.parametrize("document", ["README.md", "CHANGELOG.md"])
def test_the_count_of_operations_is_that_of_today(document: str) -> None:
    wanted = {line for line in OPERATIONS.read_text().splitlines() if line and not line.startswith("#")}
    served = {
        f"{method} {path}".replace("...", "")
        for resource in resources(Engine().services)
        for method, path, _ in endpoints_of(resource)
    }
    count = f"{len(wanted & served)} of (?:its )?{len(wanted)} operations"
    assert re.search(count, (ROOT / document).read_text()), f"say that there are {count}"
