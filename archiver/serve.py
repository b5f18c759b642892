"""A small web server for looking at a site: this machine only, this folder only, the pages' own policy as headers."""

from __future__ import annotations

import errno
import http.server
import os
import re
import shutil
import socket
import socketserver
import sys
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote

from archiver.errors import PublishError

LOOPBACK = "127.0.0.1"
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
)
POLICY += "frame-ancestors 'none'"
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-DNS-Prefetch-Control": "off",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".txt": "text/plain; charset=utf-8",
    ".xml": "application/xml",
    ".tsv": "text/tab-separated-values; charset=utf-8",
}
PATIENCE = 30
"""Seconds that a client may be silent."""

_OURS = re.compile(r"(?i:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]+)?")
# Nothing hidden, no way up, and nothing that some system reads as a drive, a stream or a folder.
_PART = re.compile(r"[^./\\:\x00-\x1f\x7f][^/\\:\x00-\x1f\x7f]*+")


def server(site: Path, port: int, host: str = LOOPBACK) -> http.server.ThreadingHTTPServer:
    """A server for the site folder, bound and not yet started; port 0: any free one. Raises PublishError."""
    if not (site / "index.html").is_file():
        raise PublishError(f"{site}: holds no site (no index.html); make one with: archiver build DUMP --output {site}")
    try:
        return _Server(site.resolve(), host, port)
    except OSError as error:
        option = "port" if error.errno in (errno.EADDRINUSE, errno.EACCES) else "host"
        raise PublishError(f"{host}, port {port}: {error.strerror}; choose another one with --{option}") from error


def file_for(root: Path, address: str) -> Path | None:
    """The file of the site that the path of a request names, with or without ``.html``; None where there is none.

    Only plain paths below ``root`` (resolved) name files: what a browser would have to normalise first names none.
    """
    first, *parts = (unquote(part) for part in re.split("[?#]", address, maxsplit=1)[0].split("/"))
    if parts and not parts[-1]:
        parts[-1] = "index.html"
    if first or not parts or not all(_PART.fullmatch(part) for part in parts):
        return None
    plain = root.joinpath(*parts)
    for path in (plain, plain.with_name(plain.name + ".html")):
        try:
            found = path.resolve()
            if found.is_file() and found.is_relative_to(root):
                return found
        except (OSError, ValueError, RuntimeError):  # names too long or not to be encoded, links that form a loop
            continue
    return None


class _Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128
    allow_reuse_address = os.name == "posix"  # elsewhere it lets two servers have one port

    def __init__(self, root: Path, host: str, port: int) -> None:
        self.root = root
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.for_this_machine = bool(_OURS.fullmatch(f"[{host}]" if ":" in host else host))
        super().__init__((host, port), _Handler)

    def server_bind(self) -> None:
        """Bind without asking the network for this machine's name, as the class this extends does."""
        socketserver.TCPServer.server_bind(self)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are no error of ours."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(http.server.BaseHTTPRequestHandler):
    """Answers GET and HEAD with files of the site; never with a listing or a redirection."""

    server: _Server
    timeout = PATIENCE
    server_version = "archiver"
    sys_version = ""
    default_request_version = "HTTP/1.0"  # so that answers to broken requests have a head, with the policy
    error_content_type = "text/plain; charset=utf-8"
    error_message_format = "%(code)d %(message)s\n"

    def do_GET(self) -> None:
        """Send a file."""
        if opened := self._begin():
            with opened:
                shutil.copyfileobj(opened, self.wfile)

    def do_HEAD(self) -> None:
        """Say what would be sent."""
        if opened := self._begin():
            opened.close()

    def _begin(self) -> BinaryIO | None:
        """Send the head of the answer; the file that follows, if there is one."""
        # A page of a stranger's host that names this machine could read the site through its readers' browsers.
        if self.server.for_this_machine and not _OURS.fullmatch(self.headers.get("Host", "localhost")):
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
            return None
        path = file_for(self.server.root, self.path)
        try:
            # A file once opened stays whole, also when a build puts another one in its place.
            opened = path.open("rb") if path else None
        except OSError:
            opened = None
        if path is None or opened is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", TYPES.get(path.suffix.lower(), "application/octet-stream"))
        self.send_header("Content-Length", str(os.fstat(opened.fileno()).st_size))
        self.end_headers()
        return opened

    def end_headers(self) -> None:
        """Add the policy to every answer."""
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the command line speaks for the program."""
