"""The address of the consent screen, and what cannot be an app."""

from urllib.parse import parse_qs, urlsplit

import pytest

from confluence_sync.errors import ConfigurationError
from confluence_sync.oauth import SYNC_SCOPES, OAuthApp

CALLBACK = "https://app.example.com/atlassian/callback"


def app(client_id="the-id", client_secret="hunter2", redirect_uri=CALLBACK, **options):
    return OAuthApp(client_id, client_secret, redirect_uri, **options)


def test_authorization_url_has_every_documented_parameter():
    """Each parameter that Atlassian requires is there once, and nothing else."""
    url = urlsplit(app().authorization_url("the state"))
    assert f"{url.scheme}://{url.netloc}{url.path}" == "https://auth.atlassian.com/authorize"
    assert parse_qs(url.query, strict_parsing=True) == {
        "audience": ["api.atlassian.com"],
        "client_id": ["the-id"],
        "scope": [" ".join(SYNC_SCOPES)],
        "redirect_uri": [CALLBACK],
        "state": ["the state"],
        "response_type": ["code"],
        "prompt": ["consent"],
    }


def test_authorization_url_is_encoded_for_any_reader():
    """Spaces are %20, which nobody takes for a plus; the callback cannot break out of its parameter."""
    query = urlsplit(app(redirect_uri=f"{CALLBACK}?a=1&b=2").authorization_url("x&y=z#")).query
    assert "+" not in query
    assert "scope=offline_access%20read%3Aspace%3Aconfluence%20" in query
    assert f"{parse_qs(query)['redirect_uri'][0]}" == f"{CALLBACK}?a=1&b=2"
    assert parse_qs(query)["state"] == ["x&y=z#"]


def test_secret_is_shown_nowhere():
    """The secret is in no address and not in what is printed."""
    assert "hunter2" not in repr(app()) + str(app()) + app().authorization_url("state")


@pytest.mark.parametrize("scopes", [["read:page:confluence"], "read:page:confluence", ("offline_access",) * 2])
def test_offline_access_is_always_asked_for(scopes):
    """Without it there is no refresh token, so a sync always asks for it, once."""
    asked = app(scopes=scopes).scopes
    assert asked.count("offline_access") == 1
    assert len(set(asked)) == len(asked)


def test_scopes_as_one_text():
    """Scopes may come as one text, as they stand in an environment variable."""
    assert app(scopes="a b").scopes == ("offline_access", "a", "b")


def test_copied_values_are_stripped():
    """The line end of a file with the secret is not a part of it."""
    assert (app(client_id=" the-id\n").client_id, app(client_secret="hunter2\n").client_secret) == ("the-id", "hunter2")


@pytest.mark.parametrize(("field", "advice"), [("client_id", "no client id"), ("client_secret", "no client secret")])
@pytest.mark.parametrize("value", ["", "  ", "two words", "clé"])
def test_what_was_not_copied_whole_is_refused(field, advice, value):
    """A value that cannot be one is refused with where to find it, and is not repeated."""
    with pytest.raises(ConfigurationError, match=f"{advice}.*developer.atlassian.com/console/myapps") as refusal:
        app(**{field: value})
    assert not value.strip() or value not in str(refusal.value)


@pytest.mark.parametrize("redirect_uri", [CALLBACK, "http://localhost:8000/callback", "http://127.0.0.1:8000/"])
def test_redirect_uri_stays_as_it_is(redirect_uri):
    """Atlassian compares the callback URL character by character; http is fine on this machine."""
    assert app(redirect_uri=redirect_uri).redirect_uri == redirect_uri


@pytest.mark.parametrize(
    ("redirect_uri", "advice"),
    [
        ("", "begins with https://"),
        ("app.example.com/callback", "begins with https://"),
        ("http://app.example.com/callback", "use https://app.example.com"),
        (f"{CALLBACK}#top", "just as it stands in the developer console"),
        (f" {CALLBACK}", "just as it stands in the developer console"),
        ("https://bot:hunter2@app.example.com/callback", "user name"),
    ],
)
def test_redirect_uri_that_cannot_be_one(redirect_uri, advice):
    """A callback URL that would leak the code, or that no console takes, is refused."""
    with pytest.raises(ConfigurationError, match=advice) as refusal:
        app(redirect_uri=redirect_uri)
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("field", ["auth_url", "gateway_url"])
def test_servers_are_origins(field):
    """Other servers are for tests over loopback; secrets do not go out in the clear."""
    assert getattr(app(**{field: "http://127.0.0.1:99/"}), field) == "http://127.0.0.1:99"
    with pytest.raises(ConfigurationError, match="in the clear"):
        app(**{field: "http://auth.example.com"})
    with pytest.raises(ConfigurationError, match="only the origin"):
        app(**{field: "https://auth.example.com/oauth/token"})
