"""Where the API is, who may be told the secret, and what a wrong address is answered with."""

import base64

import httpx
import pytest

from confluence_sync.client import GatewayApiToken, GatewayBearer, SiteApiToken
from confluence_sync.errors import ConfigurationError

CLOUD_ID = "1324a887-45db-1bf4-1e99-ef0ff456d421"


def site_url(address: str) -> str:
    return SiteApiToken(address, "bot@example.com", "secret").site_url


async def bearer_token() -> str:
    return "opaque\n"


@pytest.mark.parametrize(
    ("address", "base"),
    [
        ("https://site.atlassian.net/wiki", "https://site.atlassian.net/wiki"),
        ("https://site.atlassian.net/wiki/", "https://site.atlassian.net/wiki"),
        (" https://Site.atlassian.net ", "https://site.atlassian.net/wiki"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/wiki"),
        ("http://localhost:8080/wiki", "http://localhost:8080/wiki"),
        ("http://[::1]:8080/wiki", "http://[::1]:8080/wiki"),
    ],
)
def test_site_address_is_completed(address, base):
    """A site may be given with or without /wiki; plain http is fine on loopback."""
    assert site_url(address) == base


@pytest.mark.parametrize(
    ("address", "advice"),
    [
        ("", "begins with https://"),
        ("site.atlassian.net/wiki", "begins with https://"),
        ("ftp://site.atlassian.net", "begins with https://"),
        ("https://", "begins with https://"),
        ("http://site.atlassian.net/wiki", "use https://site.atlassian.net"),
        ("https://site.atlassian.net/wiki/spaces/DOCS/overview", "give the address of the site"),
        ("https://wiki.example.com/confluence", "Data Center"),
        ("https://wiki.example.com/display/DOCS", "Data Center"),
        (f"https://api.atlassian.com/ex/confluence/{CLOUD_ID}/wiki", "gateway token"),
        ("https://site.atlassian.net/wiki?x=1", "more than host and path"),
        ("https://[::1/wiki", "not an address"),
        ("https://site.atlassian.net:port/wiki", "not an address"),
    ],
)
def test_wrong_address_is_answered_with_advice(address, advice):
    """Every address that cannot work is refused with what to write instead."""
    with pytest.raises(ConfigurationError, match=advice):
        site_url(address)


@pytest.mark.parametrize("address", ["https://bot:hunter2@site.atlassian.net/wiki", "https://bot:hunter2@[x/wiki"])
def test_secret_in_an_address_is_not_repeated(address):
    """An address with a password is refused without quoting it, also in the traceback."""
    with pytest.raises(ConfigurationError) as refusal:
        site_url(address)
    assert "hunter2" not in str(refusal.value)
    assert refusal.value.__cause__ is None


@pytest.mark.parametrize("token", ["", "  ", "two words", "t\u00f6ken", "a\nb", "a\x7f"])
def test_token_that_fits_no_header_is_refused(token):
    """A token that was copied wrongly is a configuration error that does not repeat it."""
    with pytest.raises(ConfigurationError) as refusal:
        SiteApiToken("https://site.atlassian.net", "bot@example.com", token)
    assert not token.strip() or token not in str(refusal.value)


@pytest.mark.parametrize("email", ["", "bot:x@example.com"])
def test_email_that_fits_no_basic_header_is_refused(email):
    """Basic credentials have no room for a colon in the name."""
    with pytest.raises(ConfigurationError, match="e-mail"):
        SiteApiToken("https://site.atlassian.net", email, "secret")


@pytest.mark.parametrize("cloud_id", ["", "../x", "a/b", "a b", "\u00e9"])
def test_cloud_id_cannot_lead_elsewhere(cloud_id):
    """A cloudid is letters, digits and hyphens, so it stays one segment of the path."""
    with pytest.raises(ConfigurationError, match="cloudid"):
        GatewayApiToken(cloud_id, "bot@example.com", "secret")


def test_gateway_is_an_origin():
    """The gateway is overridable, but only by an origin."""
    with pytest.raises(ConfigurationError, match="without a path"):
        GatewayBearer(CLOUD_ID, bearer_token, gateway_url="http://127.0.0.1:1/ex")


async def test_basic_header_of_a_site_token():
    """A classic token is Basic on the site, and has no list of grants."""
    auth = SiteApiToken("https://site.atlassian.net", "bot@example.com", " secret\n")
    header = await auth.authorization(httpx.URL("https://site.atlassian.net/wiki/api/v2/spaces"))
    assert header == "Basic " + base64.b64encode(b"bot@example.com:secret").decode()
    assert auth.api_url == "https://site.atlassian.net/wiki"
    assert auth.grants_url is None


async def test_basic_header_of_a_gateway_token():
    """A scoped token is Basic on the gateway, whose base carries the cloudid and /wiki."""
    auth = GatewayApiToken(CLOUD_ID, "bot@example.com", "secret", site_url="https://site.atlassian.net")
    assert auth.api_url == f"https://api.atlassian.com/ex/confluence/{CLOUD_ID}/wiki"
    assert auth.site_url == "https://site.atlassian.net/wiki"
    assert auth.grants_url is None
    assert (await auth.authorization(httpx.URL(auth.api_url))).startswith("Basic ")


async def test_bearer_header_asks_for_the_token_each_time():
    """An access token is fetched for each request and stripped."""
    auth = GatewayBearer(CLOUD_ID, bearer_token, gateway_url="http://127.0.0.1:9")
    assert auth.api_url == f"http://127.0.0.1:9/ex/confluence/{CLOUD_ID}/wiki"
    assert auth.grants_url == "http://127.0.0.1:9"
    assert auth.site_url == ""
    assert await auth.authorization(httpx.URL(auth.api_url)) == "Bearer opaque"


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/wiki", "http://site.atlassian.net/wiki", "https://site.atlassian.net:8443/wiki"],
)
async def test_secret_is_for_one_origin(elsewhere):
    """Another host, scheme or port gets no credentials."""
    auth = SiteApiToken("https://site.atlassian.net", "bot@example.com", "secret")
    with pytest.raises(ConfigurationError, match="not sent to"):
        await auth.authorization(httpx.URL(elsewhere))


def test_secrets_have_no_repr():
    """No strategy shows its secret when it is printed."""
    shown = repr(
        [
            SiteApiToken("https://site.atlassian.net", "bot@example.com", "hunter2"),
            GatewayApiToken(CLOUD_ID, "bot@example.com", "hunter2"),
            GatewayBearer(CLOUD_ID, bearer_token),
        ]
    )
    assert "hunter2" not in shown
    assert "bearer_token" not in shown
    assert "site.atlassian.net" in shown
