"""The databases that the tests of the SQL adapter run on, here and in other processes."""

from itertools import count

import attrs

from confluence_sync.adapters.sql import SQLDatabase

_schemas = count()


@attrs.frozen
class Place:
    """Where a database is; picklable, for other processes."""

    url: str
    schema: str | None = None

    def open(self, **options):
        return SQLDatabase(self.url, schema=self.schema, **options)


def sqlite_place(folder):
    return Place(f"sqlite:///{folder / 'state.db'}")


def postgresql_place(url):
    """Return a schema of its own in the server of the tests."""
    return Place(url, f"test {next(_schemas)}")


def open_state(place):
    return place.open().state


def open_tokens(place):
    return place.open().tokens


def open_points(place):
    return place.open().points


def open_log(place):
    return place.open().log
