"""What runs cost: requests, points, time and memory, each run in a process of its own over loopback HTTP.

Requests and points are exact and asserted; time and memory are printed.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from confluence_sync.models import RunMode
from confluence_sync.testing.fake_site import generated_site

pytestmark = pytest.mark.bench

SCRIPT = Path(__file__).with_name("sync_once.py")
FULL, INCREMENTAL = RunMode.FULL, RunMode.INCREMENTAL

Sync = Callable[..., dict]


@pytest.fixture
def sync(tmp_path: Path) -> Sync:
    """Sync a site into a folder that stays, and print what it took."""

    def sync(title: str, url: str, mode: RunMode = FULL) -> dict:
        command = [sys.executable, str(SCRIPT), url, str(tmp_path), mode]
        figures = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        print(f"\n{title}: " + ", ".join(f"{name} {value}" for name, value in figures.items()), end="", flush=True)
        assert figures["outcome"] == "succeeded"
        return figures

    return sync


def test_first_run_of_ten_thousand_pages(sync: Sync):
    """10,000 pages of 18 KB at 50 ms a request: at most N/100 + 10 requests and 1.05 points a page."""
    pages = 10_000
    with generated_site(pages, body_kb=18).serve(latency=0.05) as url:
        first = sync(f"first run, {pages:,} pages of 18 KB, 50 ms", url)
        second = sync("full run, nothing changed", url)
    assert first["written"] == pages
    assert first["requests"] <= pages / 100 + 10
    assert first["points"] <= 1.05 * pages
    assert second["written"] == 0
    assert second["requests"] <= pages / 250 + 10


@pytest.mark.parametrize("pages", [1_000, 20_000, 100_000])
def test_cost_follows_what_changed(sync: Sync, pages: int):
    """Whatever the size: 5 requests and 30 points if nothing changed, 8 requests for an edit; a page costs the same."""
    site = generated_site(pages, body_kb=0.2)
    with site.serve() as url:
        first = sync(f"first run, {pages:,} tiny pages", url)
        idle = sync("incremental run, nothing changed", url, INCREMENTAL)
        site.nodes[pages // 2].edit("<p>New.</p>")
        edit = sync("incremental run, one page edited", url, INCREMENTAL)
        full = sync("full run, nothing changed", url)
    assert [run["written"] for run in (first, idle, edit, full)] == [pages, 0, 1, 0]
    assert idle["requests"] <= 5
    assert idle["points"] <= 30
    assert edit["requests"] <= 8
    assert full["requests"] <= pages / 250 + 10
