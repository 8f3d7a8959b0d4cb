"""Errors travel: between processes of a pool, and through task queues that keep them."""

import copy
import pickle

import pytest

from confluence_sync import errors
from confluence_sync.errors import ConfluenceSyncError

REQUIRED = {
    errors.ConnectionStateError: {"status": "disabled"},
    errors.UnsafePlanError: {"deletions": 11, "managed": 20},
    errors.RunFailedError: {"report": "report"},
    errors.RateLimitedError: {"quota": True, "retry_after": 5.0},
    errors.TransportError: {"timed_out": True},
    errors.ServerError: {"status": 503, "provider_message": "Down"},
}
KINDS = [kind for name in errors.__all__ if issubclass(kind := getattr(errors, name), Exception)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("travel", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))], ids=["copy", "pickle"])
def test_errors_arrive_as_they_were(kind, travel):
    """With their class, their words and their attributes, whatever they are made with."""
    error = kind("what happened", **REQUIRED.get(kind, {}))
    arrived = travel(error)
    assert type(arrived) is kind
    assert isinstance(arrived, ConfluenceSyncError)
    assert (str(arrived), vars(arrived), arrived.kind) == (str(error), vars(error), error.kind)
