"""Query parameters of the v2 API: their types, bounds and defaults, and the errors they lead to."""

from __future__ import annotations

from collections.abc import Collection

import attrs

from ._http import ApiError, v2_error

__all__ = ["Query", "integer"]


def integer(name: str, value: str) -> int:
    """
    Read an id or number.

    Raises:
        ApiError: 400, not decimal digits.
    """
    if not (value.isascii() and value.isdigit()):
        raise _wrong_type(name, "long")
    return int(value)


@attrs.frozen
class Query:
    """The decoded pairs of a query string, read by name."""

    pairs: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str | None:
        """Return the first value of a parameter."""
        return next((value for key, value in self.pairs if key == name), None)

    def values(self, name: str, *, most: int = 250) -> list[str] | None:
        """
        Return an array parameter, written with commas or by repetition; None if it is absent.

        Raises:
            ApiError: 400, more values than the API takes.
        """
        given = [value for key, value in self.pairs if key == name]
        if not given:
            return None
        found = [part.strip() for value in given for part in value.split(",") if part.strip()]
        if len(found) > most:
            raise _invalid(f"Provided value for '{name}' has more than {most} items.")
        return found

    def ids(self, name: str, *, most: int = 250) -> frozenset[int] | None:
        """Return an array parameter of ids; None if it is absent."""
        values = self.values(name, most=most)
        return None if values is None else frozenset(integer(name, value) for value in values)

    def choice(self, name: str, choices: Collection[str]) -> str | None:
        """Return an enumerated parameter; None if it is absent."""
        value = self.get(name)
        if value is not None and value not in choices:
            raise _wrong_type(name, "one of " + ", ".join(sorted(choices)))
        return value

    def choices(self, name: str, choices: Collection[str], *, default: Collection[str]) -> frozenset[str]:
        """Return an enumerated array parameter."""
        values = self.values(name)
        if values is None:
            return frozenset(default)
        if not set(values) <= set(choices):
            raise _wrong_type(name, "a list of " + ", ".join(sorted(choices)))
        return frozenset(values)

    def limit(self, *, default: int = 25, most: int = 250) -> int:
        """Return `limit`, between 1 and its maximum."""
        return self.number("limit", default=default, most=most)

    def number(self, name: str, *, default: int, most: int) -> int:
        """Return a number between 1 and a maximum."""
        value = self.get(name)
        number = default if value is None else integer(name, value)
        if not 1 <= number <= most:
            raise _invalid(f"Provided value for '{name}' must be between 1 and {most}.")
        return number

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return a Boolean parameter."""
        value = self.choice(name, ("true", "false"))
        return default if value is None else value == "true"


def _wrong_type(name: str, expected: str) -> ApiError:
    return _invalid(f"Provided value for '{name}' is not the correct type. Expected type is {expected}.")


def _invalid(title: str) -> ApiError:
    return v2_error(400, "INVALID_REQUEST_PARAMETER", title)
