"""Throughput of the converter beside others: medians and ratios, measured in turns in one run."""

from __future__ import annotations

import gc
import random
import statistics
import timeit
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from confluence_sync.converter import convert

pytestmark = pytest.mark.bench

SINGLES = sorted(Path(__file__).parents[3].joinpath("shared", "corpus", "singles").rglob("*.storage.xml"))
WORDS = (
    "the",
    "service",
    "uses",
    "a",
    "queue",
    "of",
    "jobs",
    "run",
    "by",
    "workers",
    "in",
    "every",
    "region",
    "and",
    "state",
)
Convert = Callable[[str], object]


def rivals() -> Mapping[str, Convert]:
    """Return this converter and the others, which have to be installed."""
    exporter = pytest.importorskip("confluence_md_exporter.transform")
    return {
        "confluence-sync": convert,
        "html-to-markdown": pytest.importorskip("html_to_markdown").convert,
        "confluence-md-exporter": exporter.transform_storage,
        "html2text": pytest.importorskip("html2text").html2text,
        "markdownify": pytest.importorskip("markdownify").markdownify,
    }


def generated_page(seed: int, size: int = 18_000) -> str:
    """Return a page of headings, links, lists, tables, code and panels, of about so many characters."""
    pick = random.Random(seed)

    def words(count: int) -> str:
        return " ".join(pick.choices(WORDS, k=count))

    def row() -> str:
        return (
            f"<tr><td><p>{words(1)}_{words(1)}</p></td><td><p><code>int</code></p></td><td><p>{words(6)}</p></td></tr>"
        )

    page = ""
    while len(page) < size:
        page += f"""<h2>{words(4)}</h2>
<p>{words(30)} <strong>{words(2)}</strong> {words(10)} <code>{words(1)}</code>, see
<a href="https://example.com/docs/{len(page)}?a=1&amp;b=2">{words(3)}</a> and <ac:link><ri:page
ri:content-title="{words(3)}" ri:space-key="DOCS" /><ac:link-body>{words(2)}</ac:link-body></ac:link>.</p>
<ul><li><p>{words(8)}</p></li><li><p>{words(6)} <em>{words(2)}</em></p><ul><li><p>{words(5)}</p></li></ul></li></ul>
<table data-layout="default"><colgroup><col style="width: 226.0px;" /><col style="width: 226.0px;" />
<col style="width: 226.0px;" /></colgroup><tbody><tr><th><p><strong>{words(1)}</strong></p></th>
<th><p><strong>{words(1)}</strong></p></th><th><p><strong>{words(1)}</strong></p></th></tr>
{"".join(row() for _ in range(6))}</tbody></table><ac:structured-macro ac:name="code" ac:schema-version="1"
ac:macro-id="{len(page)}"><ac:parameter ac:name="language">python</ac:parameter>
<ac:plain-text-body><![CDATA[def run(job):
    for step in job.steps:
        print(f"{{step}}" if step.done < 3 else "")
]]></ac:plain-text-body></ac:structured-macro><ac:structured-macro ac:name="info" ac:schema-version="1"
ac:macro-id="p{len(page)}"><ac:rich-text-body><p>{words(15)}&rsquo;s</p></ac:rich-text-body></ac:structured-macro>"""
    return page


def measure(title: str, documents: Sequence[str], rounds: int) -> None:
    """Convert all documents by each converter in turn, and print the medians."""
    converters = rivals()
    times: dict[str, list[float]] = {name: [] for name in converters}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what others have to say of storage format
        for _ in range(rounds):
            for name, function in converters.items():
                gc.collect()  # nobody pays for the garbage of another; timeit goes without the collector
                times[name].append(timeit.timeit(lambda function=function: [*map(function, documents)], number=1))
    size = sum(map(len, documents))
    own = statistics.median(times["confluence-sync"])
    print(f"\n{title}: {len(documents)} documents, {size / 1000:.0f} kB")
    for name, taken in times.items():
        median = statistics.median(taken)
        print(f"  {name:24} {median * 1000:8.2f} ms {size / median / 1e6:7.1f} MB/s   takes {median / own:5.2f} times")


def test_generated_pages():
    """Pages as authors of documentation write them, of 18 kB each."""
    measure("generated", [generated_page(seed) for seed in range(5)], rounds=15)


@pytest.mark.skipif(not SINGLES, reason="the corpus of real pages is not here")
def test_real_pages():
    """Real pages, most of them small. Some converters refuse those that are not well-formed, which is quick."""
    measure("real", [path.read_text(encoding="utf-8") for path in SINGLES], rounds=7)
