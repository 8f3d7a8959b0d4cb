"""Sites of any size, for benchmarks."""

from __future__ import annotations

import random
from datetime import timedelta

from ...protocols import Clock
from ._site import FakeSite

__all__ = ["generated_site"]

VOCABULARY = (
    "cache cluster customer deploy document error event export index latency lease list page path plan queue region "
    "release report request retry review rollback route schema search server service space store sync table task team"
)
WORDS = VOCABULARY.split()
AGE = timedelta(weeks=4)


def generated_site(
    pages: int, *, body_kb: float = 2.0, fan_out: int = 20, seed: int = 0, key: str = "GEN", clock: Clock | None = None
) -> FakeSite:
    """
    Return a site with one space of so many pages, homepage included.

    They were made one a minute, the last of them four weeks ago, so that nothing of it is a recent change.

    Args:
        pages: At least 1.
        body_kb: Size of each body in units of 1,000 bytes, about.
        fan_out: Children of a page, at most; 1 gives a single chain.
        seed: The same seed gives the same site.
        key: Key of the space.
        clock: Time of the site; by default the machine's.
    """
    site, random_ = FakeSite(clock=clock), random.Random(seed)  # noqa: S311 - filler text, not secrets
    last = site.clock.now().replace(microsecond=0) - AGE
    first = last - timedelta(minutes=pages - 1)
    space = site.space(key, name="Generated", at=first)
    nodes = [space.homepage]
    for number in range(1, pages):
        title = f"{random_.choice(WORDS).title()} {random_.choice(WORDS)} {number}"
        body = _body(random_, int(body_kb * 1000))
        parent, at = nodes[(number - 1) // fan_out], first + timedelta(minutes=number)
        nodes.append(space.page(title, parent=parent, storage=body, at=at))
    return site


def _body(random_: random.Random, size: int) -> str:
    parts, length = list[str](), 0
    while length < size:
        parts.append(_section(random_))
        length += len(parts[-1])
    return "".join(parts)


def _section(random_: random.Random) -> str:
    text = " ".join(random_.choices(WORDS, k=60))
    items = "".join(f"<li><p>{' '.join(random_.choices(WORDS, k=8))}</p></li>" for _ in range(3))
    cells = "".join(f"<td><p>{word}</p></td>" for word in random_.choices(WORDS, k=3))
    table = f"<table><tbody><tr>{cells}</tr></tbody></table>"
    return f"<h2>{random_.choice(WORDS).title()}</h2><p>{text}</p><ul>{items}</ul>{table}"
