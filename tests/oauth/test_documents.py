"""What rests in the stores is read by later versions of the library."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confluence_sync.documents import dump, load
from confluence_sync.errors import DocumentVersionError, StorageError
from confluence_sync.oauth import OAuthTokens
from confluence_sync.oauth._pending import AwaitedCallback, PendingAuthorization
from confluence_sync.oauth._tokens import dump_tokens, load_tokens

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
ONE = datetime(2026, 1, 5, 13, tzinfo=UTC)
TOKENS_1 = (
    b'{"version":1,"OAuthTokens":{"access_token":"a","refresh_token":"r","obtained_at":"2026-01-05T12:00:00+00:00",'
    b'"expires_at":"2026-01-05T13:00:00+00:00","scopes":["offline_access"]}}'
)
AWAITED_1 = (
    b'{"version":1,"AwaitedCallback":{"authorization":{"workspace":"w","reauthorizes":"c",'
    b'"started_at":"2026-01-05T12:00:00+00:00"},"session":"digest"}}'
)

token = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1)
instant = st.datetimes(timezones=st.just(UTC))


def test_tokens_of_version_1():
    """Tokens that were saved stay readable: losing them would cost every user a consent."""
    tokens = OAuthTokens(
        access_token="a", refresh_token="r", obtained_at=NOON, expires_at=ONE, scopes=("offline_access",)
    )
    assert load_tokens(TOKENS_1) == tokens


def test_pending_authorization_of_version_1():
    """A consent that began before an upgrade is finished after it."""
    authorization = PendingAuthorization(workspace="w", reauthorizes="c", started_at=NOON)
    assert load(AwaitedCallback, AWAITED_1) == AwaitedCallback(authorization=authorization, session="digest")
    assert load(AwaitedCallback, dump(load(AwaitedCallback, AWAITED_1))).authorization == authorization


@given(
    st.builds(
        OAuthTokens,
        access_token=token,
        refresh_token=st.none() | token,
        obtained_at=instant,
        expires_at=st.none() | instant,
        scopes=st.lists(token).map(tuple),
    )
)
def test_tokens_round_trip(tokens):
    """What is saved comes back, to the microsecond."""
    assert load_tokens(dump_tokens(tokens)) == tokens


def test_tokens_of_the_future():
    """A newer version's tokens are refused with what to do, and stay as they are."""
    with pytest.raises(DocumentVersionError, match="upgrade"):
        load_tokens(TOKENS_1.replace(b'"version":1', b'"version":2'))


@given(st.binary())
def test_any_bytes(secret):
    """Whatever lies in the store, it is refused without being quoted."""
    with pytest.raises(StorageError) as error:
        load_tokens(secret)
    assert len(secret) < 4 or repr(secret)[2:-1] not in str(error.value)
