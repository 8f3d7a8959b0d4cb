"""The run log in a `StateStore`: for hosts that have one store and want no second."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ..documents import dump_event, load_event
from ..events import AnyEvent, PageFailed, RunFinished, RunStarted, SpaceFailed
from ..models import RunId
from ..protocols import Change, Clear, Put, Remove, StateStore

__all__ = ["StateLog"]

_RUNS = "log/runs"
_AT_ONCE = RunStarted | PageFailed | SpaceFailed | RunFinished
_FAILURES = PageFailed | SpaceFailed

Document = Mapping[str, Any]


class StateLog:
    """
    A `RunLog` over any `StateStore`.

    Events are kept in batches, one document each; beginnings, failures and ends of runs are there at once, together
    with all that came before. A process that is killed loses what waits for a batch: of one run a few events, of a
    few seconds. Reading through the same object sees them.

    Args:
        state: Where the documents are kept, in collections that begin with `log/`.
        batch: Events in one document...
        seconds: ...unless so much time lies between its first and its last.
    """

    def __init__(self, state: StateStore, *, batch: int = 100, seconds: float = 5.0) -> None:
        self._state = state
        self._batch = batch
        self._period = timedelta(seconds=seconds)
        self._waiting: dict[RunId, list[AnyEvent]] = {}
        self._saving = asyncio.Lock()

    async def emit(self, event: AnyEvent) -> None:
        """Take one event."""
        waiting = self._waiting.setdefault(event.run_id, [])
        waiting.append(event)
        if isinstance(event, _AT_ONCE) or len(waiting) >= self._batch or event.at >= waiting[0].at + self._period:
            await self._save(event.run_id)

    async def flush(self) -> None:
        """Keep all events that wait for a batch."""
        for run_id in list(self._waiting):
            await self._save(run_id)

    async def events(self, run_id: RunId, *, failed_first: bool = False) -> AsyncIterator[AnyEvent]:
        """Yield the events of a run in order of `seq`; with `failed_first`, the failures before all others."""
        await self._save(run_id)
        failed: set[int] = set()
        if failed_first:
            async for _, data in self._state.scan(_failures(run_id)):
                event = load_event(json.loads(data))
                failed.add(event.seq)
                yield event
        async for document in self._documents(run_id):
            if document["seq"] not in failed:
                yield load_event(document)

    async def delete_runs(self, before: datetime) -> int:
        """Forget the runs whose last event is older; return how many events that were."""
        old = [
            RunId(run_id)
            async for run_id, last in self._state.scan(_RUNS)
            if datetime.fromisoformat(last.decode()) < before
        ]
        return sum([await self._delete(run_id) for run_id in old])

    async def _delete(self, run_id: RunId) -> int:
        await self._save(run_id)
        events = sum([1 async for _ in self._documents(run_id)])
        await self._state.apply([Clear(_batches(run_id)), Clear(_failures(run_id)), Remove(_RUNS, run_id)])
        return events

    async def _documents(self, run_id: RunId) -> AsyncIterator[Document]:
        """Yield the documents of events; a step that was repeated told some of them twice."""
        last = 0
        async for _, data in self._state.scan(_batches(run_id)):
            for document in json.loads(data):
                if document["seq"] > last:
                    last = document["seq"]
                    yield document

    async def _save(self, run_id: RunId) -> None:
        """Keep what waits; if that fails it is tried again with the next event."""
        async with self._saving:
            events = list(self._waiting.get(run_id, ()))
            if events:
                await self._state.apply(_changes(run_id, events))
                self._settle(run_id, len(events))

    def _settle(self, run_id: RunId, saved: int) -> None:
        waiting = self._waiting[run_id]
        del waiting[:saved]
        if not waiting:
            del self._waiting[run_id]


def _changes(run_id: RunId, events: Sequence[AnyEvent]) -> list[Change]:
    """Return how a batch is kept: as it is, and its failures once more by themselves."""
    documents = [dump_event(event) for event in events]
    failures = [
        Put(_failures(run_id), _key(event), _bytes(document))
        for event, document in zip(events, documents, strict=True)
        if isinstance(event, _FAILURES)
    ]
    return [
        Put(_batches(run_id), _key(events[0]), _bytes(documents)),
        *failures,
        Put(_RUNS, run_id, events[-1].at.isoformat().encode()),
    ]


def _batches(run_id: RunId) -> str:
    return f"log/{run_id}/events"


def _failures(run_id: RunId) -> str:
    return f"log/{run_id}/failures"


def _key(event: AnyEvent) -> str:
    return f"{event.seq:012}"  # so that the order of keys is that of the events


def _bytes(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()
