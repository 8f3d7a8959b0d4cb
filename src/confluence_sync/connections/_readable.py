"""All documents of a collection, whatever one of them is like: no workspace stands in the way of the others."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import TypeVar

from ..documents import load
from ..errors import StorageError
from ..models import WorkspaceId
from ..protocols import StateStore

__all__ = ["readable"]

T = TypeVar("T")

_logger = logging.getLogger("confluence_sync.connections")


async def readable(state: StateStore, collection: str, kind: type[T]) -> AsyncIterator[tuple[WorkspaceId, T]]:
    """Yield what is kept of each workspace, in their order; what this version cannot read is logged and left out."""
    async for workspace, data in state.scan(collection):
        try:
            value = load(kind, data)
        except StorageError as error:
            _logger.warning("workspace %r is left out: %s", workspace, error)
        else:
            yield WorkspaceId(workspace), value
