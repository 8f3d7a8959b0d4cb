"""Atlassian's authorization server: apps, consent, codes, tokens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit

import attrs

from ...protocols import Clock
from ._content import FakeUser
from ._http import ApiError, Reply, Request, Response
from ._settings import Settings
from ._tokens import Access, Grant, InvalidTokenError, Tokens

__all__ = ["FakeConsent", "FakeOAuth", "FakeOAuthApp"]

CODE_LIFETIME = timedelta(minutes=5)
OFFLINE = "offline_access"


class Site(Protocol):
    """What the server knows of a site behind the gateway."""

    settings: Settings

    @property
    def me(self) -> FakeUser:
        """The user who consents, unless the test says who does."""

    def handle(self, request: Request) -> Response:
        """Answer a request."""


@attrs.frozen(kw_only=True)
class FakeOAuthApp:
    """
    An app of the developer console.

    Attributes:
        redirect_uris: The callback URLs; one in a request has to be equal to one of them.
        scopes: What the app may ask for; None for anything.
        token_lifetime: Of access tokens, in whole seconds.
        leeway: How long a refresh token that was rotated out may still be exchanged.
        dead_token_error: `error` of a refused refresh: `invalid_grant`, or `unauthorized_client` as was seen too.
        hides_expiry: Whether expired tokens are answered with 404 (v2) or 403 (v1), as gateways were seen to do.
    """

    client_id: str
    client_secret: str = attrs.field(repr=False)
    redirect_uris: tuple[str, ...]
    scopes: frozenset[str] | None
    token_lifetime: timedelta
    leeway: timedelta
    dead_token_error: str = attrs.field(validator=attrs.validators.in_(("invalid_grant", "unauthorized_client")))
    hides_expiry: bool


@attrs.frozen(kw_only=True)
class FakeConsent:
    """
    What the user does on the consent screen.

    Attributes:
        accept: False for the button "Cancel".
        user: Who is logged in; None for the site's `me`.
        sites: Those that are picked; None for all.
        scopes: Granted instead of those that were asked for; None for just those.
    """

    accept: bool = True
    user: FakeUser | None = None
    sites: tuple[Site, ...] | None = None
    scopes: frozenset[str] | None = attrs.field(default=None, converter=attrs.converters.optional(frozenset))


@attrs.frozen
class Code:
    """An authorization code that waits to be exchanged."""

    grant: Grant
    redirect_uri: str
    expires_at: datetime


class FakeOAuth:
    """
    The authorization server of one or more sites, `site.oauth`; sites made with it are behind one gateway.

    ```python
    site = FakeSite()
    other = FakeSite(name="other", url="https://other.atlassian.net", cloud_id="1-2", oauth=site.oauth)
    app = site.oauth.app(redirect_uris=["http://127.0.0.1:8000/callback"], token_lifetime=timedelta(seconds=1))
    site.oauth.consent = FakeConsent(sites=(other,))
    callback = site.oauth.visit(authorization_url)  # what a browser would do at /authorize
    ```

    A token answer that is lost on its way, after the rotation: `site.fail("/oauth/token", kind="reset")`.

    Attributes:
        consent: What the user does next, and from then on.
        sites: By cloudid.
        extra_resources: Entries put in front of the accessible resources, as they are: other products, other sites.
    """

    def __init__(self, clock: Clock) -> None:
        self.consent = FakeConsent()
        self.sites: dict[str, Site] = {}
        self.extra_resources: list[Mapping[str, Any]] = []
        self._clock = clock
        self._apps: dict[str, FakeOAuthApp] = {}
        self._codes: dict[str, Code] = {}
        self._tokens = Tokens()

    @property
    def issued(self) -> list[str]:
        """Every code and token so far, to be looked for where no secret belongs."""
        return list(self._tokens.issued)

    @property
    def refreshes(self) -> int:
        """How often a refresh token was exchanged..."""
        return self._tokens.refreshes

    @property
    def reuses(self) -> int:
        """...and how often among these one that had been rotated out, within the leeway."""
        return self._tokens.reuses

    def app(
        self,
        *,
        redirect_uris: Iterable[str],
        client_id: str = "fake-client-id",
        client_secret: str = "fake-client-secret",  # noqa: S107 - opens nothing
        scopes: Iterable[str] | None = None,
        token_lifetime: timedelta = timedelta(hours=1),
        leeway: timedelta = timedelta(minutes=10),
        dead_token_error: str = "invalid_grant",  # noqa: S107 - no secret
        hides_expiry: bool = False,
    ) -> FakeOAuthApp:
        """Register an app, or give one with this id other attributes: those of `FakeOAuthApp`."""
        app = self._apps[client_id] = FakeOAuthApp(
            client_id=client_id,
            client_secret=client_secret,
            redirect_uris=tuple(redirect_uris),
            scopes=None if scopes is None else frozenset(scopes),
            token_lifetime=token_lifetime,
            leeway=leeway,
            dead_token_error=dead_token_error,
            hides_expiry=hides_expiry,
        )
        return app

    def visit(self, url: str) -> str:
        """
        Return where a browser is sent from an authorization URL: the callback, with a code or an error.

        Raises:
            ValueError: There is no way back, but an error page.
        """
        try:
            return self.authorize(dict(parse_qsl(urlsplit(url).query, keep_blank_values=True)))
        except ApiError as error:
            raise ValueError(error.reply.content.decode()) from None

    def revoke(self, user: FakeUser | None = None) -> None:
        """Take the app's access back in the account settings, of one user or of all; all tokens end at once."""
        for grant in self._grants_of(user):
            grant.revoked = True

    def change_password(self, user: FakeUser | None = None) -> None:
        """Let a user or all change the password: refresh tokens end, access tokens live out their time."""
        for grant in self._grants_of(user):
            self._tokens.end_families(grant)

    def withdraw(self, site: Site) -> None:
        """Take a site out of all grants, as if the users had lost access to it."""
        for grant in self._tokens.grants:
            grant.cloud_ids.discard(site.settings.cloud_id)

    def accept(
        self, token: str, site: Site, scopes: Iterable[str], *, lifetime: timedelta | None, hides_expiry: bool
    ) -> None:
        """Accept a bearer token that no app asked for."""
        grant = Grant(user=site.me, scopes=frozenset(scopes), cloud_ids={site.settings.cloud_id})
        expires_at = None if lifetime is None else self._clock.now() + lifetime
        self._tokens.give_access(grant, expires_at=expires_at, hides_expiry=hides_expiry, token=token)

    def reject(self, token: str) -> None:
        """Stop to accept a bearer token."""
        self._tokens.forget_access(token)

    def access(self, token: str) -> Access | None:
        """Return what a bearer token may do, also if it has expired; None if it is not known."""
        return self._tokens.access(token)

    def authorize(self, query: Mapping[str, str]) -> str:
        """
        Return the callback address to which the consent screen leads.

        Raises:
            ApiError: An error page; such requests lead nowhere else.
        """
        app = self._apps.get(query.get("client_id", ""))
        if app is None or query.get("redirect_uri") not in app.redirect_uris:
            raise _page("unauthorized_client", "redirect_uri is not registered for client")
        required = {"audience": "api.atlassian.com", "response_type": "code", "prompt": "consent"}
        for name, value in required.items():
            if query.get(name) != value:
                raise _page("invalid_request", f"{name} must be {value}")
        scopes = frozenset(query.get("scope", "").split())
        if not scopes or (app.scopes is not None and not scopes <= app.scopes | {OFFLINE}):
            raise _page("invalid_scope", "The requested scope is invalid, unknown, or malformed")
        answer = {"code": self._consented(app, query["redirect_uri"], scopes)} if self.consent.accept else _DECLINED
        state = {"state": query["state"]} if "state" in query else {}
        return f"{query['redirect_uri']}?{urlencode({**answer, **state})}"

    def token(self, form: Mapping[str, Any]) -> dict[str, Any]:
        """
        Return the answer of the token endpoint.

        Raises:
            ApiError: With `error` and `error_description`.
        """
        app = self._apps.get(str(form.get("client_id", "")))
        if app is None or form.get("client_secret") != app.client_secret:
            raise _refusal(401, "access_denied", "Unauthorized")
        match form:
            case {"grant_type": "authorization_code", "code": str(code), "redirect_uri": str(redirect_uri)}:
                return self._exchanged(app, code, redirect_uri)
            case {"grant_type": "refresh_token", "refresh_token": str(token)}:
                return self._refreshed(app, token)
        raise _refusal(400, "invalid_request", "A required parameter is missing or wrong")

    def _consented(self, app: FakeOAuthApp, redirect_uri: str, scopes: frozenset[str]) -> str:
        sites = self.consent.sites if self.consent.sites is not None else tuple(self.sites.values())
        user = self.consent.user or next(iter(self.sites.values())).me
        granted = scopes if self.consent.scopes is None else self.consent.scopes
        grant = self._tokens.grant(app.client_id, user, granted, {site.settings.cloud_id for site in sites})
        code = self._tokens.secret(30)
        self._codes[code] = Code(grant, redirect_uri, self._clock.now() + CODE_LIFETIME)
        return code

    def _exchanged(self, app: FakeOAuthApp, value: str, redirect_uri: str) -> dict[str, Any]:
        code = self._codes.get(value)
        if code is not None and code.redirect_uri != redirect_uri:
            raise _refusal(403, "unauthorized_client", "The redirect URI is wrong")
        self._codes.pop(value, None)
        if code is None or code.grant.client_id != app.client_id or code.expires_at <= self._clock.now():
            raise _refusal(403, "invalid_grant", "Invalid authorization code")
        refresh = self._tokens.begin_family(code.grant, self._clock.now()) if OFFLINE in code.grant.scopes else None
        return self._answer(app, code.grant, refresh)

    def _refreshed(self, app: FakeOAuthApp, token: str) -> dict[str, Any]:
        try:
            grant, refresh = self._tokens.rotate(token, app.client_id, self._clock.now(), leeway=app.leeway)
        except InvalidTokenError:
            raise _refusal(403, app.dead_token_error, _DEAD[app.dead_token_error]) from None
        return self._answer(app, grant, refresh)

    def _answer(self, app: FakeOAuthApp, grant: Grant, refresh: str | None) -> dict[str, Any]:
        expires_at = self._clock.now() + app.token_lifetime
        access = self._tokens.give_access(grant, expires_at=expires_at, hides_expiry=app.hides_expiry)
        return {
            "access_token": access,
            **({} if refresh is None else {"refresh_token": refresh}),
            "expires_in": int(app.token_lifetime.total_seconds()),
            "scope": " ".join(sorted(grant.scopes)),
            "token_type": "Bearer",
        }

    def _grants_of(self, user: FakeUser | None) -> list[Grant]:
        return [grant for grant in self._tokens.grants if user is None or grant.user == user]


_DECLINED = {"error": "access_denied", "error_description": "User did not authorize the request"}
_DEAD = {
    "invalid_grant": "Unknown or invalid refresh token.",
    "unauthorized_client": "refresh_token is invalid",
}


def _refusal(status: int, error: str, description: str) -> ApiError:
    return ApiError(Reply(status=status, payload={"error": error, "error_description": description}))


def _page(error: str, description: str) -> ApiError:
    """Return Atlassian's own error page."""
    text = f"<html><body><h1>Something went wrong</h1><p>{error}: {description}</p></body></html>"
    return ApiError(Reply(status=400, headers={"Content-Type": "text/html"}, content=text.encode()))
