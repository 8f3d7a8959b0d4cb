"""What the consent screen sends back through the user's browser. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self
from urllib.parse import parse_qsl, urlsplit

import attrs

from ..client.http import one_line
from ..errors import AuthorizationDeclinedError, AuthorizationError, InvalidCallbackError

__all__ = ["Callback"]

_LONGEST_DESCRIPTION = 200


@attrs.frozen(kw_only=True)
class Callback:
    """
    The query of a callback. Anybody can make one up: `PendingAuthorizations.complete` tells whether it was awaited.

    Attributes:
        state: What `authorization_url` was given; "" if it is missing.
        code: To be exchanged once, at once; "" if the user did not consent.
        error: `access_denied` if the user pressed Cancel; "" if there is a code.
        error_description: In words, for people; may be empty.
    """

    state: str = attrs.field(default="", repr=False)
    code: str = attrs.field(default="", repr=False)
    error: str = ""
    error_description: str = ""

    @classmethod
    def from_url(cls, url: str) -> Self:
        """
        Read the address that the browser came with: absolute, or path and query.

        One that says something twice says nothing (RFC 6749, 3.1): who reads it before may have read the other.
        """
        try:
            query = parse_qsl(urlsplit(url).query, keep_blank_values=True)
        except ValueError:
            return cls()
        names = [name for name, _ in query]
        return cls() if any(names.count(field.name) > 1 for field in attrs.fields(cls)) else cls.from_query(dict(query))

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Self:
        """Read query parameters, as web frameworks give them."""
        return cls(**{field.name: query.get(field.name, "") for field in attrs.fields(cls)})

    def consented_code(self) -> str:
        """
        Return the code of a consent. Complete the authorization before, so that its state is used up either way.

        Raises:
            AuthorizationDeclinedError: The user pressed Cancel.
            AuthorizationError: Atlassian let the user not consent, for the reason in the message.
            InvalidCallbackError: There is neither a code nor an error.
        """
        if self.error == "access_denied":
            raise AuthorizationDeclinedError(
                "the user declined at Atlassian; nothing was changed, connect to try again"
            )
        if self.error:
            said = ": ".join(filter(None, map(_short, (self.error, self.error_description))))
            raise AuthorizationError(f"Atlassian did not let the user consent ({said}); connect to try again")
        if not self.code:
            raise InvalidCallbackError("the callback has no code: was its address cut off? Connect to try again")
        return self.code


def _short(text: str) -> str:
    return one_line(text)[:_LONGEST_DESCRIPTION]
