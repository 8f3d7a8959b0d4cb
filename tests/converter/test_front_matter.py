"""Files: front matter and Markdown, written and read back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confluence_sync.converter import read_document, render_document

VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.lists(st.text(), max_size=3))


def test_a_file():
    """Keys keep their order, letters their form, long lines their length."""
    metadata = {"title": "Über: " + "x " * 60 + "#1", "page_id": "42", "version": 3, "labels": ["a", "b"]}
    expected = f"---\ntitle: 'Über: {'x ' * 60}#1'\npage_id: '42'\nversion: 3\nlabels:\n- a\n- b\n---\n\n# Hi\n\ntext\n"
    assert render_document(metadata, "# Hi  \n\ntext\n\n").decode() == expected


@pytest.mark.parametrize(
    "title", ["---", "a\n---\nb", "x: y", "- x", "&a *b !c", "\u2028", "\x00\x07", "null", "'\"", "#", "\ud800", ""]
)
def test_hostile_titles(title):
    """No title ends the front matter early or becomes something else."""
    document = read_document(render_document({"title": title, "next": 1}, "body\n"))
    assert document.metadata == {"title": title.replace("\ud800", "?"), "next": 1}
    assert document.markdown == "body\n"


@given(st.dictionaries(st.text("abc_", min_size=1), VALUES, max_size=4), st.text("ab\n-# ").map(str.strip))
def test_files_are_read_as_they_were_written(metadata, markdown):
    """What goes in comes out."""
    lines = "\n".join(line.rstrip() for line in markdown.split("\n"))
    document = read_document(render_document(metadata, markdown))
    assert document.metadata == {key: _clean(value) for key, value in metadata.items()}
    assert document.markdown == (f"{lines}\n" if lines else "")


def _clean(value):
    if isinstance(value, list):
        return [_clean(item) for item in value]
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


@pytest.mark.parametrize(
    "data", [b"no front matter\n", b"---\n: [\n---\nx\n", b"---\n- a\n---\nx\n", b"---\nopen: 1\n", b""]
)
def test_files_of_others(data):
    """What has no front matter is Markdown as a whole."""
    assert read_document(data).metadata == {}
    assert read_document(data).markdown == data.decode()
