"""Serve a site until interrupted; `python -m confluence_sync.testing.fake_site --help`."""

from __future__ import annotations

import argparse
import asyncio
import sys

from ..demo import demo_site
from ._generated import generated_site
from ._site import FakeSite


def main() -> None:
    """Print the URL on the first line, then answer."""
    parser = argparse.ArgumentParser(prog="python -m confluence_sync.testing.fake_site", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 for any that is free")
    parser.add_argument("--pages", type=int, help="serve so many generated pages instead of the demo site")
    parser.add_argument("--body-kb", type=float, default=2.0, help="size of a generated body in kilobytes")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    arguments = parser.parse_args()
    site = demo_site() if arguments.pages is None else generated_site(arguments.pages, body_kb=arguments.body_kb)
    try:
        asyncio.run(_serve(site, arguments.port, arguments.latency))
    except KeyboardInterrupt:
        sys.exit(130)


async def _serve(site: FakeSite, port: int, latency: float) -> None:
    async with site.serve(port=port, latency=latency) as url:
        sys.stdout.write(f"{url}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    main()
