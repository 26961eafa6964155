"""The 17 refusals (seed-matrix.md section 10): for each, that the ability is absent and not merely off.

What is read from the source is read with `ast`, so a word in a comment proves nothing; what can be seen from
outside is seen from outside, by a server that writes down what it was asked. Here are those of reading (1 to 4,
9, 10, 14) and running (15); 5 to 8 stand in test_content_free_watching.py, 10 to 12 and 17 in
test_content_free_labels.py, 13 and 16 in test_content_free_people.py. Each docstring says what breaks its test.
"""

from __future__ import annotations

import ast
import email.policy
import json
import re
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from builders import NOW
from installation import ROOT, Installation
from servers import ScriptedServer
from slack_server import CHANNEL

import connectors
from config.settings import Email, Settings, Source
from connectors.base import Batch, Connector, FetchError
from connectors.feed import Feed, FeedOptions
from connectors.http import PoliteClient, user_agent
from connectors.report import Report, ReportOptions
from monitor.channels.base import Message
from monitor.channels.email import EmailChannel
from monitor.channels.slack import payload

PACKAGES = ("config", "connectors", "monitor", "nlp")
SENDERS = {
    "monitor/channels/email.py",
    "monitor/channels/slack.py",
}  # what leaves the house, to its own people
CONTACT = "office@school.example"
EVERY_WORD = "Marrowby Community School"


def sources(*packages: str) -> Iterator[tuple[str, ast.Module]]:
    for package in packages:
        for file in sorted((ROOT / package).rglob("*.py")):
            yield str(file.relative_to(ROOT)), ast.parse(file.read_text(encoding="utf-8"))


def imported(tree: ast.AST) -> set[str]:
    """First names of every package that a file imports anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module}
    return found


def texts(tree: ast.AST) -> set[str]:
    return {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def requirements() -> set[str]:
    """Every distribution that a running installation holds, direct or not."""
    words = (ROOT / "requirements" / "run.txt").read_text(encoding="utf-8")
    return {name.lower() for name in re.findall(r"(?m)^([A-Za-z0-9._-]+)==", words)}


def our_connectors() -> list[Connector]:
    return [connectors.connector(kind) for kind in sorted(connectors.KINDS)]


def fetched(server: ScriptedServer, body: bytes, content_type: str = "application/atom+xml") -> Batch:
    """What the feed connector makes of this body, read from a server that writes everything down."""
    server.reply("/feed", body, headers={"Content-Type": content_type, "Set-Cookie": "session=1"})
    client = PoliteClient(user_agent=user_agent(CONTACT), allow_hosts=[server.host], gap=0)
    try:
        return Feed().fetch(FeedOptions(url=server.url("/feed")), None, client, limit=50, now=NOW)
    finally:
        client.close()


def atom(server: ScriptedServer, words: str = EVERY_WORD) -> bytes:
    """A feed that offers everything a curious reader could follow: profiles, pictures, films, replies."""
    here = server.url
    return f"""<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/">
<title>talk</title><icon>{here("/icon.png")}</icon><logo>{here("/logo.png")}</logo>
<link rel="hub" href="{here("/hub")}"/><link rel="next" href="{here("/older")}"/>
<entry><id>1</id><title>t</title><updated>2026-11-20T08:00:00Z</updated>
<author><name>A Writer</name><uri>{here("/users/writer")}</uri></author>
<link rel="alternate" href="{here("/posts/1")}"/><link rel="replies" href="{here("/posts/1/replies")}"/>
<link rel="enclosure" type="video/mp4" href="{here("/film.mp4")}"/>
<media:content url="{here("/big.jpg")}" medium="image"/><media:thumbnail url="{here("/small.jpg")}"/>
<content type="html">&lt;p&gt;{words} &lt;img src="{here("/in.png")}"&gt;&lt;video src="{here("/in.mp4")}"&gt;&lt;/video&gt;
&lt;audio src="{here("/in.mp3")}"&gt;&lt;/audio&gt;&lt;a href="{here("/users/other")}"&gt;@other&lt;/a&gt;
&lt;form action="{here("/reply")}" method="post"&gt;&lt;/form&gt;&lt;script src="{here("/s.js")}"&gt;&lt;/script&gt;&lt;/p&gt;</content></entry>
</feed>""".encode()


@pytest.fixture
def site() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


# --- 1 and 2: nothing is written, anywhere ------------------------------------------------------

WRITING = {"post", "put", "patch", "delete", "request", "options", "head"}
CLIENTS = {
    "requests",
    "urllib.request",
    "urllib3",
    "aiohttp",
    "smtplib",
    "ftplib",
    "http.client",
    "socketserver",
}


@pytest.mark.refusal(1)
def test_1_only_one_file_speaks_http_and_it_only_gets() -> None:
    """Breaks when a connector imports a client of its own, or `exchange.py` builds anything but a GET."""
    for name, tree in sources("connectors"):
        if name == "connectors/testing.py":
            continue  # the checks that other people's connectors are put to
        assert imported(tree) & CLIENTS == set(), name
        methods = texts(tree) & {method.upper() for method in WRITING}
        assert methods == set(), name
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                base = ast.unparse(node.func.value)
                assert not (node.func.attr in WRITING and ("http" in base or "client" in base)), (
                    f"{name}: {base}"
                )
    built = [
        node
        for _, tree in sources("connectors")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "build_request"
    ]
    assert [ast.literal_eval(node.args[0]) for node in built] == ["GET"]


@pytest.mark.refusal(1)
@pytest.mark.refusal(2)
def test_1_2_the_one_client_can_only_get() -> None:
    """Breaks when the polite client gains any second way to speak."""
    assert {name for name in vars(PoliteClient) if not name.startswith("_")} == {"get", "close"}
    for connector in our_connectors():
        doing = {
            name for name in dir(connector) if not name.startswith("_") and callable(getattr(connector, name))
        }
        assert doing == {"fetch", "options"}, connector.kind


@pytest.mark.refusal(1)
@pytest.mark.refusal(2)
@pytest.mark.parametrize("status", [200, 302, 307, 308, 401, 500])
def test_1_2_a_source_sees_gets_without_a_body(site: ScriptedServer, status: int) -> None:
    """Breaks when anything but GET reaches a source, also after a redirect that asks to repeat the method."""
    if status in (302, 307, 308):
        site.reply("/feed", status=status, headers={"Location": site.url("/moved")})
        site.reply("/moved", atom(site), headers={"Content-Type": "application/atom+xml"})
    else:
        site.reply("/feed", atom(site), status=status)
    client = PoliteClient(user_agent=user_agent(CONTACT), allow_hosts=[site.host], gap=0)
    for _ in range(2):
        try:
            Feed().fetch(FeedOptions(url=site.url("/feed")), None, client, limit=50, now=NOW)
        except FetchError:
            assert status >= 400
    client.close()
    assert len(site.requests) >= 2
    assert {(r.method, r.body) for r in site.requests} == {("GET", b"")}


@pytest.mark.refusal(2)
def test_2_what_people_hand_in_is_not_touched(tmp_path: Path) -> None:
    """Breaks when the drop folder's files are moved, renamed, changed or deleted once they are read."""
    (tmp_path / "seen.txt").write_text(EVERY_WORD)
    (tmp_path / "seen.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.iterdir()}
    client = PoliteClient(user_agent=user_agent(CONTACT))
    batch = Report().fetch(ReportOptions(folder=tmp_path), None, client, limit=9, now=NOW)
    client.close()
    assert len(batch.posts) == 1
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.iterdir()} == before


@pytest.mark.refusal(1)
@pytest.mark.refusal(2)
def test_1_2_the_chat_channel_writes_to_its_own_channel_only() -> None:
    """Breaks when Slack is asked for anything but the look at the channel and our own message (and its end)."""
    own = {
        "conversations_info",
        "chat_postMessage",
        "chat_delete",
        "get",
    }  # chat_delete: our message (PBD-29)
    tree = ast.parse((ROOT / "monitor/channels/slack.py").read_text())
    called = {
        node.func.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and ast.unparse(node.func.value).endswith("client")
    }
    assert called <= own
    for name, other in sources(*PACKAGES):
        if name not in SENDERS and not name.startswith(("connectors/", "monitor/demo/")):
            assert imported(other) & (CLIENTS | {"httpx", "httpcore", "slack_sdk"}) == set(), name


# --- 3 and 4: only what is public, as ourselves ---------------------------------------------------

PERSONAL = re.compile(
    r"user|login|log_in|account|passw|cookie|session|captcha|otp|proxy|agent|pool|rotat|imperson"
)


@pytest.mark.refusal(3)
@pytest.mark.pbd("PBD-06")
def test_3_only_three_kinds_of_access_there_are() -> None:
    """Breaks when a fourth value of `access` is allowed or one of ours carries another."""
    assert connectors.ACCESS == ("public-unauthenticated", "own-property-token", "handed-in")
    assert {connector.access for connector in our_connectors()} <= set(connectors.ACCESS)


GUEST = """
from datetime import timedelta
from connectors.base import Batch, Options
class Carrier:
    kind, options, access = "guest", Options, "{access}"
    expected_every = default_every = timedelta(days=1)
    def fetch(self, options, cursor, http, *, limit, now): return Batch()
"""


@pytest.mark.refusal(3)
@pytest.mark.pbd("PBD-06")
@pytest.mark.parametrize("access", ["personal-login", "member-of-group", "invite", "", "public"])
def test_3_an_outside_connector_with_any_other_access_does_not_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, access: str
) -> None:
    """Breaks when an installed package can bring a source that is read by a person's log-in."""
    about = tmp_path / "guest-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: guest\nVersion: 1\n")
    (about / "entry_points.txt").write_text(f"[{connectors.GROUP}]\nguest = guest_of_refusals:Carrier\n")
    (tmp_path / "guest_of_refusals.py").write_text(GUEST.format(access=access))
    monkeypatch.syspath_prepend(tmp_path)
    try:
        with pytest.raises(connectors.RefusedConnector, match="access"):
            connectors.connector("guest")
    finally:
        sys.modules.pop("guest_of_refusals", None)


@pytest.mark.refusal(3)
@pytest.mark.refusal(4)
def test_3_4_no_option_for_a_person_s_log_in_or_a_pool_of_accounts() -> None:
    """Breaks when a connector or a source gains a user name, password, cookie, proxy or second identity."""
    fields = {(c.kind, name) for c in our_connectors() for name in c.options.model_fields}
    fields |= {("source", name) for name in Source.model_fields}
    fields |= {("settings", name) for name in Settings.model_fields}
    assert fields
    official = {
        ("mastodon", "accounts")
    }  # the school's own and other bodies'; the term linter refuses people's
    assert {field for field in fields if PERSONAL.search(field[1])} == official


@pytest.mark.refusal(3)
@pytest.mark.pbd("PBD-06")
@pytest.mark.parametrize("status", [401, 403])
def test_3_a_log_in_wall_is_the_end_and_nothing_of_it_is_kept(site: ScriptedServer, status: int) -> None:
    """Breaks when a refusal is answered with credentials, or its page goes on as words."""
    site.reply("/feed", b"log in, marrowbymarker", status=status, headers={"WWW-Authenticate": "Basic"})
    client = PoliteClient(user_agent=user_agent(CONTACT), allow_hosts=[site.host], gap=0)
    with pytest.raises(FetchError) as failed:
        Feed().fetch(FeedOptions(url=site.url("/feed")), None, client, limit=9, now=NOW)
    client.close()
    assert "marrowbymarker" not in str(failed.value)
    assert len(site.asked("/feed")) == 1


@pytest.mark.refusal(3)
@pytest.mark.refusal(4)
@pytest.mark.pbd("PBD-07")
def test_3_4_every_request_is_ours_by_name_and_carries_no_identity(
    site: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks with a browser's name, a changing name, a kept cookie, a credential, or a proxy of the environment."""
    with ScriptedServer() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url("/"))
        for _ in range(3):
            fetched(site, atom(site))
        assert proxy.requests == []
    assert len({r.headers["user-agent"] for r in site.requests}) == 1
    agent = site.requests[0].headers["user-agent"]
    assert agent.startswith("mentionwatch/")
    assert CONTACT in agent
    assert "Mozilla" not in agent
    for request in site.requests:
        assert not {"cookie", "authorization", "proxy-authorization", "x-forwarded-for"} & set(
            request.headers
        )


# --- 9, 10 and 14: no profile, no face, no picture ------------------------------------------------


@pytest.mark.refusal(9)
@pytest.mark.refusal(14)
@pytest.mark.pbd("PBD-08", "PBD-14")
def test_9_14_of_all_that_a_feed_offers_only_the_feed_is_asked_for(site: ScriptedServer) -> None:
    """Breaks when a profile, the post's page, older pages, replies, a picture, film or sound is fetched."""
    batch = fetched(site, atom(site))
    assert [p.text for p in batch.posts]
    assert {r.path for r in site.requests} <= {"/feed", "/robots.txt"}
    assert len(site.asked("/feed")) == 1


@pytest.mark.refusal(14)
@pytest.mark.pbd("PBD-14")
def test_14_a_link_or_a_picture_that_is_handed_in_is_not_opened(site: ScriptedServer, tmp_path: Path) -> None:
    """Breaks when a reported address is fetched or a picture is read as a picture."""
    (tmp_path / "a.txt").write_text(site.url("/film.mp4"))
    (tmp_path / "b.json").write_text(json.dumps({"text": EVERY_WORD, "url": site.url("/users/writer")}))
    (tmp_path / "c.png").write_bytes(b"\x89PNG\r\n\x1a\nthis is no picture at all")
    client = PoliteClient(user_agent=user_agent(CONTACT), allow_hosts=[site.host], gap=0)
    batch = Report().fetch(ReportOptions(folder=tmp_path), None, client, limit=9, now=NOW)
    client.close()
    assert len(batch.posts) == 3
    assert site.requests == []


@pytest.mark.refusal(14)
@pytest.mark.pbd("PBD-14")
def test_14_nothing_that_leaves_makes_another_program_fetch() -> None:
    """Breaks when chat may unfurl a link, or a mail has a part with remote content."""
    words = Message("head@school.example", "s", "t", "b", "https://console.example/cases/1")
    sent = payload(words, "k", CHANNEL)
    assert (sent["unfurl_links"], sent["unfurl_media"]) == (False, False)
    assert "image" not in json.dumps(sent)
    mail = EmailChannel(Email(host="127.0.0.1", port=1, security="none", sender=CONTACT))._mail(words, "k")
    read = email.message_from_bytes(mail.as_bytes(), policy=email.policy.default)
    assert isinstance(read, EmailMessage)
    assert [part.get_content_type() for part in read.walk()] == ["text/plain"]


SEEING = re.compile(
    r"^(pillow|opencv.*|torchvision|face.?recognition|dlib|deepface|insightface|mediapipe|pytesseract|tesserocr|easyocr|"
    r"paddleocr|imageio|scikit-image|librosa|soundfile|speech.?recognition|whisper|openai-whisper|vosk|pyannote.*|"
    r"resemblyzer|moviepy|av|ffmpeg-python|exifread|yt-dlp)$"
)


@pytest.mark.refusal(10)
@pytest.mark.refusal(14)
@pytest.mark.pbd("PBD-14")
def test_10_14_nothing_is_installed_that_sees_or_hears() -> None:
    """Breaks when a library for pictures, faces, voices or reading text off pictures is required or imported."""
    assert len(requirements()) > 30
    assert not [name for name in requirements() if SEEING.match(name)]
    eyes = {
        "PIL",
        "cv2",
        "face_recognition",
        "dlib",
        "pytesseract",
        "easyocr",
        "whisper",
        "vosk",
        "imghdr",
        "wave",
    }
    for name, tree in sources(*PACKAGES):
        assert {module.partition(".")[0] for module in imported(tree)} & eyes == set(), name


# --- 15: nothing runs without notice, approval and roles ----------------------------------------------


@pytest.fixture
def strangers(tmp_path: Path, site: ScriptedServer) -> Installation:
    """A school that reads a stranger's feed and its own."""
    site.reply("/feed", atom(site))
    site.reply("/own", atom(site))
    house = Installation(tmp_path, mail_port=1)
    house.edit("mentionwatch.toml", r"(?m)^poll_gap = .*$", f'poll_gap = 0\nallow_hosts = ["{site.host}"]')
    house.write(
        "sources.toml",
        f'[[source]]\nname = "talk"\nkind = "feed"\nurl = "{site.url("/feed")}"\n'
        f'[[source]]\nname = "ours"\nkind = "feed"\nown = true\nown_site = true\nurl = "{site.url("/own")}"\n',
    )
    return house


@pytest.mark.refusal(15)
@pytest.mark.pbd("PBD-03", "PBD-04")
@pytest.mark.parametrize("gate", ["dpia", "notice", "test_message"])
def test_15_without_one_recording_no_stranger_is_read(
    strangers: Installation, site: ScriptedServer, gate: str
) -> None:
    """Breaks when one of the three recordings can be missing while a stranger's source is asked."""
    strangers.edit("mentionwatch.toml", rf"(?ms)^\[gates\.{gate}\].*?(?=^\[|\Z)", "")
    strangers.mentionwatch("step", "poll", "--source", "talk", "--source", "ours")
    assert site.asked("/feed") == []
    assert site.asked("/own")
    listed = json.loads(strangers.mentionwatch("check", "--json").stdout)["sources"]
    assert {s["name"]: gate in s["idle"] for s in listed} == {"talk": True, "ours": False}
    health = json.loads(strangers.mentionwatch("health", "--json", check=False).stdout)
    assert any("talk" in problem and gate in problem for problem in health["problems"])


@pytest.mark.refusal(15)
def test_15_with_all_three_it_is_read(strangers: Installation, site: ScriptedServer) -> None:
    """The other side of the test above, or that one would prove nothing."""
    strangers.mentionwatch("step", "poll", "--source", "talk", "--source", "ours")
    assert site.asked("/feed")
    assert site.asked("/own")


@pytest.mark.refusal(15)
def test_15_a_role_that_was_not_answered_stops_everything(
    strangers: Installation, site: ScriptedServer
) -> None:
    """Breaks when a policy with an open role can be started."""
    strangers.edit("policy.toml", r'(?m)^headteacher = "per school"$', 'headteacher = "?"')
    for words in (["check"], ["step", "poll"], ["run", "--no-console"]):
        assert strangers.mentionwatch(*words, check=False).returncode == 2
    assert site.requests == []
