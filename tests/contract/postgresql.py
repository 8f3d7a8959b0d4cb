"""A PostgreSQL server that the tests start themselves."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from servers import require

POSTGRESQL = sorted(
    Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4])
)  # Debian and its heirs keep the binaries out of PATH
OPTIONS = {
    "listen_addresses": "",  # the socket in the folder is the only way in
    "fsync": "off",  # the server may be killed, the machine will not be
    "deadlock_timeout": "50ms",
}


@contextmanager
def postgresql_server() -> Iterator[str]:
    """Run a PostgreSQL server of our own, as a user who is not root, and give the URL of its database."""
    binaries = _postgresql()
    account = _unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="confluence-sync-postgresql-"))  # short: the path of a socket is limited
    try:
        if account:
            shutil.chown(folder, account["user"])
        data = folder / "data"
        locale = ["--locale=C.UTF-8", "--encoding=UTF8", *_unlike_code_points(binaries)]
        command = [binaries / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--no-sync", *locale]
        subprocess.run(command, **account, cwd=folder, check=True, capture_output=True)
        options = [f"--{name}={value}" for name, value in {**OPTIONS, "unix_socket_directories": folder}.items()]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [binaries / "postgres", "-D", data, *options], **account, cwd=folder, stdout=log, stderr=log
            )
        try:
            _wait_until_ready(binaries, folder, server)
            yield f"postgresql://postgres@/postgres?host={folder}"
        finally:
            server.send_signal(signal.SIGINT)  # it waits for nobody then
            server.wait(60)
    finally:
        shutil.rmtree(folder)


def _postgresql() -> Path:
    """Return the folder of the binaries."""
    found = POSTGRESQL[-1] if POSTGRESQL else shutil.which("initdb")
    if not found:
        require("postgresql", "PostgreSQL is not installed (Debian: apt-get install postgresql)")
    return Path(found).resolve().parent


def _unprivileged() -> dict[str, Any]:
    """Return as whom to run the server, which refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    import pwd  # POSIX only, as is the question

    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _unlike_code_points(binaries: Path) -> list[str]:
    """Let the database sort as people do, where the server can, so that code-point order is no accident."""
    version = subprocess.run([binaries / "postgres", "--version"], check=True, capture_output=True, text=True).stdout
    found = re.search(r"\d+", version)
    return ["--locale-provider=icu", "--icu-locale=en-US"] if found and int(found[0]) >= 15 else []


def _wait_until_ready(binaries: Path, folder: Path, server: subprocess.Popen[bytes]) -> None:
    ready = [binaries / "pg_isready", "--quiet", "--host", folder, "--timeout=60"]
    while subprocess.run(ready, check=False).returncode:
        assert server.poll() is None, (folder / "log").read_text()
