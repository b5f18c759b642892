"""The server shows this folder only, to this machine only, with the pages' policy as headers."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from archiver import serve
from archiver.errors import PublishError

Get = Callable[..., tuple[int, dict[str, str], bytes]]
Ask = Callable[[bytes], bytes]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    for name in (
        "index.html",
        "c/news.html",
        "c/news/x.html",
        "static/style.css",
        "manifest.tsv",
        "r/a~1.html",
        "static/mark.svg",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "secret.html").write_text("secret")
    (tmp_path / "site-2").mkdir()
    (tmp_path / "site-2" / "secret.html").write_text("secret")
    return folder


@pytest.fixture
def port(site: Path) -> Iterator[int]:
    """Where a running server shows the site."""
    with serve.server(site, 0) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running.server_address[1]
        running.shutdown()
        thread.join()


@pytest.fixture
def get(port: int) -> Get:
    def ask(path: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.putrequest(method, path, skip_accept_encoding=True)
        connection.endheaders()
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, dict(answer.getheaders()), body

    return ask


@pytest.fixture
def send(port: int) -> Ask:
    """``send(bytes)`` gives all that the server answers to exactly these bytes."""

    def ask(request: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            answer = b""
            with suppress(OSError):  # the server may have heard enough
                connection.sendall(request)
                connection.shutdown(socket.SHUT_WR)
            with suppress(ConnectionError):
                while part := connection.recv(65536):
                    answer += part
            return answer

    return ask


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/", "index.html"),
        ("/index.html", "index.html"),
        ("/index", "index.html"),
        ("/c/news", "c/news.html"),
        ("/c/news?sort=top", "c/news.html"),
        ("/c/news/x", "c/news/x.html"),
        ("/r/a~1", "r/a~1.html"),
        ("/r/a%7E1.html", "r/a~1.html"),
        ("/static/style.css", "static/style.css"),
    ],
)
def test_addresses_work_with_and_without_html(path: str, body: str, get: Get) -> None:
    status, _, found = get(path)
    assert (status, found.decode()) == (200, body)


@pytest.mark.parametrize(
    "path",
    [
        "/nothing", "/c/", "/c/news.html/", "/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt",
        "/c/../../secret.txt", "//../secret.txt", "/c/..%2f..%2fsecret", "/../site-2/secret", "/%00", "/index.html%00",
        "/%00/../secret.txt", "/..%5csecret.txt", "/" + "x" * 5_000, "/%ff", "/link.txt", "/link", "/folder/secret.txt",
        "/folder/secret", "/linked/", "/C:/secret.txt", "/file:///etc/passwd", "/~root", "/c/../index.html",
        "/c//news.html", "/./index.html", "/c/./news.html", "/%2e/index.html", "/c%2fnews.html", "/c%5cnews.html",
        "/c\\news.html", "/\\..\\secret.txt", "/%c0%ae%c0%ae/secret.txt", "/%252e%252e/secret.txt",
        "/..;/secret.txt", "/....//secret.txt", "/%zz", "/%", "/index.html::$DATA", "/index.html%0d%0aX:y",
        "/.hidden", "/.hidden.html", "/.site.building/x.html", "/c/.page.html.new", "/c/.page", "/%2ehidden",
        "/static", "/static/", "/c/news", "/pipe", "http://other.test/", "*", "index.html", "?/index.html", "#",
        "/loop", "/loop.html", "/none.html", "/%ed%a0%80",
    ],
)  # fmt: skip
def test_nothing_but_files_of_the_site_is_shown(path: str, send: Ask, site: Path) -> None:
    (site / "link.txt").symlink_to(site.parent / "secret.txt")
    (site / "link.html").symlink_to(site.parent / "secret.html")
    (site / "folder").symlink_to(site.parent)
    (site / "linked").mkdir()
    (site / "linked" / "index.html").symlink_to(site.parent / "secret.html")
    (site / "loop.html").symlink_to(site / "loop.html")
    (site / "none.html").symlink_to(site / "not there")
    for hidden in (".hidden", ".hidden.html", ".site.building/x.html", "c/.page.html.new", "c/.page.html"):
        (site / hidden).parent.mkdir(exist_ok=True)
        (site / hidden).write_text("secret")
    (site / "c" / "news.html").unlink()
    if hasattr(os, "mkfifo"):
        os.mkfifo(site / "pipe")  # opening one would wait for a writer
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode("latin-1")
    head, _, body = send(request).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.0 404 "), head
    assert b"Location" not in head
    assert b"secret" not in body
    assert b"index.html" not in body


@pytest.mark.parametrize("path", ["/", "/nothing", "/static/style.css"])
def test_every_answer_has_the_policy(path: str, get: Get) -> None:
    _, headers, _ = get(path)
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; ")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == ("nosniff", "no-referrer")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/static/style.css", "text/css; charset=utf-8"),
        ("/static/mark.svg", "image/svg+xml"),
        ("/manifest.tsv", "text/tab-separated-values; charset=utf-8"),
    ],
)
def test_files_have_their_type(path: str, kind: str, get: Get) -> None:
    assert get(path)[1]["Content-Type"] == kind


def test_a_page_may_be_asked_for_without_its_body_and_nothing_else_may_be_done(get: Get) -> None:
    assert get("/", "HEAD")[0::2] == (200, b"")
    assert get("/", "POST")[0] == 501
    assert get("/index.html", "DELETE")[0] == 501


@pytest.mark.parametrize(
    "method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH", "get", "do_GET", "\xff"]
)
def test_only_reading_is_possible(method: str, send: Ask, site: Path) -> None:
    before = sorted(path.name for path in site.rglob("*"))
    body = b"x" * 1000
    head = f"{method} /index.html HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n".encode("latin-1")
    answer = send(head + body)
    assert answer.startswith(b"HTTP/1.0 501 ") or not answer
    assert sorted(path.name for path in site.rglob("*")) == before


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"", b""),
        (b"\r\n", b""),
        (b"\0" * 100 + b"\r\n\r\n", b"400"),
        (b"GET\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1 x\r\n\r\n", b"400"),
        (b"GET / HTTP/9.9\r\n\r\n", b"505"),
        (b"GET / SSH/2\r\n\r\n", b"400"),
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"400"),  # TLS
        (b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n", b"414"),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 100_000 + b"\r\n\r\n", b"431"),
        (b"GET / HTTP/1.1\r\n" + b"X: x\r\n" * 1000 + b"\r\n", b"431"),
        (b"GET / HTTP/1.1\r\nno header\r\n\r\n", b"200"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-1\r\n\r\n", b"200"),
        (b"GET /\0 HTTP/1.1\r\n\r\n", b"404"),
    ],
)
def test_broken_requests_are_answered_and_the_next_one_too(request_: bytes, status: bytes, send: Ask, get: Get) -> None:
    answer = send(request_)
    assert answer.partition(b" ")[2][:3] == status or not answer  # where it closed before all was sent, all is lost
    assert b"Traceback" not in answer
    assert get("/")[0] == 200


def test_what_a_client_sent_is_not_shown_as_a_page(send: Ask) -> None:
    answer = send(b"GET /<script>alert(1)</script> HTTP/x<script>alert(1)</script>\r\n\r\n")
    assert b"\r\nContent-Type: text/plain; charset=utf-8\r\n" in answer
    assert b"\r\nX-Content-Type-Options: nosniff\r\n" in answer


def test_silent_clients_keep_nobody_waiting(port: int, get: Get) -> None:
    silent = [socket.create_connection(("127.0.0.1", port), timeout=60) for _ in range(50)]
    for at, connection in enumerate(silent):
        connection.sendall((b"", b"GET ", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: local")[at % 4])
    assert get("/") == get("/index.html")
    for connection in silent:
        connection.close()
    assert get("/")[0] == 200


def test_silent_clients_are_left_in_the_end(
    site: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(serve._Handler, "timeout", 0.1)
    with serve.server(site, 0) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        with socket.create_connection(running.server_address, timeout=60) as connection:
            connection.sendall(b"GET / HT")
            assert connection.recv(1) == b""  # closed by the server
        running.shutdown()
    assert capfd.readouterr() == ("", "")


def test_clients_that_go_away_are_no_news(port: int, get: Get, site: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (site / "large.html").write_bytes(b"x" * 20_000_000)
    for _ in range(5):
        connection = socket.create_connection(("127.0.0.1", port), timeout=60)
        connection.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        connection.recv(1000)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.close()
    assert len(get("/large")[2]) == 20_000_000
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "LOCALHOST", "127.0.0.1:1", "[::1]:8000", "127.1.2.3"])
def test_this_machine_is_known_by_its_names(host: str, send: Ask) -> None:
    assert send(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()).startswith(b"HTTP/1.0 200 ")


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example", ""]
)
def test_a_strangers_name_for_this_machine_opens_nothing(host: str, send: Ask) -> None:
    answer = send(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.0 421 ")
    assert b"index.html" not in answer


def test_the_server_is_for_this_machine_only_unless_told_otherwise(site: Path) -> None:
    with serve.server(site, 0) as server:
        assert server.server_address[0] == "127.0.0.1"
    with serve.server(site, 0, "0.0.0.0") as server:
        assert server.server_address[0] == "0.0.0.0"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with socket.create_connection(("127.0.0.1", server.server_address[1]), timeout=60) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: archive.example\r\n\r\n")
            assert connection.recv(12) == b"HTTP/1.0 200"
        server.shutdown()


def test_the_command_serves_until_it_is_stopped(site: Path) -> None:
    command = [sys.executable, "-m", "archiver", "serve", str(site), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        said = process.stdout.readline()
        found = re.search(r" at http://localhost:([0-9]+)/index\.html ", said)
        assert found, said
        with socket.create_connection(("127.0.0.1", int(found[1])), timeout=60) as connection:
            connection.sendall(b"GET /c/news HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.makefile("rb").read().endswith(b"\r\n\r\nc/news.html")
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60) == ("Stopped.\n", "")


def test_the_policy_is_the_one_of_the_pages() -> None:
    base = (Path(__file__).parent.parent / "templates" / "base.html").read_text(encoding="utf-8")
    found = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', base)
    assert found
    assert f"{found[1]}; frame-ancestors 'none'" == serve.POLICY


def test_a_folder_without_a_site_is_said(tmp_path: Path) -> None:
    with pytest.raises(PublishError, match=r"holds no site \(no index.html\)"):
        serve.server(tmp_path, 0)


def test_a_port_in_use_is_said(site: Path) -> None:
    with serve.server(site, 0) as running:
        port = running.server_address[1]
        with pytest.raises(PublishError, match=rf"port {port}: .*; choose another one with --port"):
            serve.server(site, port)
