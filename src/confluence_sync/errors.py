"""Every error this library raises.

```
ConfluenceSyncError
├── ConfigurationError (ValueError)       the caller can mend it: settings, mappings, credentials
│   ├── NotEnabledError                   the host's feature flag is off for the workspace
│   ├── OAuthAppError                     Atlassian does not accept the app: client id, secret, redirect address
│   └── ConnectionStateError              not with a connection in this state: .status
├── AuthorizationError                    a consent led to no connection; the user may try again
│   ├── AuthorizationDeclinedError        the user pressed Cancel
│   └── InvalidCallbackError              a callback that nobody waits for: used, expired, of another session
├── ClientError                           a call to Confluence failed: .retryable, .retry_after, .status
│   ├── TransportError                    no usable answer: connection, time-out           (retryable)
│   ├── ServerError                       500, 502, 503, 504                               (retryable)
│   ├── RateLimitedError                  429: .quota tells the hourly quota from a burst  (retryable)
│   ├── AuthenticationError               401: token wrong, expired or revoked
│   │   ├── MissingScopeError             401 "scope does not match": a new token does not help
│   │   └── ReauthorizationRequiredError  the grant is gone: only the user can give another
│   ├── PermissionDeniedError             403
│   ├── RemoteNotFoundError               404: not there, or not visible to this user
│   ├── ContentTooLargeError              413: ask for less at once
│   └── UnexpectedResponseError           anything else: 400, 410, a body that is not what it should be
├── PlanError                             a plan that must not be applied
│   └── UnsafePlanError                   more deletions than the mapping allows
├── StorageError                          a store or the VFS failed
│   ├── DocumentNotFoundError (FileNotFoundError)
│   ├── InvalidPathError (ValueError)     a path that no VFS accepts
│   └── DocumentVersionError              written by a newer version of this library
├── RunInProgressError                    another run of the connection holds the lease
└── RunFailedError                        raised by report.raise_for_failures(): .report
```

A page that fails is a `PageFailed` event, not an exception; only what stops the run is raised.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

__all__ = [
    "AuthenticationError",
    "AuthorizationDeclinedError",
    "AuthorizationError",
    "ClientError",
    "ConfigurationError",
    "ConfluenceSyncError",
    "ConnectionStateError",
    "ContentTooLargeError",
    "DocumentNotFoundError",
    "DocumentVersionError",
    "ErrorKind",
    "InvalidCallbackError",
    "InvalidPathError",
    "MissingScopeError",
    "NotEnabledError",
    "OAuthAppError",
    "PermissionDeniedError",
    "PlanError",
    "RateLimitedError",
    "ReauthorizationRequiredError",
    "RemoteNotFoundError",
    "RunFailedError",
    "RunInProgressError",
    "ServerError",
    "StorageError",
    "TransportError",
    "UnexpectedResponseError",
    "UnsafePlanError",
]


class ErrorKind(StrEnum):
    """What went wrong with a page or a space, as a run log shows it."""

    RATE_LIMITED = "rate_limited"
    UNAUTHORIZED = "unauthorized"
    REAUTHORIZATION_REQUIRED = "reauthorization_required"
    MISSING_SCOPE = "missing_scope"
    PERMISSION_DENIED = "permission_denied"
    NOT_FOUND = "not_found"
    CONTENT_TOO_LARGE = "content_too_large"
    INVALID_RESPONSE = "invalid_response"
    SERVER_ERROR = "server_error"
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    CONFIGURATION = "configuration"
    PLAN = "plan"
    STORAGE = "storage"
    INTERNAL = "internal"


class ConfluenceSyncError(Exception):
    """Base of all errors of this library."""

    kind: ErrorKind = ErrorKind.INTERNAL

    def __reduce__(self) -> tuple[object, ...]:
        """Tell how to copy it: by default Python would call the class with the message alone."""
        return _arrived, (type(self), self.args, vars(self))


def _arrived(kind: type[ConfluenceSyncError], args: tuple[object, ...], attributes: Mapping[str, object]) -> object:
    error = kind.__new__(kind, *args)
    error.args = args
    vars(error).update(attributes)
    return error


class ConfigurationError(ConfluenceSyncError, ValueError):
    """Something the caller has to put right; the message says what."""

    kind = ErrorKind.CONFIGURATION


class NotEnabledError(ConfigurationError):
    """The host has not switched the feature on for this workspace."""


class OAuthAppError(ConfigurationError):
    """Atlassian does not accept the app itself: no user can mend that by connecting again."""


class ConnectionStateError(ConfigurationError):
    """
    Something that a connection cannot do in the state it is in, or that needs one where there is none.

    Attributes:
        status: Value of the `ConnectionStatus`; None if there is no connection.
    """

    def __init__(self, message: str, *, status: str | None) -> None:
        super().__init__(message)
        self.status = status


class AuthorizationError(ConfluenceSyncError):
    """A consent at Atlassian led to no connection; nothing was changed, and the user may try again."""

    kind = ErrorKind.UNAUTHORIZED


class AuthorizationDeclinedError(AuthorizationError):
    """The user pressed Cancel: the callback came with `error=access_denied`."""


class InvalidCallbackError(AuthorizationError):
    """A callback whose `state` is unknown, used, expired, or of another session than the one that asked."""


class ClientError(ConfluenceSyncError):
    """
    A call to Confluence failed.

    Attributes:
        status: HTTP status, or None when there was no answer.
        provider_message: What Atlassian said, at most a few hundred characters; may be empty.
        retryable: Whether the same call may succeed later.
        retry_after: Seconds to wait at least, when the answer named a time (`Retry-After`, `X-RateLimit-Reset`).
    """

    kind = ErrorKind.INVALID_RESPONSE
    retryable: bool = False

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        provider_message: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.provider_message = provider_message
        self.retry_after = retry_after


class TransportError(ClientError):
    """No usable answer arrived: connection refused or reset, time-out, truncated body."""

    kind = ErrorKind.CONNECTION
    retryable = True

    def __init__(self, message: str, *, timed_out: bool = False) -> None:
        super().__init__(message)
        self.timed_out = timed_out
        if timed_out:
            self.kind = ErrorKind.TIMEOUT


class ServerError(ClientError):
    """Confluence or its gateway failed (500, 502, 503, 504)."""

    kind = ErrorKind.SERVER_ERROR
    retryable = True


class RateLimitedError(ClientError):
    """
    429. `quota` is True when the app's hourly points are used up, False for a burst limit of seconds.

    Source: `RateLimit-Reason` and `Retry-After` headers; `status` is None where a `PointsBudget` of the host's own
    refused, before any request.
    """

    kind = ErrorKind.RATE_LIMITED
    retryable = True

    def __init__(
        self,
        message: str,
        *,
        quota: bool = False,
        status: int | None = 429,
        provider_message: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, status=status, provider_message=provider_message, retry_after=retry_after)
        self.quota = quota


class AuthenticationError(ClientError):
    """401, or an identity that turned out to be anonymous: the credentials are wrong, expired or revoked."""

    kind = ErrorKind.UNAUTHORIZED


class MissingScopeError(AuthenticationError):
    """401 "scope does not match": the token works but lacks a scope for this endpoint. Refreshing does not help."""

    kind = ErrorKind.MISSING_SCOPE


class ReauthorizationRequiredError(AuthenticationError):
    """The grant expired or was revoked (`invalid_grant`): the user has to connect again. Nothing else helps."""

    kind = ErrorKind.REAUTHORIZATION_REQUIRED


class PermissionDeniedError(ClientError):
    """403: the user may not see this."""

    kind = ErrorKind.PERMISSION_DENIED


class RemoteNotFoundError(ClientError):
    """404: not there or not visible to this user; Confluence does not tell the two apart."""

    kind = ErrorKind.NOT_FOUND


class ContentTooLargeError(ClientError):
    """413: the address or the answer is too large; ask for less at once."""

    kind = ErrorKind.CONTENT_TOO_LARGE


class UnexpectedResponseError(ClientError):
    """An answer that fits nothing above: a bad request, a removed endpoint, a body of the wrong shape."""


class PlanError(ConfluenceSyncError):
    """A plan could not be made or must not be applied."""

    kind = ErrorKind.PLAN


class UnsafePlanError(PlanError):
    """
    More deletions than the mapping allows.

    Attributes:
        deletions: How many files the plan would delete.
        managed: How many files the mapping manages.
    """

    def __init__(self, message: str, *, deletions: int, managed: int) -> None:
        super().__init__(message)
        self.deletions = deletions
        self.managed = managed


class StorageError(ConfluenceSyncError):
    """A store or the VFS failed. Adapters chain the cause with `raise ... from`."""

    kind = ErrorKind.STORAGE


class DocumentNotFoundError(StorageError, FileNotFoundError):
    """There is no document under this path."""


class InvalidPathError(StorageError, ValueError):
    """Not a relative POSIX path in NFC: absolute, empty, with `..`, a backslash or a control character."""


class DocumentVersionError(StorageError):
    """A stored document was written by a newer version of this library; upgrade the library."""


class RunInProgressError(ConfluenceSyncError):
    """Another run of the same connection holds the lease."""

    kind = ErrorKind.CONFIGURATION


class RunFailedError(ConfluenceSyncError):
    """
    Raised by `RunReport.raise_for_failures()`.

    Attributes:
        report: The `RunReport` of the run.
    """

    def __init__(self, message: str, *, report: object) -> None:
        super().__init__(message)
        self.report = report
