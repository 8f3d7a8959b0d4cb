"""JsonLinesLogSink keeps the contract, and its files can be read by others."""

import asyncio
import io
import json
import sys

import pytest

from confluence_sync.adapters import JsonLinesLogSink
from confluence_sync.documents import load_event
from confluence_sync.errors import StorageError
from confluence_sync.models import RunId
from confluence_sync.testing import LogSinkContract
from confluence_sync.testing.contracts import sample_run

RUN = RunId("run")


def events_in(text, run_id):
    documents = [json.loads(line) for line in text.splitlines()]
    return [load_event(document) for document in documents if document["run_id"] == run_id]


class TestJsonLinesInAFile(LogSinkContract):
    @pytest.fixture
    def log_sink(self, tmp_path):
        self.path = tmp_path / "events.jsonl"
        return JsonLinesLogSink(self.path)

    async def recorded(self, log_sink, run_id):
        return events_in(self.path.read_text(), run_id)


class TestJsonLinesInAStream(LogSinkContract):
    @pytest.fixture
    def log_sink(self):
        self.stream = io.StringIO()
        return JsonLinesLogSink(self.stream)

    async def recorded(self, log_sink, run_id):
        return events_in(self.stream.getvalue(), run_id)


async def test_a_file_may_be_moved_at_any_time(tmp_path):
    """As logrotate does: what comes next is in a new file."""
    path = tmp_path / "events.jsonl"
    sink = JsonLinesLogSink(str(path))
    first, second, *_ = sample_run(RUN)
    await sink.emit(first)
    path.rename(tmp_path / "events.jsonl.1")
    await sink.emit(second)
    assert events_in((tmp_path / "events.jsonl.1").read_text(), RUN) == [first]
    assert events_in(path.read_text(), RUN) == [second]


async def test_each_event_is_one_line(tmp_path):
    """Also what two sinks append at the same time, and whatever a title holds."""
    path = tmp_path / "events.jsonl"
    events = sample_run(RUN)

    async def emit_all(sink):
        for event in events:
            await sink.emit(event)

    await asyncio.gather(*(emit_all(JsonLinesLogSink(path)) for _ in range(5)))
    lines = path.read_bytes().split(b"\n")
    assert len(lines) == 5 * len(events) + 1
    assert lines[-1] == b""
    assert all(line.isascii() for line in lines)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
async def test_a_file_is_its_owners(tmp_path):
    """Titles are nobody else's business."""
    path = tmp_path / "events.jsonl"
    await JsonLinesLogSink(path).emit(sample_run(RUN)[0])
    assert path.stat().st_mode & 0o777 == 0o600


async def test_what_cannot_be_written_is_told(tmp_path):
    """The error names the file; a stream that was closed is no different."""
    event = sample_run(RUN)[0]
    with pytest.raises(StorageError, match="nowhere"):
        await JsonLinesLogSink(tmp_path / "nowhere" / "events.jsonl").emit(event)
    stream = io.StringIO()
    stream.close()
    with pytest.raises(StorageError, match="the stream"):
        await JsonLinesLogSink(stream).emit(event)


async def test_half_a_line(tmp_path):
    """A disk that is full in the middle of a line is told, and spoils no other line."""
    resource = pytest.importorskip("resource")
    path = tmp_path / "events.jsonl"
    sink = JsonLinesLogSink(path)
    first, second, third = sample_run(RUN)[:3]
    await sink.emit(first)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 20, hard))
    try:
        with pytest.raises(StorageError, match="a part of the line only"):
            await sink.emit(second)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    await sink.emit(third)
    whole, half, after = path.read_text().splitlines()
    assert events_in(f"{whole}\n{after}", RUN) == [first, third]
    assert len(half) == 20
