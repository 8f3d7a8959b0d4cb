"""The table of scopes against a site that enforces them."""

import httpx
import pytest

from confluence_sync.client import ConfluenceClient, GatewayBearer
from confluence_sync.errors import MissingScopeError, RemoteNotFoundError
from confluence_sync.oauth import SCOPE_NEEDS, SYNC_SCOPES, missing_scopes


def container(kind):
    async def call(client, site):
        return await client.container(kind, "1")  # not there, which only who has the scope is told

    return call


async def list_spaces(client, site):
    return [batch async for batch in client.space_batches()]


async def list_pages(client, site):
    return [batch async for batch in client.page_batches(str(site.space("DOCS").number))]


async def name_users(client, site):
    return await client.users([site.me.account_id])


async def search(client, site):
    return [batch async for batch in client.search_batches("type = page")]


async def ask_who(client, site):
    return await client.current_user()


CALLS = {
    "list the spaces": list_spaces,
    "list and read pages": list_pages,
    "name the folders above pages": container("folder"),
    "name the whiteboards above pages": container("whiteboard"),
    "name the databases above pages": container("database"),
    "name the smart links above pages": container("embed"),
    "name authors and people mentioned": name_users,
    "find what changed by search": search,
    "know whose account it is": ask_who,
}


ASKED_FOR = {need.purpose: need.scopes[0] for need in SCOPE_NEEDS}


async def lacks_scope(site, scopes, purpose):
    """Whether the site refuses a call for want of a scope."""
    site.grant("token", scopes=scopes)

    async def access_token():
        return "token"

    auth = GatewayBearer(site.settings.cloud_id, access_token)
    async with httpx.AsyncClient(transport=site.transport()) as http, ConfluenceClient(auth, http=http) as client:
        try:
            await CALLS[purpose](client, site)
        except MissingScopeError as error:
            return f"lacks the scope {ASKED_FOR[purpose]})" in str(error)
        except RemoteNotFoundError:
            return False
    return False


def test_every_need_is_tried_here():
    """A row that is added to the table needs a call below, and the other way round."""
    assert {need.purpose for need in SCOPE_NEEDS} == CALLS.keys()


@pytest.mark.parametrize("need", SCOPE_NEEDS, ids=lambda need: need.purpose)
async def test_each_of_the_scopes_is_enough(site, need):
    """What the table says is enough for a call is enough, alone."""
    assert [scope for scope in need.scopes if await lacks_scope(site, {scope}, need.purpose)] == []


@pytest.mark.parametrize("need", SCOPE_NEEDS, ids=lambda need: need.purpose)
async def test_without_them_the_call_is_refused(site, need):
    """The table names all scopes that allow a call: with all others it is refused, and the scope is named by both."""
    others = {scope for other in SCOPE_NEEDS for scope in other.scopes} - set(need.scopes)
    assert await lacks_scope(site, others, need.purpose)
    assert need.scopes[0] in missing_scopes(others)


def test_what_a_sync_asks_for_is_enough():
    """The default scopes leave nothing out, ask for nothing twice, and bring a refresh token."""
    assert missing_scopes(SYNC_SCOPES) == ()
    assert len(set(SYNC_SCOPES)) == len(SYNC_SCOPES)
    assert "offline_access" in SYNC_SCOPES


def test_all_missing_scopes_are_named_at_once():
    """A user who has to consent again is told everything that was missing, each scope once."""
    missing = missing_scopes(["read:space:confluence", "read:jira-work"])
    assert missing == tuple(scope for scope in SYNC_SCOPES if scope not in {"offline_access", "read:space:confluence"})


def test_classic_and_granular_scopes_may_be_mixed():
    """Search and the current user of v1 take either family."""
    granular = {*SYNC_SCOPES} - {"search:confluence"}
    classic = {*SYNC_SCOPES, "read:confluence-user"} - {"read:content-details:confluence"}
    assert missing_scopes(granular) == missing_scopes(classic) == ()


def test_scopes_of_a_site_have_no_offline_access():
    """What accessible-resources lists for a site is compared as it is."""
    assert missing_scopes([scope for scope in SYNC_SCOPES if scope != "offline_access"]) == ()
