"""Every mapped space has its own folder."""

import pytest

from confluence_sync.errors import ConfigurationError
from confluence_sync.models import Space, SpaceMapping
from confluence_sync.paths import check_path
from confluence_sync.planner import space_roots


def mapped(number, name, folder="", key=None):
    return SpaceMapping(space_id=str(number), folder=folder), Space(id=str(number), key=key or f"K{number}", name=name)


def test_space_name_below_the_destination():
    """The folder of a space has its name, made safe."""
    assert space_roots([mapped(1, "Docs", "wiki/all"), mapped(2, "R&D: plans")]) == {
        "1": "wiki/all/Docs",
        "2": "R&D- plans",
    }


def test_spaces_of_one_name():
    """The lowest id has the bare name, the others their key, whatever the order."""
    spaces = [mapped(10, "docs", key="NEW"), mapped(9, "Docs", key="OLD"), mapped(11, "DOCS", key="new")]
    assert space_roots(spaces) == {"9": "Docs", "10": "docs (NEW)", "11": "DOCS (11)"}
    assert space_roots(spaces[::-1]) == space_roots(spaces)


def test_same_name_elsewhere():
    """Spaces in different destinations are not in each other's way."""
    assert set(space_roots([mapped(1, "Docs", "a"), mapped(2, "Docs", "b")]).values()) == {"a/Docs", "b/Docs"}


@pytest.mark.parametrize("name", ["", "../..", "CON", "Ж" * 300, "\ud800\n"])
def test_hostile_space_name(name):
    """Whatever a space is called, its folder is valid, and short enough for pages below it."""
    root = space_roots([mapped(1, name, "in")])["1"]
    assert check_path(root).startswith("in/")
    assert root.count("/") == 1
    assert len(root.encode()) <= 256


@pytest.mark.parametrize("folder", ["/abs", "a/../b", "a//b", "a\\b", "e\u0301", "x/" * 200 + "x"])
def test_folder_that_cannot_be(folder):
    """A destination that is no valid path is the caller's to mend."""
    with pytest.raises(ConfigurationError, match="of a mapping"):
        space_roots([mapped(1, "Docs", folder)])


def test_mapped_twice():
    """One space has one folder."""
    with pytest.raises(ConfigurationError, match="mapped twice"):
        space_roots([mapped(1, "Docs"), mapped(1, "Docs", "other")])


@pytest.mark.parametrize("folder", ["Docs", "docs/deep/er"])
def test_space_inside_a_space(folder):
    """A space inside another's folder would take its pages' names, so the outer one gives way, whatever its id."""
    for outer, inner in ((1, 2), (2, 1)):
        roots = space_roots([mapped(outer, "Docs"), mapped(inner, "More", folder)])
        assert roots == {str(outer): f"Docs (K{outer})", str(inner): f"{folder}/More"}


def test_no_name_left():
    """Where all names are taken, another folder has to be chosen."""
    taken = [mapped(1, "A"), mapped(2, "A (K)"), mapped(3, "A (4)")]
    with pytest.raises(ConfigurationError, match="no folder name is left"):
        space_roots([*taken, mapped(4, "A", key="K")])


@pytest.mark.parametrize("folder", ["CON", "a/trail.", "a:b", " lead", ".hidden"])
def test_folder_that_not_every_platform_takes(make, folder):
    """Folders of mappings have to be as portable as the names of pages; the error says what would be."""
    space = make.snapshot().space
    with pytest.raises(ConfigurationError, match="use "):
        space_roots([(SpaceMapping(space_id=space.id, folder=folder), space)])
