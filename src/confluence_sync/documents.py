"""Versioned JSON documents: what the library keeps in stores.

Every document says what it is and carries `"version": n`. Times are ISO 8601 in UTC, enums their values.
Loading refuses a version from the future, and ignores fields that are not known.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from cattrs.errors import BaseValidationError
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override
from cattrs.preconf.json import make_converter
from cattrs.strategies import configure_tagged_union

from .errors import DocumentVersionError, StorageError
from .events import AnyEvent, PageWritten

__all__ = ["DOCUMENT_VERSION", "EVENT_VERSION", "dump", "dump_event", "load", "load_event"]

DOCUMENT_VERSION = 1
"""Of the documents that `dump` makes."""
EVENT_VERSION = 1
"""Of the documents that `dump_event` makes."""

T = TypeVar("T")

_state_converter = make_converter(omit_if_default=True)
_state_converter.register_unstructure_hook(datetime, lambda at: at.astimezone(UTC).isoformat())

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


def dump(value: object) -> bytes:
    """Return a value of the library's own memory as a document: `{"version": 1, "<Class>": {...}}` in UTF-8."""
    fields = _state_converter.unstructure(value)
    return json.dumps({"version": DOCUMENT_VERSION, type(value).__name__: fields}, separators=(",", ":")).encode()


def load(kind: type[T], data: bytes) -> T:
    """
    Return the value of a document that `dump` made.

    Raises:
        DocumentVersionError: A newer version of this library wrote it.
        StorageError: It is not a document of this kind.
    """
    try:
        document = json.loads(data)
        version = document["version"]
        if version > DOCUMENT_VERSION:
            raise DocumentVersionError(
                f"a {kind.__name__} of version {version} was written by a newer version of this library; upgrade it"
            )
        return _state_converter.structure(document[kind.__name__], kind)
    except (BaseValidationError, KeyError, TypeError, ValueError) as error:
        raise StorageError(f"not the document of a {kind.__name__}: {data[:80]!r}") from error


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
