"""The server shows this folder only, to this machine only, with the pages' policy as headers."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from archiver import serve
from archiver.errors import PublishError

Get = Callable[..., tuple[int, dict[str, str], bytes]]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    for name in ("index.html", "c/news.html", "c/news/x.html", "static/style.css", "manifest.tsv", "r/a~1.html"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "secret.html").write_text("secret")
    (tmp_path / "site-2").mkdir()
    (tmp_path / "site-2" / "secret.html").write_text("secret")
    return folder


@pytest.fixture
def get(site: Path) -> Iterator[Get]:
    with serve.server(site, 0) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()

        def ask(path: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
            connection = http.client.HTTPConnection("127.0.0.1", running.server_address[1], timeout=5)
            connection.putrequest(method, path, skip_accept_encoding=True)
            connection.endheaders()
            answer = connection.getresponse()
            body = answer.read()
            connection.close()
            return answer.status, dict(answer.getheaders()), body

        yield ask
        running.shutdown()
        thread.join()


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
        "/folder/secret", "/linked/", "/C:/secret.txt", "/file:///etc/passwd", "/~root",
    ],
)  # fmt: skip
def test_nothing_outside_the_site_is_shown(path: str, get: Get, site: Path) -> None:
    (site / "link.txt").symlink_to(site.parent / "secret.txt")
    (site / "link.html").symlink_to(site.parent / "secret.html")
    (site / "folder").symlink_to(site.parent)
    (site / "linked").mkdir()
    (site / "linked" / "index.html").symlink_to(site.parent / "secret.html")
    status, _, body = get(path)
    assert status == 404
    assert b"secret</" not in body
    assert body != b"secret"


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
        ("/manifest.tsv", "text/tab-separated-values; charset=utf-8"),
    ],
)
def test_files_have_their_type(path: str, kind: str, get: Get) -> None:
    assert get(path)[1]["Content-type"] == kind


def test_a_page_may_be_asked_for_without_its_body_and_nothing_else_may_be_done(get: Get) -> None:
    assert get("/", "HEAD")[0::2] == (200, b"")
    assert get("/", "POST")[0] == 501
    assert get("/index.html", "DELETE")[0] == 501


def test_the_server_is_for_this_machine_only(site: Path) -> None:
    with serve.server(site, 0) as server:
        assert server.server_address[0] == "127.0.0.1"


def test_a_folder_without_a_site_is_said(tmp_path: Path) -> None:
    with pytest.raises(PublishError, match=r"holds no site \(no index.html\)"):
        serve.server(tmp_path, 0)


def test_a_port_in_use_is_said(site: Path) -> None:
    with serve.server(site, 0) as running:
        port = running.server_address[1]
        with pytest.raises(PublishError, match=rf"port {port}: .*; choose another one with --port"):
            serve.server(site, port)
