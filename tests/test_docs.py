"""The documentation says what is: its code runs, its reference is whole."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import confluence_sync

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
TOKEN_STORE = (ROOT / "examples" / "11_custom_token_store.py").read_text(encoding="utf-8")
RUNS = re.compile(r"<!-- runs: (\w+) -->\n```python\n(.+?)```", re.DOTALL)


def snippets() -> dict[str, str]:
    """Return the tests in the documentation by name; blocks of one name are one file."""
    files: dict[str, list[str]] = {}
    for path in sorted(DOCS.rglob("*.md")):
        for name, code in RUNS.findall(path.read_text(encoding="utf-8")):
            files.setdefault(name, []).append(code)
    return {name: "\n\n".join(blocks) for name, blocks in files.items()}


def modules_with(mark: str) -> list[str]:
    """Return the modules of the library in whose text something stands, without importing them."""
    package = Path(confluence_sync.__path__[0])
    paths = [path for path in sorted(package.rglob("*.py")) if mark in path.read_text(encoding="utf-8")]
    return [
        ".".join(path.relative_to(package.parent).with_suffix("").parts).removesuffix(".__init__") for path in paths
    ]


SNIPPETS = [pytest.param(name, code, id=name) for name, code in snippets().items()]


@pytest.mark.parametrize(("name", "code"), SNIPPETS)
def test_snippets_pass(pytester: pytest.Pytester, name: str, code: str):
    """Tests that stand in the documentation pass when they are copied into a file."""
    pytester.makepyfile(**{name: code}, token_store=TOKEN_STORE)  # which one of them speaks of
    outcome = pytester.runpytest_subprocess("-q", "-p", "no:cacheprovider")
    assert outcome.ret == 0, outcome.stdout.str()


def test_there_are_snippets():
    """Those that hosts and adapter writers start from are among them."""
    names = {"test_connect", "test_host", "test_live_sync", "test_passages", "test_store_vfs", "test_token_store"}
    assert {snippet.id for snippet in SNIPPETS} == names


@pytest.mark.parametrize("module", modules_with(">>> "))
def test_doctests_pass(module: str):
    """What a docstring shows is what a reader sees who types it in."""
    outcome = doctest.testmod(importlib.import_module(module))
    assert outcome.attempted
    assert not outcome.failed


def test_every_public_package_has_a_page():
    """A page of the reference for each public part."""
    parts = [module.name for module in pkgutil.iter_modules(confluence_sync.__path__)]
    assert "sync" in parts
    for part in parts:
        assert f"confluence_sync.{part}" in (DOCS / "reference" / f"{part}.md").read_text(encoding="utf-8")


def test_the_reference_of_testing_is_whole():
    """What is imported on demand is invisible to autodoc, so it is named there."""
    page = (DOCS / "reference" / "testing.md").read_text(encoding="utf-8")
    for name in importlib.import_module("confluence_sync.testing").__all__:
        assert re.search(rf"\b{name}\b", page), name


def test_the_table_of_promises_is_that_of_the_code():
    """The page is what `python -m confluence_sync.testing.contracts` prints."""
    command = [sys.executable, "-m", "confluence_sync.testing.contracts"]
    printed = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True).stdout
    assert (DOCS / "reference" / "promises.md").read_text(encoding="utf-8").endswith(printed)
