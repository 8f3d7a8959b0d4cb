"""Answers as values: rows, the next cursor, and what no answer can do."""

import json
from datetime import UTC, datetime
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from confluence_sync.client import _calls as calls
from confluence_sync.client._decode import ShapeError
from confluence_sync.client._wire import next_cursor, read
from confluence_sync.errors import ClientError, TransportError, UnexpectedResponseError

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
SOME_CALLS = [
    calls.current_user(),
    calls.accessible_resources("https://api.atlassian.com"),
    calls.spaces(status="current"),
    calls.space("5"),
    calls.space_bodies("5", limit=100, patient=True),
    calls.page("7"),
    calls.container("folder", "8"),
    calls.users(["a"]),
    calls.search("type = page", limit=250),
]
FIELD = st.sampled_from(["results", "_links", "next", "id", "accountId", "version"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELD, inner, max_size=3),
    max_leaves=6,
)


def cursor_of(address, **answer):
    return next_cursor({"_links": {"next": address}}, httpx.Response(200, **answer))


@pytest.mark.parametrize(
    ("address", "cursor"),
    [
        ("/wiki/api/v2/spaces?limit=250&cursor=eyJpZCI6MX0%3D", "eyJpZCI6MX0="),
        ("/rest/api/content/search?cql=a%26cursor%3Dno&cursor=_sa_%2Bx", "_sa_+x"),
        ("https://site.atlassian.net/wiki/api/v2/pages?cursor=a+b%252F", "a+b%2F"),
        ("?cursor=x", "x"),
    ],
)
def test_cursor_is_taken_from_next(address, cursor):
    """Whatever the address looks like, only its cursor counts, decoded once."""
    assert cursor_of(address) == cursor


@pytest.mark.parametrize("address", ["/wiki/api/v2/pages?limit=25", "?cursor=", "https://[::1?cursor=x"])
def test_next_without_a_cursor_is_refused(address):
    """A next link we cannot use is an error, not the end."""
    with pytest.raises(ShapeError, match="next link"):
        cursor_of(address)


@pytest.mark.parametrize("address", [0, 1, False, [], {}, {"href": "/wiki/api/v2/pages?cursor=x"}, ["?cursor=x"]])
def test_next_that_is_no_text_is_refused(address):
    """A next link of another type is not the end of the list, nor does a header stand in for it."""
    with pytest.raises(ShapeError, match="no text"):
        cursor_of(address, headers={"Link": '<?cursor=x>; rel="next"'})


@pytest.mark.parametrize("links", [[], "", 0, False, "/wiki/api/v2/pages?cursor=x", ["x"]])
def test_links_that_are_no_object_are_refused(links):
    """Where a next link might stand and cannot be read, the list is not taken for ended."""
    answer = httpx.Response(200, json={"results": [], "_links": links})
    with pytest.raises(UnexpectedResponseError, match="GET /api/v2/spaces answered with links"):
        read(calls.spaces(), answer, now=NOW)


@pytest.mark.parametrize(
    "body", [{}, {"_links": None}, {"_links": {}}, {"_links": {"next": None}}, {"_links": {"next": ""}}]
)
def test_missing_next_is_the_end(body):
    """Only a link that is missing, null or empty ends a walk, and only if no header has one."""
    assert next_cursor(body, httpx.Response(200)) is None
    assert next_cursor(body, httpx.Response(200, headers={"Link": '<?cursor=x>; rel="next"'})) == "x"


def test_link_header_stands_in():
    """Without `_links.next` the `Link` header is asked; without either the walk is over."""
    header = {"Link": '</wiki/api/v2/pages?limit=1&cursor=abc%3D>; rel="next", <https://s/wiki>; rel="base"'}
    assert next_cursor({"results": []}, httpx.Response(200, headers=header)) == "abc="
    assert next_cursor({"_links": {"next": None}}, httpx.Response(200)) is None
    assert next_cursor([], httpx.Response(200)) is None


@given(st.text(min_size=1).filter(lambda text: text.isprintable()), st.sampled_from(["/wiki/api/v2/x", "/rest/api/x"]))
def test_every_cursor_survives_the_link(cursor, path):
    """What the provider quoted into the address is what is sent back."""
    assert cursor_of(f"{path}?limit=25&cursor={quote(cursor, safe='')}&sort=id") == cursor


@given(st.text(), st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_no_link_breaks_the_walk(address, header):
    """Any next link is a cursor, an end, or refused."""
    try:
        cursor = cursor_of(address, headers={"Link": header})
    except ShapeError:
        return
    assert cursor is None or cursor


def test_batch(shapes):
    """A batch has the items, the cursor, the provider's time and the base of human addresses."""
    answer = shapes.listing(shapes.page("1"), shapes.page("2"), cursor="c%3D")
    answer.headers["Date"] = "Mon, 05 Jan 2026 09:00:20 GMT"
    batch = read(calls.space_pages("5", limit=2), answer, now=NOW)
    assert shapes.ids(batch.items) == ["1", "2"]
    assert batch.next_cursor == "c="
    assert batch.served_at == datetime(2026, 1, 5, 9, 0, 20, tzinfo=UTC)
    assert batch.base_url == shapes.base


def test_base_of_a_single_answer(shapes):
    """In a single answer the base is among the links of the object itself."""
    item = shapes.page("1")
    item["_links"]["base"] = f"{shapes.base}/"
    assert read(calls.page("1"), httpx.Response(200, json=item), now=NOW).base_url == shapes.base
    item["_links"]["base"] = "javascript:alert(1)"
    assert read(calls.page("1"), httpx.Response(200, json=item), now=NOW).base_url == ""


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b'{"results": [{"id": "1"', id="cut off"),
        pytest.param(b"<html>login</html>", id="HTML"),
        pytest.param(b'{"results": [\xff', id="not UTF-8"),
        pytest.param(b"[" * 99_999, id="deep"),
    ],
)
def test_broken_json_may_be_repeated(body):
    """A body that is cut off, or no JSON, got lost on the way; its content is in no message."""
    with pytest.raises(TransportError, match=r"GET /api/v2/spaces answered with \d+ bytes"):
        read(calls.spaces(), httpx.Response(200, content=body), now=NOW)


@pytest.mark.parametrize("body", [None, [], {}, {"results": None}, {"results": [None]}, {"results": [{"title": "x"}]}])
def test_wrong_shape_is_final(body):
    """JSON of the wrong shape names the endpoint and is not asked for again."""
    with pytest.raises(UnexpectedResponseError, match=r"GET /api/v2/spaces answered with"):
        read(calls.spaces(), httpx.Response(200, content=json.dumps(body)), now=NOW)


def outcome(call, status, body):
    """Returns the error of an answer, None if it can be read; anything but a ClientError is raised."""
    try:
        read(call, httpx.Response(status, content=body), now=NOW)
    except ClientError as error:
        return str(error)
    return None


@given(st.sampled_from(SOME_CALLS), JSON, st.sampled_from([200, 200, 200, 302, 400, 401, 404, 429, 500]))
def test_random_json_raises_nothing_else(call, body, status):
    """Whatever JSON stands in place of an answer, only a ClientError that names the endpoint can come of it."""
    error = outcome(call, status, json.dumps(body))
    assert error is None or call.endpoint in error


@given(st.sampled_from(SOME_CALLS), st.binary())
def test_random_bytes_raise_nothing_else(call, body):
    """The same for bytes that are no JSON."""
    error = outcome(call, 200, body)
    assert error is None or call.endpoint in error


def test_values_in_a_path_are_encoded():
    """An id cannot leave its segment of the path."""
    assert calls.page("../spaces?x#y").path == "/api/v2/pages/..%2Fspaces%3Fx%23y"


@given(st.text())
def test_cql_literal_ends_where_it_should(value):
    """Without its escapes, a quoted value has a quote at either end and none between."""
    quoted = calls.cql_quote(value)
    bare = quoted.replace("\\\\", "").replace('\\"', "")
    assert bare[0] == bare[-1] == '"'
    assert bare.count('"') == 2
