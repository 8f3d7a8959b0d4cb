"""Runs end in good order, whatever they are told."""

from datetime import timedelta

import pytest

from confluence_sync.errors import RateLimitedError
from confluence_sync.models import Outcome

HOURS = timedelta(hours=6)


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), 1e300, -1e300, 10**400, 99_999_999_999_999])
async def test_pause_that_makes_no_sense(world, monkeypatch, seconds):
    """However long a server says to wait, the run is recorded, told, and gives the lease back."""
    world.space("DOCS")

    async def limited(_run):
        raise RateLimitedError("the quota is used up", quota=True, retry_after=seconds)

    with monkeypatch.context() as patched:
        patched.setattr("confluence_sync.engine._finish.take_step", limited)
        async with world.engine() as engine:
            report = await engine.sync(world.mappings())
            (record,) = await engine.runs()
    assert report.outcome is record.outcome is Outcome.PAUSED
    assert record.message == "the quota is used up"
    assert timedelta(0) <= record.resume_at - world.clock.now() <= HOURS
    assert record.ended_at is not None
    assert await world.lease_is_free()
    assert (await world.sync()).outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize(("headers", "seconds"), [({}, 60), ({"Retry-After": "45"}, 45)])
async def test_burst_limit_that_does_not_end(world, headers, seconds):
    """A burst limit that outlasts all tries pauses the run for as long as such limits last, not for an hour."""
    world.space("DOCS")
    world.site.fail("/pages", status=429, headers={"RateLimit-Reason": "confluence-burst-based"} | headers, times=None)
    report = await world.sync()
    assert report.outcome is Outcome.PAUSED
    assert (report.resume_at - report.ended_at).total_seconds() == seconds


@pytest.mark.parametrize("header", ["99999999999999", "Fri, 31 Dec 9999 23:59:59 GMT", "-5", "soon"])
async def test_retry_after_that_makes_no_sense(world, header):
    """The same with what a server sends."""
    world.space("DOCS")
    world.site.fail("/pages", status=429, headers={"Retry-After": header}, times=None)
    report = await world.sync()
    assert report.outcome is Outcome.PAUSED
    assert report.resume_at - world.clock.now() <= HOURS


async def test_end_that_cannot_be_written_down(world, monkeypatch):
    """The lease is given back and the last event told even if the record of the run cannot be made."""
    world.space("DOCS")

    def fail(_data):
        raise OverflowError("no JSON for this")

    async def limited(_run):
        monkeypatch.setattr("confluence_sync.engine._memory.dump", fail)
        raise RateLimitedError("the quota is used up")

    monkeypatch.setattr("confluence_sync.engine._finish.take_step", limited)
    async with world.engine() as engine:
        report = await engine.sync(world.mappings())
    assert report.outcome is Outcome.PAUSED
    assert await world.lease_is_free()
