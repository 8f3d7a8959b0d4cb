"""What every construct becomes: cases in text files, a title, the storage format and the Markdown of each."""

import constructs
import pytest

from confluence_sync.converter import MACROS, convert

CASES = [pytest.param(case, id=f"{case.file}: {case.title}") for case in constructs.read_cases()]


@pytest.mark.parametrize("case", CASES)
def test_case(case):
    """The Markdown is what the case says."""
    assert convert(case.storage).markdown.rstrip("\n") == case.markdown


@pytest.mark.parametrize("macro", MACROS)
def test_every_macro_has_a_case(macro):
    """Somebody who looks up a macro finds what becomes of it."""
    assert any(f'ac:name="{macro}"' in case.values[0].storage for case in CASES)


def test_the_table_of_constructs_is_that_of_the_cases():
    """The page of the reference is what `constructs.py` prints, and has every case once."""
    page = constructs.PAGE.read_text(encoding="utf-8")
    assert page == constructs.page()
    targets = [case.values[0].target for case in CASES]
    assert len(set(targets)) == len(targets) == page.count("\n### ")
