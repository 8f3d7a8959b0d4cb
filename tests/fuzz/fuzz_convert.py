"""
Coverage-guided fuzzing: any page, any file; what must hold of them is in `checks`.

`nox -s fuzz` runs all targets; one of them alone, with options of libFuzzer:

    python tests/fuzz/fuzz_convert.py pages corpus-folder -runs=1000000

Targets: `pages` (storage format as broken as it may be), `words` (well-formed pages: no word is lost or moved), `files`
(synced files that somebody edited). An input that fails is printed as text; `python tests/fuzz/fuzz_convert.py TARGET
FILE` runs it again.
"""

import sys
from pathlib import Path
from urllib.parse import quote

import atheris

with atheris.instrument_imports(include=["confluence_sync.converter", "mistune"]):
    from confluence_sync.converter import (
        ConvertOptions,
        convert,
        preview_html,
        read_document,
        render_document,
        sections,
    )

import checks
import documents
from seeds import FILES, PAGES

from confluence_sync.models import ResolvedLink


class Site:
    """Knows every page, and the names of users, which its people choose."""

    def page(self, link):
        return ResolvedLink(href=f"{quote(link.title or 'page')}.md", title=link.title or "a [title]*", local=True)

    def attachment(self, link):
        return ResolvedLink(href=quote(link.filename)) if link.filename else None

    def user(self, account_id):
        return f"*{account_id}*"

    def children(self, link):
        return [self.page(link) if link else ResolvedLink(href="child.md", title="<b>`")]


SITE = ConvertOptions(site_url="https://site.atlassian.net/wiki")


def pages(data):
    """Any page: the same clean and harmless Markdown each time, which comes back out of its file."""
    storage = documents.wild(data)
    arguments = {"resolver": Site(), "options": SITE} if len(data) % 2 else {}  # half of all pages
    conversion = convert(storage, **arguments)
    assert conversion == convert(storage, **arguments), "another result"
    checks.check_markdown(conversion.markdown, storage)
    again = read_document(render_document({}, conversion.markdown))
    assert again.markdown == conversion.markdown, "another file"


def words(data):
    """A well-formed page: all that can be read on it, in its order."""
    storage, visible = documents.tame(data)
    markdown = convert(storage).markdown
    checks.check_markdown(markdown, storage)
    assert checks.words_of(markdown) == checks.words(visible), "other words"


def files(data):
    """Any file: read, shown and cut into passages; a file of ours comes back as it was written."""
    read_document(data)
    text = documents.wild(data)
    document = read_document(text.encode("utf-8", "replace"))
    checks.check_preview(preview_html(document))
    for max_chars in (None, 1, 100):
        sections(document, max_chars=max_chars)
    title = text[:50].encode("utf-8", "replace").decode()
    written = render_document({"title": title}, text)
    assert read_document(written).metadata == {"title": title}, "another front matter"
    assert written.endswith(b"\n"), "no newline at the end"
    assert not written.endswith(b"\n\n"), "an empty line at the end"


TARGETS = {
    "pages": (pages, documents.wild, PAGES),
    "words": (words, documents.tame, PAGES),
    "files": (files, documents.wild, FILES),
}
"""A target, how to read what failed, and documents to start from."""


def main():
    name, corpus, *options = sys.argv[1:]
    target, decode, seeds = TARGETS[name]
    if (folder := Path(corpus)).is_dir():
        for number, seed in enumerate(seeds):
            (folder / f"seed-{number}").write_bytes(documents.encode(seed))

    def run(data):
        try:
            target(data)
        except BaseException:
            print(f"\n{name}: {decode(data)!r}", file=sys.stderr)  # noqa: T201 - the finding
            raise

    atheris.Setup([sys.argv[0], corpus, "-max_len=600", "-timeout=20", *options], run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
