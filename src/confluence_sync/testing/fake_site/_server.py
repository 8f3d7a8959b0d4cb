"""The way to a site over HTTP/1.1 on the loopback interface, with the standard library alone."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable
from concurrent.futures import Future
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote

from ._http import Failure, Request, Response

__all__ = ["Server"]

HOST = "127.0.0.1"
Handle = Callable[[Request], Response]


class Server:
    """
    A server that answers with a function; enter it for its URL, `http://127.0.0.1:port`.

    Connections are kept alive and answered side by side. `async with` serves on the running event loop; `with` starts
    a thread with a loop of its own, in which the function is then called.
    """

    def __init__(self, handle: Handle, *, port: int = 0, latency: float = 0.0) -> None:
        self._handle = handle
        self._port = port
        self._latency = latency
        self._server: asyncio.Server | None = None
        self._closing = False
        self._connections: set[asyncio.Task[None]] = set()
        self._thread: threading.Thread | None = None
        self._stop: Callable[[], object] | None = None

    async def __aenter__(self) -> str:
        self._closing = False
        self._server = await asyncio.start_server(self._connected, HOST, self._port)
        return f"http://{HOST}:{self._server.sockets[0].getsockname()[1]}"

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._closing = True
        self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()

    def __enter__(self) -> str:
        started = Future[str]()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(started)), daemon=True)
        self._thread.start()
        return started.result()

    def __exit__(self, *_: object) -> None:
        assert self._thread is not None
        assert self._stop is not None
        self._stop()
        self._thread.join()

    async def _serve(self, started: Future[str]) -> None:
        stopped, loop = asyncio.Event(), asyncio.get_running_loop()
        self._stop = lambda: loop.call_soon_threadsafe(stopped.set)
        try:
            url = await self.__aenter__()
        except OSError as error:
            started.set_exception(error)
            return
        started.set_result(url)
        await stopped.wait()
        await self.__aexit__()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            if self._closing:  # it was accepted, and had no turn before the others were told to end
                raise ConnectionAbortedError
            while (request := await _read(reader)) is not None:
                if not await self._answer(request, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()  # the client or the server went away: what is not sent yet nobody waits for
        finally:
            self._connections.discard(task)
            writer.close()

    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> bool:
        """Send one response; False if the connection is done with."""
        response = self._handle(request)
        await asyncio.sleep(response.delay + self._latency)
        match response.failure:
            case Failure.TIMEOUT:
                await asyncio.Event().wait()
            case Failure.RESET:
                _reset(writer)
                return False
            case Failure.TRUNCATED:
                writer.write(_head(response) + response.body[: len(response.body) // 2])
                await writer.drain()
                return False
            case None:
                writer.write(_head(response) + response.body)
                await writer.drain()
        return request.headers.get("connection", "").lower() != "close"


async def _read(reader: asyncio.StreamReader) -> Request | None:
    """Read one request; None when the client has closed the connection."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    request_line, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, target, _ = request_line.split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    path, _, query = target.partition("?")
    return Request(
        method=method,
        path=unquote(path),
        query=tuple(parse_qsl(query, keep_blank_values=True)),
        headers=headers,
        body=await reader.readexactly(int(headers.get("content-length", "0"))),
        origin=f"http://{headers.get('host', HOST)}",
    )


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close so that the client gets a reset instead of an orderly end: there is no time to linger."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _head(response: Response) -> bytes:
    status = HTTPStatus(response.status)
    headers = {**response.headers, "Content-Length": str(len(response.body))}
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
