"""Real pages of many sources, where they are at hand."""

import re
from pathlib import Path

import pytest
import rendered

from confluence_sync.converter import convert

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
PAGES = sorted(CORPUS.glob("*/*/*.storage.xml"))


@pytest.mark.skipif(not PAGES, reason="the corpus of real pages is not here")
def test_real_pages():
    """Every page is converted, without an element or CDATA of Confluence left in its text."""
    for path in PAGES:
        markdown = convert(path.read_text(encoding="utf-8")).markdown
        prose = re.sub(r"<pre>.*?</pre>|<code>.*?</code>", "", rendered.render(markdown), flags=re.DOTALL)
        assert not re.search(r"</?(?:ac|ri|at):|<!\[CDATA", prose), path.name


@pytest.mark.skipif(not PAGES, reason="the corpus of real pages is not here")
def test_words_of_real_paragraphs():
    """The words of every plain paragraph are in the text, in their order."""
    for path in PAGES:
        storage = path.read_text(encoding="utf-8")
        words = " ".join(re.findall(r"\w+", rendered.text(convert(storage).markdown)))
        for paragraph in re.findall(r"<p>([\w ,.]+)</p>", re.sub(r"<!--.*?-->", "", storage, flags=re.DOTALL)):
            assert " ".join(re.findall(r"\w+", paragraph)) in words, (path.name, paragraph)
