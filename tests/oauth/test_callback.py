"""What a browser may come back with."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confluence_sync.errors import AuthorizationDeclinedError, AuthorizationError, InvalidCallbackError
from confluence_sync.oauth import Callback


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8000/callback?code=the+code&state=the%2Bstate",
        "/callback?state=the%2Bstate&code=the+code&extra=1",
        "?code=the%20code&state=the%2Bstate#_=_",
    ],
)
def test_consent(address):
    """Code and state are read from an address, absolute or not."""
    callback = Callback.from_url(address)
    assert (callback.consented_code(), callback.state) == ("the code", "the+state")


def test_query_of_a_framework():
    """Web frameworks give the query as a mapping."""
    assert Callback.from_query({"code": "c", "state": "s", "other": "x"}) == Callback(code="c", state="s")


def test_declined():
    """Cancel is not an error of anybody."""
    callback = Callback.from_url("/callback?error=access_denied&error_description=User+did+not+authorize&state=s")
    assert callback.state == "s"
    with pytest.raises(AuthorizationDeclinedError, match="the user declined at Atlassian; nothing was changed"):
        callback.consented_code()


def test_other_errors_say_what_atlassian_said():
    """What else goes wrong on the consent screen is told in its own words."""
    callback = Callback.from_url("/callback?error=server_error&error_description=Try%20later&state=s")
    with pytest.raises(AuthorizationError, match=r"did not let the user consent \(server_error: Try later\)"):
        callback.consented_code()


def test_error_and_code():
    """A callback that claims both gives no code."""
    with pytest.raises(AuthorizationDeclinedError):
        Callback(code="c", error="access_denied").consented_code()


@pytest.mark.parametrize("name", ["state", "code", "error", "error_description"])
def test_said_twice(name):
    """Of an address that says something twice, nothing is believed; what is none of OAuth does not matter."""
    assert Callback.from_url(f"/callback?state=s&code=c&{name}=1&{name}=2") == Callback()
    assert Callback.from_url("/callback?a=1&state=s&code=c&a=2") == Callback(state="s", code="c")


def test_neither_code_nor_error():
    """An address that was cut off is no consent."""
    with pytest.raises(InvalidCallbackError, match="no code"):
        Callback.from_url("/callback?state=s").consented_code()


def test_description_is_a_short_line():
    """Anybody can write a description: it is one line and not long."""
    callback = Callback(error="x\r\nSet-Cookie: a", error_description="y" * 10_000)
    with pytest.raises(AuthorizationError) as error:
        callback.consented_code()
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 600


def test_code_and_state_have_no_repr():
    """A callback can be logged."""
    assert "secret" not in repr(Callback(code="secret code", state="secret state"))


@given(st.text())
def test_any_address_is_read(address):
    """No address makes the reader fail."""
    Callback.from_url(address)


@pytest.mark.parametrize("address", ["", "http://[", "//[::1?code=c", "?" + "&" * 100_000])
def test_odd_addresses(address):
    """What is no address has no code."""
    with pytest.raises(InvalidCallbackError):
        Callback.from_url(address).consented_code()
