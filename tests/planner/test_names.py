"""Titles as names of files: always valid, never empty, never hidden."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confluence_sync.paths import check_path
from confluence_sync.planner._names import fit, safe_name
from confluence_sync.testing.strategies import titles


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Release notes", "Release notes"),
        ("", "Untitled"),
        (" \t\n", "Untitled"),
        ("...", "Untitled"),
        ("\u200b\u202e\u200d", "Untitled"),
        ("../../etc/passwd", "__-..-etc-passwd"),
        ("a/b\\c:d", "a-b-c-d"),
        ("CON", "CON_"),
        ("CON .", "CON_"),
        ("con\u200d", "con_"),
        ("nul.tar.gz", "nul_.tar.gz"),
        (".hidden", "_hidden"),
        ("trailing. . .", "trailing"),
        ("line\nbreak\t tab", "line break tab"),
        ("bell\x07", "bell-"),
        ("\u202egnp.exe", "gnp.exe"),
        ("\ud800x", "-x"),
        ("🚀", "🚀"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("e\u0301", "é"),
        ("\u212b", "Å"),
    ],
)
def test_title_becomes_a_name(title, name):
    """Every kind of hostile title has a name that a person still recognises."""
    assert safe_name(title) == name


@given(title=titles())
def test_name_is_a_valid_segment(title):
    """Whatever the title, its name is valid, visible, and safe to stand before an extension."""
    name = safe_name(title)
    assert "/" not in check_path(fit(name, "", 252) + ".md")
    assert not name.startswith((".", " "))
    assert not name.endswith((".", " "))
    assert unicodedata.is_normalized("NFC", name)


@given(title=titles())
def test_name_of_a_name_is_itself(title):
    """Nothing is left to mend in a name."""
    assert safe_name(safe_name(title)) == safe_name(title)


@given(title=titles(), page_id=st.integers(1, 2**63), limit=st.integers(37, 252))
def test_fit_keeps_the_suffix_and_the_limit(title, page_id, limit):
    """However short it has to be, the suffix stays whole, something is left of the name, and it is in NFC."""
    suffix = f" ({page_id})"
    name = fit(safe_name(title), suffix, limit)
    assert len(name.encode()) <= limit
    assert name.endswith(suffix)
    assert len(name) > len(suffix)
    assert unicodedata.is_normalized("NFC", name)


def test_fit_does_not_cut_characters():
    """A name is cut between characters, not between bytes, and no joiner is left behind."""
    assert fit("Ж" * 10, "", 5) == "ЖЖ"
    assert fit("👩\u200d🚀", "", 8) == "👩"
