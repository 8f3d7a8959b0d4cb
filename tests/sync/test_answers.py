"""What Atlassian answers, and what becomes of the run and of the connection: the table of the documentation."""

from datetime import timedelta
from types import NoneType

import pytest
from sync_world import ACME

from confluence_sync.errors import (
    AuthenticationError,
    ErrorKind,
    MissingScopeError,
    OAuthAppError,
    ReauthorizationRequiredError,
    ServerError,
)
from confluence_sync.events import SpaceListed
from confluence_sync.models import Outcome

ACTIVE, WAITS = "active", "reauthorization_required"


GRANT_IS_GONE = (
    "Atlassian no longer accepts this connection's grant: it expired or was revoked, or the account's password was "
    "changed. Reauthorize the connection; files and mappings stay ({})"
)
WRONG_APP = (
    "Atlassian does not accept the app 'client-1': compare client id and client secret with Settings of the app at "
    "https://developer.atlassian.com/console/myapps/; connecting again does not help (access_denied: Unauthorized)"
)


def oauth_error(error, description):
    return f'{{"error": "{error}", "error_description": "{description}"}}'


REFRESHES = {
    "expired, rotated out, or the password was changed": (
        403,
        oauth_error("invalid_grant", "Unknown or invalid refresh token."),
        WAITS,
        ReauthorizationRequiredError,
        GRANT_IS_GONE.format("invalid_grant: Unknown or invalid refresh token."),
    ),
    "unknown or rotated out": (
        403,
        oauth_error("unauthorized_client", "refresh_token is invalid"),
        WAITS,
        ReauthorizationRequiredError,
        GRANT_IS_GONE.format("unauthorized_client: refresh_token is invalid"),
    ),
    "revoked": (
        403,
        oauth_error("invalid_grant", "Token has been expired or revoked."),
        WAITS,
        ReauthorizationRequiredError,
        GRANT_IS_GONE.format("invalid_grant: Token has been expired or revoked."),
    ),
    "wrong client secret": (401, oauth_error("access_denied", "Unauthorized"), ACTIVE, OAuthAppError, WRONG_APP),
    "limited": (429, "", ACTIVE, NoneType, "POST /oauth/token answered 429"),
    "server error": (
        503,
        "<html>Service Unavailable</html>",
        ACTIVE,
        ServerError,
        "POST /oauth/token answered 503: Service Unavailable",
    ),
}


@pytest.fixture
async def mapped(world):
    docs = world.space()
    await world.connect()
    await world.map(docs)
    await world.run()
    return world


@pytest.mark.parametrize("answer", REFRESHES)
async def test_answers_to_a_refresh(mapped, answer):
    """Only a grant that is gone needs the user; wrong settings and bad luck do not. No file is touched by any."""
    status, body, state, error, sentence = REFRESHES[answer]
    paths = await mapped.paths()
    mapped.later(hours=2)
    mapped.site.fail("/oauth/token", status=status, body=body, times=None)
    report = await mapped.run()
    assert report.outcome is (Outcome.PAUSED if status == 429 else Outcome.FAILED)
    assert (type(report.error), report.message) == (error, sentence)
    connection = await mapped.sync.connection(ACME)
    assert connection.status == state
    assert connection.message == (report.message if state == WAITS else "")
    assert await mapped.paths() == paths
    mapped.site.heal()
    if state == ACTIVE:
        assert (await mapped.run()).outcome is Outcome.SUCCEEDED


CALLS = {
    "scope missing": (
        {"status": 401, "body": '{"code": 401, "message": "Unauthorized; scope does not match"}'},
        ErrorKind.MISSING_SCOPE,
        "answered 401: Unauthorized; scope does not match (the token lacks the scope read:page:confluence)",
    ),
    "no permission": ({"status": 403, "body": "Forbidden"}, ErrorKind.PERMISSION_DENIED, "answered 403: Forbidden"),
    "not there, or not visible": ({"status": 404}, ErrorKind.NOT_FOUND, "answered 404"),
    "bad request": ({"status": 400}, ErrorKind.INVALID_RESPONSE, "answered 400"),
    "endpoint removed": ({"status": 410}, ErrorKind.INVALID_RESPONSE, "answered 410"),
    "too large": ({"status": 413}, ErrorKind.CONTENT_TOO_LARGE, "answered 413"),
    "server error": ({"status": 500}, ErrorKind.SERVER_ERROR, "answered 500"),
    "bad gateway": ({"status": 502}, ErrorKind.SERVER_ERROR, "answered 502"),
    "unavailable": ({"status": 503, "body": "<title>Down</title>"}, ErrorKind.SERVER_ERROR, "answered 503: Down"),
    "gateway time-out": ({"status": 504}, ErrorKind.SERVER_ERROR, "answered 504"),
    "time-out": ({"kind": "timeout"}, ErrorKind.TIMEOUT, "timed out (ReadTimeout)"),
    "reset": ({"kind": "reset"}, ErrorKind.CONNECTION, "got no answer: connection reset by peer"),
    "short body": ({"kind": "truncated"}, ErrorKind.CONNECTION, "got no answer: peer closed connection"),
    "bad JSON": ({"kind": "invalid_json"}, ErrorKind.CONNECTION, "which are no whole JSON"),
}


@pytest.mark.parametrize("answer", CALLS)
async def test_answers_to_a_listing(mapped, answer):
    """The space fails with the kind and a sentence; the connection stays, and so does every file."""
    fault, kind, sentence = CALLS[answer]
    paths = await mapped.paths()
    mapped.site.fail("/pages", times=None, **fault)
    report = await mapped.run()
    assert (report.outcome, report.message) == (Outcome.FAILED, "no space could be synced")
    (problem,) = report.problems
    assert problem.kind is kind
    assert problem.message.startswith("GET /api/v2/spaces/")
    assert sentence in problem.message
    assert await mapped.status() == ACTIVE
    assert await mapped.paths() == paths


@pytest.mark.parametrize("hides", [False, True])
async def test_token_that_expires_in_the_middle_of_a_run(world, hides):
    """Whatever the gateway answers then - 401, or 404 and 403 - the call is made again with a fresh token."""
    world.site.oauth.app(
        client_id="client-1",
        client_secret="client-secret-1",
        redirect_uris=[world.app.redirect_uri],
        token_lifetime=timedelta(minutes=10),
        hides_expiry=hides,
    )
    docs = world.space()
    await world.connect()
    await world.map(docs)
    async with world.sync.sync_now(ACME) as run:
        async for event in run:
            if isinstance(event, SpaceListed):
                world.later(minutes=11)
    assert run.report.outcome is Outcome.SUCCEEDED
    assert await world.status() == ACTIVE


async def test_401_after_a_fresh_token(mapped):
    """There is nothing left to try: the user has to look."""
    mapped.site.fail("/pages", status=401, body='{"code": 401, "message": "Unauthorized"}', times=None)
    report = await mapped.run()
    assert report.outcome is Outcome.FAILED
    assert isinstance(report.error, AuthenticationError)
    connection = await mapped.sync.connection(ACME)
    assert connection.status == WAITS
    assert connection.message.startswith("Atlassian does not accept the authorization any more; reauthorize")


async def test_scope_that_went_missing(mapped):
    """It is named, and no loss: consenting again does not help as long as the app lacks it."""
    mapped.site.fail("/spaces", status=401, body='{"message": "Unauthorized; scope does not match"}', times=None)
    with pytest.raises(MissingScopeError, match="lacks the scope read:space:confluence"):
        await mapped.sync.spaces(ACME)
    assert await mapped.status() == ACTIVE


async def test_quota(mapped):
    """The run is paused, and the connection is none the worse for it."""
    mapped.use_up_quota()
    report = await mapped.run()
    assert report.outcome is Outcome.PAUSED
    assert await mapped.status() == ACTIVE


async def test_errors_of_a_caller_are_the_callers(mapped):
    """What is raised inside of the block of a run says nothing about its connection."""
    with pytest.raises(AuthenticationError):
        async with mapped.sync.sync_now(ACME):
            raise AuthenticationError("another connection's", status=401)
    assert await mapped.status() == ACTIVE
