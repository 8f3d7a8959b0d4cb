"""Every construct of the storage format with its Markdown, as the page of the reference.

`python tests/converter/constructs.py` writes it anew from the cases.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from confluence_sync.converter import MACROS

CASES = Path(__file__).parent / "cases"
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "constructs.md"
CASE = re.compile(r"^@@ (.+)\n([\s\S]*?)^@@=\n([\s\S]*?)(?=^@@ |\Z)", re.MULTILINE)
CHAPTERS = {
    "text": "Text",
    "blocks": "Blocks",
    "tables": "Tables",
    "links": "Links and images",
    "macros-content": "Macros with content",
    "macros-code": "Macros with code",
    "macros-links": "Macros in a sentence",
    "macros-other": "Other macros",
}
INTRODUCTION = """\
# Constructs

What the converter makes of each construct of the storage format: a body, and below it its Markdown. The examples are
the cases that the tests run; `python tests/converter/constructs.py` writes this page from them. The converter knows no
other page here; in a sync, links to pages and attachments have an address.
"""
MACRO_TABLE = """
## Macros by name

Of a macro that is not here the readable content stays, and a warning has its name.

| macro | example |
| --- | --- |
"""


class Case(NamedTuple):
    """A title, a body in the storage format, and its Markdown; `file` is the chapter."""

    file: str
    title: str
    storage: str
    markdown: str

    @property
    def name(self) -> str:
        """The title without the names of macros."""
        return self.title.split(": `")[0]

    @property
    def target(self) -> str:
        """Name of its place on the page."""
        return f"{self.file}-{re.sub(r'[^a-z0-9]+', '-', self.name.lower()).strip('-')}"


def read_cases() -> Iterator[Case]:
    """Yield all cases, file by file."""
    for path in sorted(CASES.glob("*.txt")):
        for title, storage, markdown in CASE.findall(path.read_text(encoding="utf-8")):
            yield Case(path.stem, title, storage, markdown.rstrip("\n"))


def page() -> str:
    """Return the page of the reference."""
    cases = list(read_cases())
    chapters = [chapter(name, [case for case in cases if case.file == file]) for file, name in CHAPTERS.items()]
    return "".join((INTRODUCTION, MACRO_TABLE, *(macro_row(name, cases) for name in sorted(MACROS)), *chapters))


def macro_row(macro: str, cases: list[Case]) -> str:
    """Return the row of a macro, with the case that names it, or else the first one that has it."""
    having = [case for case in cases if f'ac:name="{macro}"' in case.storage]
    case = next((case for case in having if f"`{macro}`" in case.title), having[0])
    return f"| `{macro}` | [{case.name}](#{case.target}) |\n"


def chapter(name: str, cases: list[Case]) -> str:
    """Return the cases of a file."""
    return f"\n## {name}\n" + "".join(map(section, cases))


def section(case: Case) -> str:
    """Return one case."""
    heading = f"\n({case.target})=\n\n### {case.title}\n"
    return f"{heading}\n{fenced('html', case.storage)}\n{fenced('markdown', case.markdown)}"


def fenced(language: str, text: str) -> str:
    """Return a block of code whose fence is longer than any in it."""
    fence = "`" * max(3, *(len(ticks) + 1 for ticks in re.findall("`+", text)), 3)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
    sys.stdout.write(f"{PAGE}\n")
