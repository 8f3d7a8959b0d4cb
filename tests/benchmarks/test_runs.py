"""What runs cost: requests, points, time and memory, each in a process of its own over loopback HTTP.

Requests and points are exact and asserted; time and memory are printed.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = pytest.mark.bench

SCRIPT = Path(__file__).with_name("sync_once.py")


@contextmanager
def serving(*, pages: int, body_kb: float, latency: float = 0.0) -> Iterator[str]:
    """Serve a generated site from another process and yield its URL."""
    command = [sys.executable, "-m", "confluence_sync.testing.fake_site"]
    command += ["--pages", str(pages), "--body-kb", str(body_kb), "--latency", str(latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def sync(url: str, folder: Path, mode: str = "full") -> dict:
    command = [sys.executable, str(SCRIPT), url, str(folder), mode]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@pytest.fixture
def show(request: pytest.FixtureRequest) -> Callable[[str, dict], None]:
    def show(title: str, figures: dict) -> None:
        print(f"\n{title}: " + ", ".join(f"{name} {value}" for name, value in figures.items()), end="")

    return show


def test_first_run_of_a_thousand_pages(tmp_path: Path, show: Callable[[str, dict], None]):
    """1,000 pages of 18 KB at 50 ms a request: at most N/100 + 10 requests and 1.05 points a page."""
    with serving(pages=1_000, body_kb=18, latency=0.05) as url:
        first = sync(url, tmp_path)
        second = sync(url, tmp_path)
        incremental = sync(url, tmp_path, "incremental")
    pages = first["pages"]
    show("first run, 1,000 pages of 18 KB, 50 ms", first | {"pages_per_second": round(pages / first["seconds"], 1)})
    show("full run, nothing changed", second)
    show("incremental run, nothing changed", incremental)
    assert first["outcome"] == second["outcome"] == incremental["outcome"] == "succeeded"
    assert first["written"] == pages == 1_000
    assert first["requests"] <= pages / 100 + 10
    assert first["points"] <= 1.05 * pages
    assert second["written"] == incremental["written"] == 0
    assert second["requests"] <= pages / 250 + 10


def test_memory_of_twenty_thousand_pages(tmp_path: Path, show: Callable[[str, dict], None]):
    """Memory grows with the number of pages, by less than 5 KB for each, and not with their bodies."""
    peaks = {}
    for pages in (1_000, 20_000):
        with serving(pages=pages, body_kb=0.2) as url:
            first, second = sync(url, tmp_path / str(pages)), sync(url, tmp_path / str(pages))
        show(f"first run, {pages:,} small pages", first)
        show("full run, nothing changed", second)
        peaks[pages] = max(first["peak_mb"], second["peak_mb"])
        assert first["written"] == pages
        assert second["written"] == 0
    growth = (peaks[20_000] - peaks[1_000]) * 1024 / 19_000
    show("growth", {"kb_a_page": round(growth, 2)})
