"""Sync into S3: the demo site becomes objects under a prefix of a bucket.

    pip install 'confluence-sync-engine[s3]'
    python examples/12_s3.py s3://your-bucket/confluence

Credentials are found as every AWS tool finds them: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, a role.
AWS_ENDPOINT_URL leads to another server that speaks S3 (MinIO, Ceph, R2). The bucket has to be there.
"""

import asyncio
import sys

from confluence_sync import ConfluenceClient, SiteApiToken, SpaceMapping, SyncEngine
from confluence_sync.adapters import FsspecVFS, SQLiteDatabase
from confluence_sync.testing import demo_site


async def main(url: str) -> None:
    """Sync every space, and tell what is in the bucket then."""
    vfs = FsspecVFS.from_url(url)  # key=..., secret=..., endpoint_url=... may be given, too
    async with (
        demo_site().serve() as site,  # stands for https://your-site.atlassian.net/wiki
        ConfluenceClient(SiteApiToken(site, "you@example.com", "your-api-token")) as client,
        SQLiteDatabase("confluence-s3.db") as database,  # what the library remembers stays on this machine
    ):
        engine = SyncEngine(client, vfs, database.state, sink=database.log)
        spaces = [space async for batch in client.space_batches() for space in batch.items]
        report = await engine.sync([SpaceMapping(space_id=space.id) for space in spaces])
    sizes = [entry.size async for entry in vfs.scan()]
    print(f"{report.summary()}\n{len(sizes)} objects, {sum(sizes):,} bytes under {url}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    asyncio.run(main(sys.argv[1]))
