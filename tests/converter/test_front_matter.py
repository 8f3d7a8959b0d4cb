"""Files: front matter and Markdown, written and read back."""

import pytest
from hypothesis import given, settings
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
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(), max_size=20),
    lambda values: (
        st.lists(values, max_size=3) | st.dictionaries(st.text(st.characters(), max_size=8), values, max_size=3)
    ),
    max_leaves=8,
)
HOSTILE = st.sampled_from(
    [
        *[
            "---",
            "\n---\n",
            "...",
            "--- #",
            "%YAML 1.1",
            "!!python/object:os.system",
            "&a",
            "*a",
            "<<",
            "=",
            "0o17",
            "1:30",
        ],
        *[
            "2026-01-01",
            "yes",
            "~",
            "NULL",
            ".inf",
            "1_000",
            "0x1F",
            "\ufeff",
            "\u2028",
            "\x85",
            "\r",
            "\t",
            "\x00",
            " x ",
        ],
        *["\N{ROCKET}\x85x", "x\u2028\N{ROCKET}", "a\u2029b", "\x85", "\n", "a\n b\n\n"],
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(HOSTILE | st.text(st.characters(), max_size=8), HOSTILE | JSON, max_size=4))
def test_hostile_metadata_is_read_as_it_was_written(metadata):
    """Any JSON comes back as it was, keys in their order; it never ends the front matter or changes its type."""
    document = read_document(render_document(metadata, "# body\n"))
    assert document.markdown == "# body\n"
    assert list(document.metadata.items()) == list(_clean(metadata).items())
    assert repr(document.metadata) == repr(_clean(metadata))


@pytest.mark.parametrize(
    "data", [b"no front matter\n", b"---\n: [\n---\nx\n", b"---\n- a\n---\nx\n", b"---\nopen: 1\n", b""]
)
def test_files_of_others(data):
    """What has no front matter is Markdown as a whole."""
    assert read_document(data).metadata == {}
    assert read_document(data).markdown == data.decode()
