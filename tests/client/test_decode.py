"""What is read out of the JSON of the API, and what is forgiven."""

import json
from datetime import UTC, datetime

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from confluence_sync.client import AccessibleResource, SearchHit
from confluence_sync.client import _decode as decode
from confluence_sync.models import Container, Page, PageBody, Space, User

TEXT = st.text(st.characters(exclude_categories=()), max_size=5)  # lone surrogates too
LEAF = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
FIELDS = ["id", "version", "space", "body", "storage", "_links", "number", "createdAt", "scopes", "parentId", "title"]
FIELD = st.sampled_from(FIELDS)
JSON = LEAF | st.lists(LEAF, max_size=2) | st.dictionaries(FIELD, LEAF, max_size=2)
DECODERS = [
    decode.page,
    decode.page_body,
    decode.space,
    decode.search_hit,
    decode.user,
    decode.current_user,
    decode.accessible_resource,
]


def test_page_of_a_listing(shapes):
    """Every field of a page comes from the place the fact sheet names."""
    assert decode.page(shapes.page("98765")) == Page(
        id="98765",
        space_id="65538",
        title="Page 98765",
        parent_id="87654",
        parent_type="folder",
        version=17,
        created_at=datetime(2024, 2, 1, 10, tzinfo=UTC),
        updated_at=datetime(2026, 10, 30, 16, 5, 44, 123000, tzinfo=UTC),
        author_id="557058:aaaa",
        web_path="/spaces/DOCS/pages/98765/Page",
    )


def test_least_page():
    """An id is enough; a number becomes a string, and unknown fields do not matter."""
    item = {"id": 7, "spaceId": 8, "title": None, "version": None, "_links": [], "parentType": None, "new": {"x": 1}}
    assert decode.page(item) == Page(id="7", space_id="8", title="")


def test_enumerations_stay_open(shapes):
    """A status, parent type or subtype nobody has heard of is kept as it is."""
    page = decode.page(shapes.page("1", status="frozen", parentType="canvas", subtype="live"))
    assert (page.status, page.parent_type, page.subtype) == ("frozen", "canvas", "live")


@pytest.mark.parametrize(
    ("body", "storage"),
    [
        ({"storage": {"value": "<p>Hi</p>", "representation": "storage"}}, "<p>Hi</p>"),
        ({"storage": {"value": ""}}, ""),
        ({"storage": None}, ""),
        ({}, ""),
        (None, ""),
    ],
)
def test_page_body(shapes, body, storage):
    """The storage value is the body; one that is not there is empty."""
    read = decode.page_body(shapes.page("1", body=body))
    assert read == PageBody(page=decode.page(shapes.page("1")), storage=storage)


def test_space(shapes):
    """A space keeps its open type; a missing homepage is None."""
    assert decode.space(shapes.space("5", "DOCS")) == Space(id="5", key="DOCS", name="Space DOCS", homepage_id="65793")
    assert decode.space({"id": "6", "key": "~1", "type": "personal"}).homepage_id is None


def test_container():
    """A folder says where it hangs; the type is the one that was asked for."""
    item = {"id": "87654", "title": "Team / Ops", "parentId": "65793", "parentType": "page"}
    assert decode.container(item, type="folder") == Container(
        id="87654", type="folder", title="Team / Ops", parent_id="65793", parent_type="page"
    )


def test_user_with_privacy():
    """Where the display name is hidden the public one serves; a deleted account has none."""
    assert decode.user({"accountId": "a", "displayName": None, "publicName": "ops"}) == User(
        account_id="a", display_name="ops"
    )
    assert decode.user({"accountId": "a"}).display_name == ""


def test_search_hit_of_v1():
    """v1 spells the same facts differently: `version.when` with any offset, the space as an object."""
    item = {
        "id": "98765",
        "type": "page",
        "status": "archived",
        "title": "Runbook",
        "space": {"key": "~55", "id": 3},
        "version": {"number": 4, "when": "2026-10-30T18:05:44.123+02:00", "by": {"type": "known"}},
    }
    assert decode.search_hit(item) == SearchHit(
        id="98765",
        type="page",
        status="archived",
        space_key="~55",
        title="Runbook",
        version=4,
        last_modified=datetime(2026, 10, 30, 16, 5, 44, 123000, tzinfo=UTC),
    )
    assert decode.search_hit({"id": 1, "_expandable": {}}) == SearchHit(id="1", type="", status="current")


def test_hostile_accessible_resource():
    """A name may not paint a terminal, begin a line of a log, or turn a sentence round."""
    item = {"id": "1", "name": "Docs\x1b[2J\n\u202eERROR all  is lost", "url": "https://a.example\r\nX: y/"}
    resource = decode.accessible_resource(item)
    assert (resource.name, resource.url) == ("Docs [2J ERROR all is lost", "https://a.example X: y")


def test_accessible_resource_keeps_confluence_scopes():
    """Scopes of other products are not ours, whichever way Confluence's are spelled."""
    scopes = ["read:page:confluence", "search:confluence", "read:confluence-user", "read:jira-work", None]
    item = {"id": "c", "name": "Site", "url": "https://site.atlassian.net/", "scopes": scopes, "avatarUrl": "x"}
    assert decode.accessible_resource(item) == AccessibleResource(
        id="c",
        name="Site",
        url="https://site.atlassian.net",
        scopes=("read:page:confluence", "search:confluence", "read:confluence-user"),
    )


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2024-02-01T10:00:00.000Z", datetime(2024, 2, 1, 10, tzinfo=UTC)),
        ("2024-02-01T10:00:00Z", datetime(2024, 2, 1, 10, tzinfo=UTC)),
        ("2024-02-01T10:00Z", datetime(2024, 2, 1, 10, tzinfo=UTC)),
        ("2024-02-01T10:00:00", datetime(2024, 2, 1, 10, tzinfo=UTC)),
        ("2024-02-01T10:00:00+0230", datetime(2024, 2, 1, 7, 30, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
        ("", None),
        (1706781600, None),
        (None, None),
    ],
)
def test_instants(written, expected):
    """Times come with or without fractions and offset; what is no time is None."""
    assert decode.instant(written) == expected


@pytest.mark.parametrize(
    ("spelled", "read"),
    [("\ud83d\ude00", "\U0001f600"), ("a\ud83d", "a\ufffd"), ("\ude00b", "\ufffdb"), ("plain", "plain"), ("ж", "ж")],
)
def test_lone_surrogates_are_replaced(spelled, read):
    """Half an emoji cannot be written to any file; a whole one stays."""
    assert decode.sound(spelled) == read


@pytest.mark.parametrize("decoder", DECODERS[:5])
def test_item_without_an_id_is_refused(decoder):
    """What cannot be addressed cannot be synced."""
    with pytest.raises(decode.ShapeError, match=r"without '(id|accountId)'"):
        decoder({"id": "", "title": "x"})


@given(st.sampled_from(DECODERS), st.dictionaries(FIELD, JSON, max_size=6))
def test_no_json_breaks_a_decoder(decoder, item):
    """Whatever stands in the fields, there is a value or a ShapeError, and its text is valid Unicode."""
    try:
        value = decoder({"accountId": "a", **item})
    except decode.ShapeError:
        return
    if value is not None:
        json.dumps(attrs.asdict(value), ensure_ascii=False, default=str).encode()


def test_version_number_as_text(shapes):
    """A number in quotes is a number; anything else is the first version."""
    assert [decode.page(shapes.page("1", version={"number": n})).version for n in ("12", 12, "x", True, None)] == [
        12,
        12,
        1,
        1,
        1,
    ]
