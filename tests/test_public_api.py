"""The public names: all there, all documented."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import subprocess
import sys
from importlib.metadata import version

import pytest

import confluence_sync

PUBLIC = sorted(
    module.name
    for module in pkgutil.walk_packages(confluence_sync.__path__, "confluence_sync.")
    if not any(part.startswith("_") for part in module.name.split("."))
)


def module_or_skip(name: str):
    """Import a public module, unless it needs an extra that is not installed."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        pytest.skip(f"{error.name} is not installed")


@pytest.mark.parametrize("name", PUBLIC)
def test_all_names_exist_and_are_sorted(name: str):
    """`__all__` lists what a public module offers, and each of it is there."""
    module = module_or_skip(name)
    assert list(module.__all__) == sorted(
        module.__all__, key=lambda item: (not item.isupper(), item[0].islower(), item)
    )
    for item in module.__all__:
        getattr(module, item)


@pytest.mark.parametrize("name", PUBLIC)
def test_public_names_are_documented(name: str):
    """Every public class and function says what it is."""
    module = module_or_skip(name)
    undocumented = [
        item
        for item in module.__all__
        if (inspect.isclass(getattr(module, item)) or inspect.isfunction(getattr(module, item)))
        and not inspect.getdoc(getattr(module, item))
    ]
    assert undocumented == []


def test_the_version_is_that_of_the_distribution():
    """`confluence_sync.__version__` needs no second place to be kept."""
    assert confluence_sync.__version__ == version("confluence-sync-engine")


def test_the_front_door():
    """The names of the first example can be imported from the package."""
    assert sorted(confluence_sync.__all__) == list(confluence_sync.__all__)
    for item in confluence_sync.__all__:
        getattr(confluence_sync, item)


def test_the_converter_alone_imports_little():
    """Those who only convert wait for no HTTP client, no engine, no parser of Markdown or YAML."""
    script = "import sys, confluence_sync.converter; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout.split()
    assert {"httpx", "cattrs", "mistune", "yaml", "confluence_sync.engine"}.isdisjoint(modules)


def test_names_of_the_front_door_are_listed():
    """Names that are imported when they are asked for are found by those who look."""
    assert set(confluence_sync.__all__) <= set(dir(confluence_sync))
