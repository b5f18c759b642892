"""A small web server for looking at a site: this machine only, this folder only, the pages' own policy as headers."""

from __future__ import annotations

import http.server
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

from archiver.errors import PublishError

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
)
POLICY += "frame-ancestors 'none'"
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def server(site: Path, port: int, host: str = "127.0.0.1") -> http.server.ThreadingHTTPServer:
    """A server for the site folder, bound and not yet started; port 0: any free one. Raises PublishError."""
    if not (site / "index.html").is_file():
        raise PublishError(f"{site}: holds no site (no index.html); make one with: archiver build DUMP --output {site}")
    try:
        return http.server.ThreadingHTTPServer((host, port), partial(_Handler, directory=str(site.resolve())))
    except OSError as error:
        raise PublishError(f"port {port}: {error.strerror}; choose another one with --port") from error


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Files of one folder; addresses work with and without ``.html``, as web servers are usually set up."""

    extensions_map = {  # noqa: RUF012  as the class it extends has it
        ".html": "text/html; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".xml": "application/xml",
        ".tsv": "text/tab-separated-values; charset=utf-8",
        "": "application/octet-stream",
    }

    def translate_path(self, path: str) -> str:
        """The file for an address; one that leads out of the folder, also by a symbolic link, becomes no file."""
        root = Path(self.directory)
        try:
            found = Path(super().translate_path(path))
            if path.partition("?")[0].partition("#")[0].endswith("/"):
                found /= "index.html"
            if not found.is_file() and found.with_name(found.name + ".html").is_file():
                found = found.with_name(found.name + ".html")
            inside = found.resolve().is_relative_to(root)
        except (OSError, ValueError):
            inside = False
        return str(found if inside else root / "no such file")

    def list_directory(self, path: Any) -> None:
        """No listings: only pages of the site are shown."""
        del path
        self.send_error(HTTPStatus.NOT_FOUND)

    def end_headers(self) -> None:
        """Add the policy to every answer."""
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the command line speaks for the program."""
