"""What every construct becomes: cases in text files, a title, the storage format and the Markdown of each."""

import re
from pathlib import Path

import pytest

from confluence_sync.converter import MACROS, convert

CASES = Path(__file__).parent / "cases"


def read_cases():
    for path in sorted(CASES.glob("*.txt")):
        for title, storage, markdown in re.findall(
            r"^@@ (.+)\n([\s\S]*?)^@@=\n([\s\S]*?)(?=^@@ |\Z)", path.read_text(encoding="utf-8"), re.MULTILINE
        ):
            yield pytest.param(storage, markdown.rstrip("\n"), id=f"{path.stem}: {title}")


@pytest.mark.parametrize(("storage", "markdown"), list(read_cases()))
def test_case(storage, markdown):
    """The Markdown is what the case says."""
    assert convert(storage).markdown.rstrip("\n") == markdown


@pytest.mark.parametrize("macro", MACROS)
def test_every_macro_has_a_case(macro):
    """Somebody who looks up a macro finds what becomes of it."""
    assert any(f'ac:name="{macro}"' in case.values[0] for case in read_cases())
