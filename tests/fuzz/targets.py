"""What is fuzzed: how each target's bytes are made, and what must hold whatever they are.

The rule: any bytes give records, counted skips or one DumpError; never another error, a hang, or a good record lost
beside a bad one. A check raises where the rule is broken. Every input is bytes, so that a finding is a file.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple, get_args

import msgspec
import zstandard
from mutation import mutated_bytes, mutated_json, mutated_text
from selectolax.lexbor import LexborHTMLParser

from archiver import config, dumps, importers, intake, paging, publish, sorts, urls
from archiver.errors import ArchiverError, ConfigError, DumpError
from archiver.markup import Context, excerpt, render, title
from archiver.markup.links import resolve
from archiver.model import BodyFormat, Comment, Gap, Moment, Post, Record, Seen, Skip
from archiver.platforms import PLATFORMS
from archiver.ranking import Ranking
from archiver.tree import build, walk

TESTS = Path(__file__).parent.parent
EXAMPLES = TESTS.parent / "examples"
FORMATS = get_args(BodyFormat)
CONTEXT = Context("home.example", lambda kind, name: f"../{kind}.html" if name == "here" else None, "c1-")
ALLOWED = b"abcdefghijklmnopqrstuvwxyz0123456789@_+-~."


class Target(NamedTuple):
    """One thing to be fuzzed."""

    make: Callable[[Random], bytes]
    check: Callable[[bytes], None]


# -- importers ---------------------------------------------------------------------------------------------------------


@cache
def seeds(importer: str) -> list[bytes]:
    """The dumps of the tests and examples that an importer recognises."""
    known = importers.named(importer)
    files = [*TESTS.glob("importers/**/*"), *EXAMPLES.glob("dumps/**/*")]
    files = [path for path in files if path.suffix in (".json", ".ndjson", ".txt", ".html")]
    found = [path.read_bytes() for path in sorted(files)]
    return [data for data in found if known.recognise(data[: 1 << 16])]


@cache
def lines(importer: str) -> list[bytes]:
    """Documents of one line each, out of the seeds."""
    made = []
    for data in seeds(importer):
        for piece in data.splitlines() if importer == "pushshift" else [data]:
            try:
                made.append(json.dumps(json.loads(piece)).encode())
            except ValueError:  # a seed that is damaged on purpose
                continue
    return made


def make_dump(importer: str) -> Callable[[Random], bytes]:
    def make(random: Random) -> bytes:
        if importer.startswith("mlmym") or random.random() < 0.4:
            return mutated_bytes(random, random.choice(seeds(importer)))
        found = [
            mutated_json(random, json.loads(random.choice(lines(importer)))) for _ in range(random.choice((1, 1, 4)))
        ]
        return random.choice((b"\n", b"", b" ", b"\n\n")).join(found)

    return make


def check_dump(importer: str) -> Callable[[bytes], None]:
    def check(data: bytes) -> None:
        with ExitStack() as workplace:
            for dump in found_in(data, workplace):
                with suppress(DumpError):
                    read(dump, importers.recognise(dump))
                # As with --format.
                assert read(dump, importers.named(importer)) is not None

    return check


def found_in(data: bytes, workplace: ExitStack, name: str = "dump") -> Iterator[dumps.Dump]:
    """The dumps in a file that holds ``data``, as the command line finds them."""
    path = Path(workplace.enter_context(tempfile.TemporaryDirectory())) / name
    path.write_bytes(data)
    for dump in dumps.find([str(path)], workplace):
        if isinstance(dump, DumpError):
            assert str(dump)
        else:
            yield dump


def read(dump: dumps.Dump, importer: dumps.Importer) -> list[Record | Skip | Seen]:
    """What the importer makes of the dump; each record has the shape that model.py says."""
    found: list[Record | Skip | Seen] = []
    try:
        if importer.origin:
            dump.origin = importer.origin(dump)
        for record in importer.read(dump):
            found.append(record)
            msgspec.convert(msgspec.to_builtins(record), type(record))
    except DumpError as error:
        assert str(error).startswith(dump.name), f"an error names its file: {error}"
    assert sum(isinstance(record, Seen) for record in found) <= 1
    return found


GOOD = {
    "pushshift": b'{"id":"zzgood","link_id":"t3_zzpost","parent_id":"t3_zzpost","body":"kept","author":"ann",'
    b'"created_utc":1500000000,"subreddit":"tea","score":1,"subreddit_id":"t5_x","stickied":false}',
    "reddit-api": b'{"kind":"t1","data":{"id":"zzgood","link_id":"t3_zzpost","parent_id":"t3_zzpost","body":"kept",'
    b'"author":"ann","created_utc":1500000000,"subreddit":"tea","score":1,"replies":""}}',
    "lemmy-api": b'{"comment":{"id":99887766,"creator_id":99,"post_id":9988776,"content":"kept","removed":false,'
    b'"published":"2023-11-28T21:01:00.123Z","deleted":false,"ap_id":"https://good.example/comment/99887766",'
    b'"local":true,"path":"0.99887766","language_id":0},"creator":{"id":99,"name":"ann",'
    b'"actor_id":"https://good.example/u/ann","local":true,"bot_account":false}}',
    "piefed-api": b'{"comment":{"id":99887766,"user_id":99,"post_id":9988776,"body":"kept","removed":false,'
    b'"published":"2023-11-28T21:01:00.123Z","deleted":false,"ap_id":"https://good.example/comment/99887766",'
    b'"local":true,"path":"0.99887766","repliesEnabled":true},"creator":{"id":99,"user_name":"ann",'
    b'"actor_id":"https://good.example/u/ann","local":true,"bot":false}}',
}
"""A good line of each format of lines, with ids that no seed has."""


def make_lines(random: Random) -> bytes:
    """The name of a format, then lines of which one is good and those around it are not."""
    importer = random.choice(list(GOOD))
    bad = []
    for _ in range(random.choice((1, 1, 2, 4))):
        line = random.choice(lines(importer))
        spoilt = mutated_bytes(random, line) if random.random() < 0.6 else mutated_json(random, json.loads(line))
        bad.append(spoilt)
    bad.insert(random.randrange(len(bad) + 1), GOOD[importer])
    return importer.encode() + b"\n" + b"\n".join(bad) + b"\n"


def check_lines(data: bytes) -> None:
    name, _, rest = data.partition(b"\n")
    importer = name.decode("ascii", "replace")
    if importer not in GOOD or GOOD[importer] not in rest.splitlines() or b"\0" * 9 in rest:
        return
    with ExitStack() as workplace:
        for dump in found_in(b"\n" + rest, workplace):  # the empty line keeps it from being taken for a packed file
            found = read(dump, importers.named(importer))
            ids = {record.id for record in found if isinstance(record, Comment)}
            assert ids & {"zzgood", "99887766"}, "the good line is lost"


# -- packed files ------------------------------------------------------------------------------------------------------


@cache
def packed_seeds() -> list[bytes]:
    """A small dump packed in every way, and packed twice."""
    plain = GOOD["pushshift"] + b"\n" + GOOD["pushshift"].replace(b"zzgood", b"zznext") + b"\n"
    files = {"a.ndjson": plain, "b/c.ndjson": plain * 20, "d.txt": b"nothing known"}
    one_zip, stored, one_tar = io.BytesIO(), io.BytesIO(), io.BytesIO()
    for target, method in ((one_zip, zipfile.ZIP_DEFLATED), (stored, zipfile.ZIP_STORED)):
        with zipfile.ZipFile(target, "w", method) as archive:
            for name, data in files.items():
                archive.writestr(zipfile.ZipInfo(name), data, method)
            archive.writestr(zipfile.ZipInfo("inner.gz"), gzip.compress(plain, mtime=0), method)
    with tarfile.open(fileobj=one_tar, mode="w") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    inner = [one_zip.getvalue(), stored.getvalue(), one_tar.getvalue(), plain]
    pack = (lambda data: gzip.compress(data, mtime=0), bz2.compress, lzma.compress, zstandard.compress)
    return [*inner, *(how(data) for how in pack for data in inner)]


def make_packed(random: Random) -> bytes:
    return mutated_bytes(random, random.choice(packed_seeds()))


def check_packed(data: bytes) -> None:
    with ExitStack() as workplace:
        for dump in found_in(data, workplace):
            with suppress(DumpError):
                read(dump, importers.recognise(dump))


# -- trees -------------------------------------------------------------------------------------------------------------


def make_tree(random: Random) -> bytes:
    """Rows of [id, parent, replies declared, score, up, down, time, position], and gaps."""
    ids = [*map(str, range(random.choice((2, 5, 40)))), "", "\u202e", "0"]
    odd = (None, 0, -1, 3, 10**9, 2**53, -(2**53))

    def row() -> list[Any]:
        return [random.choice(ids), random.choice([*ids, None, "gone"]), *(random.choice(odd) for _ in range(6))]

    rows = [row() for _ in range(random.choice((0, 1, 5, 60)))]
    if random.random() < 0.02:
        rows = [[str(n), str(n - 1 if n else 20_000), *row()[2:]] for n in range(20_000)]
    gaps = [
        [random.choice([*ids, None]), random.sample(ids, 2), random.choice(odd)] for _ in range(random.randrange(4))
    ]
    return json.dumps(
        [rows, gaps, random.choice(list(PLATFORMS)), random.choice(("0.18", "0.19.5", "1.0", None))]
    ).encode()


def check_tree(data: bytes) -> None:
    try:
        rows, gaps, platform, version = json.loads(data)
        comments, holes = [_comment(*row) for row in rows], [_gap(*gap) for gap in gaps]
        ranking = Ranking(PLATFORMS[platform], msgspec.convert(version, str | None), 1_700_000_000_000_000)
    except (ValueError, TypeError, LookupError):
        return  # damaged while a case was made smaller
    different = {comment.id for comment in comments}
    thread = build(Post(host="h.test", id="p"), comments, holes)
    assert thread.count == len(different)
    for order in sorts.COMMENT_ORDERS:
        nodes = sorts.arrange(thread, order, ranking)
        assert sorted(node.id for node in nodes if node.comment) == sorted(different), "in = out"
        assert len(nodes) == len(list(walk(thread.roots)))
        assert [node for page in paging.cut(nodes, 7) for node in page] == nodes
    sorts.offered(comments)


def _comment(id: str, parent: str | None, declared: int | None, *numbers: int | None) -> Comment:
    score, up, down, time, position = numbers
    made = Comment(
        host="h.test", post="p", id=id, parent=parent, declared_descendants=declared, score=score, upvotes=up,
        downvotes=down, created=None if time is None else Moment(time, time), position=position,
    )  # fmt: skip
    return msgspec.convert(msgspec.to_builtins(made), Comment)


def _gap(parent: str | None, ids: list[str], count: int | None) -> Gap:
    made = Gap(host="h.test", post="p", parent=parent, ids=tuple(ids), count=count)
    return msgspec.convert(msgspec.to_builtins(made), Gap)


# -- texts -------------------------------------------------------------------------------------------------------------

TEXTS = [
    "Plain words.\n\nA second paragraph with a https://link.example/path?x=1 and **bold** *words* `code`.",
    "> quote\n> > deeper\n\n1. one\n2. two\n   - inner\n\n```\ncode\n```\n\n|a|b|\n|-|:-:|\n|c|d|\n",
    "[link](https://a.example 'title') ![image](https://b.example/c.png) [ref]\n\n[ref]: https://d.example\n",
    "::: spoiler title\nhidden\n:::\n\nH~2~O x^2^ {text|reading} note[^1] @ann@home.example !tea@h.example\n\n[^1]: n",
    ">!hidden!< ^(small) /r/tea u/ann ~~gone~~ https://www.reddit.com/r/tea/comments/abc/\n\n    code\n\n&gt; not",
    "<p>Some <a href='https://a.example' title=x>link</a><blockquote><ul><li>a<li>b</ul></blockquote><pre>x\n y</pre>",
    "<table><tr><th align=left>a<td>b</table><details><summary>s</summary>t</details><img src=/a.png alt=b><h1>h</h1>",
]


def make_text(random: Random) -> bytes:
    return mutated_text(random, random.choice(TEXTS)).encode("utf-8", "surrogatepass")


def check_markup(body_format: BodyFormat) -> Callable[[bytes], None]:
    def check(data: bytes) -> None:
        text = data.decode("utf-8", "surrogatepass") if _decodes(data) else data.decode("latin-1")
        html = str(render(text, body_format, CONTEXT))
        html.encode()  # no lone surrogates come out
        assert len(html) <= 1_000_000 + 60 * len(text), "grows out of bounds"
        page = LexborHTMLParser(f"<body><div id=outside>{html}</div><p id=after></p>").body
        assert page is not None
        inside = [child.attributes.get("id") for child in page.iter(include_text=True)]
        assert inside == ["outside", "after"], "breaks out of its element"
        title(text, body_format).encode()
        assert len(excerpt(text, body_format, 50)) <= 50

    return check


def _decodes(data: bytes) -> bool:
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def check_urls(data: bytes) -> None:
    text = data.decode("utf-8", "surrogatepass") if _decodes(data) else data.decode("latin-1")
    names = [urls.safe_name(text), urls.safe_name(text, folded=True)]
    for platform in PLATFORMS:
        places = urls.Addresses({text: platform, "h.test": platform})
        names += places.post(text, text, text).split("/") + places.community("h.test", text).split("/")
        names += places.person(text, text).split("/")
        post = Post(host="h.test", id=text, community=text, source_url=None)
        for address in (
            places.original_post(post),
            places.original_post(msgspec.structs.replace(post, source_url=text)),
        ):
            assert address is None or "\n" not in address
    for name in names:
        encoded = name.encode()
        assert encoded and len(encoded) <= urls.MAX_NAME + urls.DIGEST and not set(encoded) - set(ALLOWED), name
        assert name not in (".", "..") and not name.endswith(".")
    mark = urls.fragment(text)
    assert mark.encode() and not set(mark) & set(" \"'<>&#%/")
    href = resolve(text, CONTEXT)
    assert href is None or not set(href) & set(' \n"<>\0'), href
    urls.well_formed(text).encode("utf-8", "surrogatepass")


# -- settings and whole sites ------------------------------------------------------------------------------------------


def make_settings(random: Random) -> bytes:
    return mutated_bytes(random, (EXAMPLES / "site.yaml").read_bytes() + b"orders: [hot, new]\nposts_per_page: 9\n")


def check_settings(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "site.yaml"
        path.write_bytes(data)
        try:
            config.load(path, {})
        except ConfigError as error:
            assert "\n" not in str(error)


def make_site(random: Random) -> bytes:
    return make_dump(random.choice(importers.NAMES))(random)


def check_site(data: bytes) -> None:
    """The whole way from a file to pages: nothing but the program's own errors."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "dump"
        path.write_bytes(data)
        settings, options = config.load(None, {}), intake.Options()
        try:
            publish.build_site(
                [str(path)], Path(folder) / "a.db", Path(folder) / "site", settings, options, 1, lambda *_: None
            )
        except ArchiverError as error:
            raise AssertionError(f"a dump broke the build: {error}") from error


TARGETS = {
    **{name: Target(make_dump(name), check_dump(name)) for name in importers.NAMES},
    "lines": Target(make_lines, check_lines),
    "packed": Target(make_packed, check_packed),
    "tree": Target(make_tree, check_tree),
    **{f"markup-{one}": Target(make_text, check_markup(one)) for one in FORMATS},
    "urls": Target(make_text, check_urls),
    "settings": Target(make_settings, check_settings),
    "site": Target(make_site, check_site),
}
