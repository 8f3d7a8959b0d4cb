"""Which status means what, what the provider said, and how long it asks to wait."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from confluence_sync import errors
from confluence_sync.client._errors import error_of, provider_message, retry_after, served_at

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
ENDPOINT = "GET /api/v2/pages/7"


def error(status, **answer):
    return error_of(httpx.Response(status, **answer), ENDPOINT, now=NOW)


@pytest.mark.parametrize(
    ("status", "kind", "retryable"),
    [
        (400, errors.UnexpectedResponseError, False),
        (401, errors.AuthenticationError, False),
        (403, errors.PermissionDeniedError, False),
        (404, errors.RemoteNotFoundError, False),
        (408, errors.ServerError, True),
        (409, errors.UnexpectedResponseError, False),
        (410, errors.UnexpectedResponseError, False),
        (413, errors.ContentTooLargeError, False),
        (414, errors.ContentTooLargeError, False),
        (429, errors.RateLimitedError, True),
        (500, errors.ServerError, True),
        (502, errors.ServerError, True),
        (503, errors.ServerError, True),
        (504, errors.ServerError, True),
    ],
)
def test_status(status, kind, retryable):
    """Each status has its error, which knows the status, the endpoint and whether to try again."""
    raised = error(status)
    assert type(raised) is kind
    assert (raised.status, raised.retryable) == (status, retryable)
    assert str(raised) == f"{ENDPOINT} answered {status}"


def test_missing_scope_names_the_endpoint():
    """A 401 about scopes is an error of its own: a new token does not help."""
    raised = error(401, json={"code": 401, "message": "Unauthorized; scope does not match"})
    assert type(raised) is errors.MissingScopeError
    assert ENDPOINT in str(raised)
    assert type(error(401, json={"code": 401, "message": "Unauthorized"})) is errors.AuthenticationError


def test_redirect_is_not_followed():
    """A redirect says so, and not where to: the address may be signed."""
    raised = error(302, headers={"Location": "https://media.example/?signature=hunter2"})
    assert type(raised) is errors.UnexpectedResponseError
    assert "not followed" in str(raised)
    assert "hunter2" not in str(raised)


V2 = {"errors": [{"status": 404, "code": "NOT_FOUND", "title": "Cannot find a page with id [7]", "detail": None}]}
V2_DETAIL = {"errors": [{"code": "BAD", "title": None, "detail": "no cursor"}, "odd", {"title": "Two"}]}
V1 = {"statusCode": 400, "data": {"errors": []}, "message": "com.atlassian.BadRequestException: no field 'Grill'"}
GATEWAY = {"code": 401, "message": "Unauthorized"}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"json": V2}, "Cannot find a page with id [7]"),
        ({"json": V2_DETAIL}, "BAD: no cursor; Two"),
        ({"json": V1}, "com.atlassian.BadRequestException: no field 'Grill'"),
        ({"json": GATEWAY}, "Unauthorized"),
        ({"json": {"error": "invalid_grant", "error_description": "Unknown."}}, "invalid_grant: Unknown."),
        ({"json": "in words"}, "in words"),
        ({"json": [1, None]}, ""),
        (
            {"html": "<html><head><title>503 Service\n Unavailable</title></head><body>x</body></html>"},
            "503 Service Unavailable",
        ),
        ({"html": "<h1>Oops</h1><script>var x = 1</script><p>Try <b>later</b></p>"}, "Oops Try later"),
        ({"text": "upstream\r\n\tconnect\x00 error"}, "upstream connect error"),
        ({"content": b"\xff\xfe broken"}, "\ufffd\ufffd broken"),
        ({"content": b'{"message": "cut'}, '{"message": "cut'),
        ({"content": b'{"message": "half \\ud83d"}'}, "half \ufffd"),
        ({"content": b"[" * 100_000}, "[" * 300),
        ({"content": b""}, ""),
    ],
)
def test_provider_message(answer, said):
    """The provider's words are found in JSON of every family, HTML, text, or nothing."""
    assert provider_message(httpx.Response(500, **answer)) == said


@given(st.binary(max_size=200) | st.text().map(str.encode))
def test_provider_message_is_one_short_line(body):
    """Whatever the body, the message is one printable line of at most 300 characters."""
    said = provider_message(httpx.Response(500, content=body * 5))
    assert len(said) <= 300
    assert said.isprintable()
    said.encode()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After": "-3"}, 0.0),
        ({"Retry-After": "Mon, 05 Jan 2026 09:00:20 GMT"}, 20.0),
        ({"Retry-After": "Mon, 05 Jan 2026 08:00:00 GMT"}, 0.0),
        ({"Retry-After": "Mon, 05 Jan 2026 12:00:20 GMT", "Date": "Mon, 05 Jan 2026 12:00:00 GMT"}, 20.0),
        ({"Retry-After": "soon", "Beta-Retry-After": "9"}, 9.0),
        ({"Retry-After": "nan", "X-RateLimit-Reset": "2026-01-05T09:00:30Z"}, 30.0),
        ({"X-RateLimit-Reset": "2026-01-05T09:01Z"}, 60.0),
        ({"X-RateLimit-Reset": "1767603600"}, None),
        ({"Retry-After": "nan"}, None),
        ({}, None),
    ],
)
def test_retry_after(headers, seconds):
    """Seconds or an HTTP date by the provider's clock, else the beta header, else the reset time."""
    assert retry_after(httpx.Response(429, headers=headers), now=NOW) == seconds


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry-After": "21601"},
        {"Retry-After": "99999999999999"},
        {"Retry-After": "9" * 400},
        {"Retry-After": "9" * 9000},
        {"Retry-After": "inf"},
        {"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"},
        {"X-RateLimit-Reset": "9999-12-31T23:59:59Z"},
    ],
)
def test_wait_beyond_reason_is_capped(headers):
    """No answer stops a client for longer than six hours, which is also a moment that every calendar has."""
    assert error(429, headers=headers).retry_after == 6 * 3600


@given(st.integers(0, 6 * 3600))
def test_retry_after_spellings_agree(seconds):
    """Seconds and the date of the same moment ask for the same wait."""
    date = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    for spelled in (str(seconds), date):
        assert retry_after(httpx.Response(429, headers={"Retry-After": spelled}), now=NOW) == seconds


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)), st.text(st.characters(max_codepoint=126)))
def test_retry_after_is_a_wait_or_nothing(after, reset):
    """No header value fails, and no wait is negative or longer than six hours."""
    headers = [("Retry-After", after), ("X-RateLimit-Reset", reset), ("Date", reset)]
    wait = retry_after(httpx.Response(429, headers=headers), now=NOW)
    assert wait is None or 0 <= wait <= 6 * 3600


@pytest.mark.parametrize(
    ("headers", "quota"),
    [
        ({}, False),
        ({"Retry-After": "5", "RateLimit-Reason": "confluence-burst-based"}, False),
        ({"RateLimit-Reason": "confluence-quota-global-based"}, True),
        ({"RateLimit-Reason": "conf-Global-based"}, True),
        ({"RateLimit-Reason": "tenant"}, True),
        ({"Retry-After": "60"}, False),
        ({"Retry-After": "1847"}, True),
        ({"X-RateLimit-Reset": "2026-01-05T10:00Z"}, True),
    ],
)
def test_quota_is_told_from_a_burst(headers, quota):
    """The reason names the quota; so does a wait that no burst limit asks for."""
    assert error(429, headers=headers).quota is quota


def test_server_error_heeds_retry_after():
    """A 503 can name its wait; a reset time, which other answers carry too, is no such thing."""
    assert error(503, headers={"Retry-After": "12"}).retry_after == 12
    assert error(503, headers={"Retry-After": "1e300"}).retry_after == 6 * 3600
    assert error(503, headers={"X-RateLimit-Reset": "2026-01-05T09:00:30Z"}).retry_after is None


@pytest.mark.parametrize("date", ["", "today", "Mon, 99 Jan 2026 09:00:00 GMT"])
def test_served_at_without_a_date(date):
    """A `Date` that is none is None."""
    assert served_at(httpx.Response(200, headers={"Date": date})) is None
