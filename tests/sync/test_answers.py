"""What Atlassian answers, and what becomes of the run and of the connection: the table of the documentation."""

from datetime import timedelta

import pytest
from sync_world import ACME

from confluence_sync.errors import AuthenticationError, ErrorKind
from confluence_sync.events import SpaceListed
from confluence_sync.models import Outcome

ACTIVE, WAITS = "active", "reauthorization_required"


def oauth_error(error, description):
    return f'{{"error": "{error}", "error_description": "{description}"}}'


REFRESHES = {
    "expired, rotated out, or the password was changed": (
        403,
        oauth_error("invalid_grant", "Unknown or invalid refresh token."),
        WAITS,
        "Unknown or invalid refresh token.",
    ),
    "unknown or rotated out": (
        403,
        oauth_error("unauthorized_client", "refresh_token is invalid"),
        WAITS,
        "refresh_token is invalid",
    ),
    "revoked": (
        403,
        oauth_error("invalid_grant", "Token has been expired or revoked."),
        WAITS,
        "Token has been expired or revoked.",
    ),
    "wrong client secret": (401, oauth_error("access_denied", "Unauthorized"), ACTIVE, "secret"),
    "limited": (429, "", ACTIVE, "429"),
    "server error": (503, "<html>Service Unavailable</html>", ACTIVE, "503"),
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
    status, body, state, words = REFRESHES[answer]
    paths = await mapped.paths()
    mapped.later(hours=2)
    mapped.site.fail("/oauth/token", status=status, body=body, times=None)
    report = await mapped.run()
    assert report.outcome in {Outcome.FAILED, Outcome.PAUSED}
    assert words in report.message
    connection = await mapped.sync.connection(ACME)
    assert connection.status == state
    assert connection.message == (report.message if state == WAITS else "")
    assert await mapped.paths() == paths
    mapped.site.heal()
    if state == ACTIVE:
        assert (await mapped.run()).outcome is Outcome.SUCCEEDED


CALLS = {
    "scope missing": (401, '{"code": 401, "message": "Unauthorized; scope does not match"}', ErrorKind.MISSING_SCOPE),
    "no permission": (403, '{"message": "Forbidden"}', ErrorKind.PERMISSION_DENIED),
    "not there, or not visible": (404, "", ErrorKind.NOT_FOUND),
    "bad request": (400, "", ErrorKind.INVALID_RESPONSE),
    "endpoint removed": (410, "", ErrorKind.INVALID_RESPONSE),
    "too large": (413, "", ErrorKind.CONTENT_TOO_LARGE),
    "server error": (500, "", ErrorKind.SERVER_ERROR),
    "gateway": (504, "<html>Gateway Time-out</html>", ErrorKind.SERVER_ERROR),
}


@pytest.mark.parametrize("answer", CALLS)
async def test_answers_to_a_listing(mapped, answer):
    """The space fails with the kind and the status in its sentence; the connection stays, and so does every file."""
    status, body, kind = CALLS[answer]
    paths = await mapped.paths()
    mapped.site.fail("/pages", status=status, body=body, times=None)
    report = await mapped.run()
    assert report.outcome is Outcome.FAILED
    (problem,) = report.problems
    assert problem.kind is kind
    assert str(status) in problem.message
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
