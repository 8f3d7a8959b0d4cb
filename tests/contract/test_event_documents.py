"""Events survive their documents."""

import json
from typing import get_args

import pytest

from confluence_sync.documents import dump_event, load_event
from confluence_sync.errors import DocumentVersionError, StorageError
from confluence_sync.events import AnyEvent
from confluence_sync.models import RunId
from confluence_sync.testing.contracts import sample_run

EVENTS = {type(event).__name__: event for event in sample_run(RunId("run"))}


def test_the_sample_run_has_every_event():
    """A new type of event gets its sample, so that sinks are tested with it."""
    assert set(EVENTS) == {event.__name__ for event in get_args(AnyEvent)}


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
def test_an_event_comes_back(event):
    """Through JSON and back, every event is what it was."""
    assert load_event(json.loads(json.dumps(dump_event(event)))) == event


def test_a_document_can_be_read():
    """Times are ISO 8601 in UTC, enums their values; the page's version does not hide that of the document."""
    document = dump_event(EVENTS["PageWritten"])
    assert (document["event"], document["version"], document["page_version"]) == ("PageWritten", 1, 7)
    assert (document["at"], document["reason"]) == ("2026-01-05T09:00:05.123456+00:00", "changed")


def test_an_unknown_field_is_ignored():
    """What a later library adds does not stop an earlier one."""
    document = dump_event(EVENTS["RunWarned"]) | {"colour": "red"}
    assert load_event(document) == EVENTS["RunWarned"]


def test_a_newer_version_is_refused():
    """A document of the future is not guessed at."""
    with pytest.raises(DocumentVersionError):
        load_event(dump_event(EVENTS["RunWarned"]) | {"version": 2})


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"event": "Unheard"},
        {"event": "PageWritten", "version": 1},
        dump_event(EVENTS["RunWarned"]) | {"at": "soon"},
    ],
)
def test_what_is_no_event_is_refused(document):
    """A damaged document is a StorageError."""
    with pytest.raises(StorageError):
        load_event(document)
