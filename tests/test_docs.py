"""The documentation says what is: its code runs, its reference is whole."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
TOKEN_STORE = (DOCS.parent / "examples" / "11_custom_token_store.py").read_text(encoding="utf-8")
RUNS = re.compile(r"<!-- runs: (\w+) -->\n```python\n(.+?)```", re.DOTALL)
SNIPPETS = [
    pytest.param(name, code, id=name)
    for path in sorted(DOCS.rglob("*.md"))
    for name, code in RUNS.findall(path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize(("name", "code"), SNIPPETS)
def test_snippets_pass(pytester: pytest.Pytester, name: str, code: str):
    """Tests that stand in the documentation pass when they are copied into a file."""
    pytester.makepyfile(**{name: code}, token_store=TOKEN_STORE)  # which one of them speaks of
    outcome = pytester.runpytest_subprocess("-q", "-p", "no:cacheprovider")
    assert outcome.ret == 0, outcome.stdout.str()


def test_there_are_snippets():
    """Those that hosts and adapter writers start from are among them."""
    assert {snippet.id for snippet in SNIPPETS} == {"test_dict_vfs", "test_host", "test_passages", "test_token_store"}


def test_every_public_package_has_a_page():
    """A page of the reference for each public part."""
    parts = ["adapters", "client", "converter", "engine", "errors", "events", "models", "paths", "planner", "protocols"]
    parts += ["integrations", "reading"]
    for part in [*parts, "testing"]:
        assert f"confluence_sync.{part}" in (DOCS / "reference" / f"{part}.md").read_text(encoding="utf-8")


def test_the_reference_of_testing_is_whole():
    """What is imported on demand is invisible to autodoc, so it is named there."""
    page = (DOCS / "reference" / "testing.md").read_text(encoding="utf-8")
    for name in importlib.import_module("confluence_sync.testing").__all__:
        assert re.search(rf"\b{name}\b", page), name
