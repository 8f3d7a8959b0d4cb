"""Versioned JSON documents: what the library keeps in stores, as dicts of JSON types.

Every document says what it is and carries `"version": n`. Times are ISO 8601 in UTC, enums their values.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cattrs.errors import BaseValidationError
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override
from cattrs.preconf.json import make_converter
from cattrs.strategies import configure_tagged_union

from .errors import DocumentVersionError, StorageError
from .events import AnyEvent, PageWritten

__all__ = ["EVENT_VERSION", "dump_event", "load_event"]

EVENT_VERSION = 1
"""Of the documents that `dump_event` makes."""

_converter = make_converter()
_converter.register_unstructure_hook(datetime, lambda at: at.astimezone(UTC).isoformat())

# `version` is the version of the document, so the version of the page goes by another name.
_page_version = override(rename="page_version")
_converter.register_unstructure_hook(
    PageWritten, make_dict_unstructure_fn(PageWritten, _converter, version=_page_version)
)
_converter.register_structure_hook(PageWritten, make_dict_structure_fn(PageWritten, _converter, version=_page_version))

configure_tagged_union(AnyEvent, _converter, tag_name="event")
_structure_event = _converter.get_structure_hook(AnyEvent)


def dump_event(event: AnyEvent) -> dict[str, Any]:
    """Return an event as a document: its fields, its class name as `event`, and `version` of the document."""
    return {**_converter.unstructure(event, unstructure_as=AnyEvent), "version": EVENT_VERSION}


def load_event(document: Mapping[str, Any]) -> AnyEvent:
    """
    Return the event of a document; fields that are not known are ignored.

    Raises:
        DocumentVersionError: A newer version of this library wrote it.
        StorageError: It is not the document of an event.
    """
    version = document.get("version")
    if isinstance(version, int) and version > EVENT_VERSION:
        raise DocumentVersionError(f"an event of version {version} was written by a newer version of this library")
    try:
        event: AnyEvent = _structure_event(document, AnyEvent)
    except (BaseValidationError, KeyError, TypeError, ValueError) as error:
        raise StorageError(f"not the document of an event: {document.get('event')!r}") from error
    return event
