"""
OAuth 2.0 of Atlassian Cloud (3LO): send the user to the consent screen, exchange the code, keep the tokens fresh.

Refresh tokens rotate: each use replaces the one before, and one that was lost is a user who has to consent again. So
`OAuthTokenSource` refreshes alone among all tasks and processes, and saves before it uses.

`ConfluenceSync` does all of this for a workspace. By hand:

```python
async with TokenEndpoint(OAuthApp(client_id, client_secret, callback_url)) as endpoint:
    source = OAuthTokenSource(connection_id, endpoint, database.tokens)
    await source.adopt(await endpoint.exchange(Callback.from_url(url).consented_code()))
    auth = GatewayBearer(cloud_id, source.access_token, refused=source.refused)
```
"""

from __future__ import annotations

from ._app import OAuthApp
from ._callback import Callback
from ._endpoint import TokenEndpoint
from ._pending import PendingAuthorization, PendingAuthorizations
from ._scopes import SCOPE_NEEDS, SYNC_SCOPES, ScopeNeed, missing_scopes
from ._source import OAuthTokenSource, UnsavedTokens
from ._tokens import OAuthTokens

__all__ = [
    "SCOPE_NEEDS",
    "SYNC_SCOPES",
    "Callback",
    "OAuthApp",
    "OAuthTokenSource",
    "OAuthTokens",
    "PendingAuthorization",
    "PendingAuthorizations",
    "ScopeNeed",
    "TokenEndpoint",
    "UnsavedTokens",
    "missing_scopes",
]
