"""Lines of text: the short way for simple ones leads where the long way does."""

from hypothesis import given, settings
from hypothesis import strategies as st

from confluence_sync.converter._line_builder import build_line
from confluence_sync.converter._lines import render_line
from confluence_sync.converter._pieces import (
    BREAK,
    CODE,
    DELETED,
    EMPHASIS,
    NEW_LINE,
    STRONG,
    SUBSCRIPT,
    Markup,
)

TEXT = st.text('ab*_`[]()<>~!.,:;&"\\/ \n\u00e9\u00a0\u200b\u2014', max_size=6).map(lambda text: f"{text}")
MARKUP = st.sampled_from(["[a](b)", "![a](b)", "<https://a.b>", "`x`", '<a id="a"></a>', "(a)"]).map(Markup)


@st.composite
def marked(draw):
    """A mark around a text, a link, or nothing."""
    mark = draw(st.sampled_from([STRONG, EMPHASIS, DELETED, SUBSCRIPT, CODE]))
    return [mark.opening, *draw(st.lists(TEXT | MARKUP, max_size=2)), mark.closing]


PIECES = st.lists(st.lists(TEXT | MARKUP, max_size=2) | marked() | st.just([BREAK]), max_size=5).map(
    lambda parts: [piece for part in parts for piece in part]
)


@settings(max_examples=500, deadline=None)
@given(PIECES, st.sampled_from([NEW_LINE, "<br>", " "]), st.booleans())
def test_the_short_way_leads_where_the_long_way_does(pieces, line_break, label):
    """Whatever a line is made of, it does not matter which way it was written."""
    assert render_line(pieces, line_break=line_break, label=label) == build_line(
        pieces, line_break=line_break, label=label
    )
