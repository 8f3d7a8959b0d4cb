"""LoggingLogSink keeps the contract, and what it logs can be read."""

import logging

import attrs
import pytest

from confluence_sync.adapters import LoggingLogSink
from confluence_sync.documents import load_event
from confluence_sync.models import Outcome, RunId
from confluence_sync.testing import LogSinkContract
from confluence_sync.testing.contracts import sample_run

RUN = RunId("run")


@pytest.fixture
def log(caplog):
    caplog.set_level(logging.DEBUG, "confluence_sync")
    return caplog


class TestLoggingLogSink(LogSinkContract):
    @pytest.fixture
    def log_sink(self, log):
        self.log = log
        return LoggingLogSink()

    async def recorded(self, log_sink, run_id):
        return [load_event(record.event) for record in self.log.records if record.event["run_id"] == run_id]


async def emit_all(sink):
    for event in sample_run(RUN):
        await sink.emit(event)


async def test_each_event_is_a_line(log):
    """Every event is one sentence on one line, whatever a title holds."""
    await emit_all(LoggingLogSink())
    messages = [record.getMessage() for record in log.records]
    assert len(messages) == len(sample_run(RUN))
    assert [message for message in messages if len(message.splitlines()) > 1 or "\x1b" in message] == []


async def test_a_log_can_be_read(log):
    """The sentences say what happened."""
    await emit_all(LoggingLogSink())
    messages = "\n".join(record.getMessage() for record in log.records)
    assert "Space DOCS: 3 to write, 1 to move, 1 to delete, 295 unchanged; about 4 requests, 7 points" in messages
    assert "Wrote docs/Ünïcode 🗺️.md (changed, version 7)" in messages
    assert "Run run paused: 300 listed, 3 written, 0 moved, 296 unchanged, 0 skipped, 1 failed, 0 deleted; " in messages


async def test_levels_follow_the_weight_of_events(log):
    """Failures are errors, progress is for debugging."""
    await emit_all(LoggingLogSink())
    levels = {record.event["event"]: record.levelname for record in log.records}
    assert levels["PageFailed"] == levels["SpaceFailed"] == "ERROR"
    assert levels["DeletionsHeld"] == levels["FileKept"] == levels["RunWarned"] == levels["RunFinished"] == "WARNING"
    assert levels["PageSkipped"] == "WARNING"
    assert levels["PagesListed"] == "DEBUG"
    assert levels["RunStarted"] == levels["PageWritten"] == "INFO"


@pytest.mark.parametrize("outcome", list(Outcome))
async def test_every_outcome_has_a_level(log, outcome):
    """The end of a run is logged however it ends."""
    finished = attrs.evolve(sample_run(RUN)[-1], outcome=outcome)
    await LoggingLogSink().emit(finished)
    assert [record.event["outcome"] for record in log.records] == [outcome]


async def test_the_logger_is_the_hosts_choice(caplog):
    """A logger or a name; what its level turns off is not logged."""
    logger = logging.getLogger("host.sync")
    caplog.set_level(logging.ERROR, logger.name)
    await emit_all(LoggingLogSink(logger))
    await emit_all(LoggingLogSink("host.sync"))
    assert [(record.name, record.levelname) for record in caplog.records] == [("host.sync", "ERROR")] * 4
