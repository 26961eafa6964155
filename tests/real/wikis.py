"""Edits on a real MediaWiki and a real DokuWiki are seen, each one, by the connectors: the acceptance run.

    .venv/bin/python tests/real/wikis.py [--scratch DIR] [--keep]

Needs the Debian packages mediawiki, php-sqlite3, dokuwiki, php-cli, php-xml,
php-mbstring and php-intl. Both wikis run from one scratch folder on free ports
of loopback and are edited through their own forms, as a passer-by does; the
connectors run as `mentionwatch fetch` and in the service's own steps. All words
and people are invented. Takes about two minutes, most of them the two seconds
that we keep between requests. Exit code 0: all of it held; 1: something did
not; 2: the machine lacks something.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Any

import httpx
import tomlkit
from processes import LOOPBACK, Broken, Group, answers, free_port, missing_commands, output_of, until
from report import Report as Findings
from selectolax.lexbor import LexborHTMLParser
from service import COMMAND, Service

PAGE, TALK = "Larkhill Primary School", "Talk:Larkhill Primary School"
PLAIN = "Larkhill Primary School is a school in Thornwick. It has a pond."
ABUSE = "Larkhill Primary School is run by liars and Mrs Venn steals from the tuck shop."
CLAIM = "Harriet Venn of Larkhill Primary took the money, everybody knows"
QUARREL = "Why does nobody write that Mr Adeyinka shouts at the children of Larkhill Primary School?"
HIDDEN = "Words about Larkhill Primary School that a moderator takes away."
THREAT = "I will come to Larkhill Primary School on Friday with a knife and stab Mr Adeyinka."

DOKU_FOLDERS = (
    *("pages", "media", "media_attic", "media_meta", "attic", "meta"),
    *("cache", "index", "locks", "tmp", "log"),
)
DOKU_CONF = Template("""<?php
$$conf['title']='Town wiki'; $$conf['useacl']=0; $$conf['savedir']='$data'; $$conf['baseurl']='$url';
$$conf['basedir']='/'; $$conf['rss_update']=1;
""")
DOKU_ROUTER = Template("""<?php
define('DOKU_CONF','$conf/'); define('DOKU_MAIN_CONF','$conf/'); error_reporting(0); ini_set('display_errors','0');
$$p=parse_url($$_SERVER['REQUEST_URI'],PHP_URL_PATH); $$f=$$_SERVER['DOCUMENT_ROOT'].($$p==='/'?'/doku.php':$$p);
if(!is_file($$f)) { http_response_code(404); return true; }
if(substr($$f,-4)!=='.php') return false;
chdir(dirname($$f)); $$_SERVER['SCRIPT_FILENAME']=$$f; $$_SERVER['SCRIPT_NAME']=$$p==='/'?'/doku.php':$$p; require $$f;
""")


class Report(Findings):
    """Claims of this run; what was seen is printed only where it was not as it should be."""

    def claim(self, words: str, holds: bool, detail: object = "") -> None:
        super().claim(words, holds, "" if holds else detail)

    def show(self) -> None:
        print("\n" + ", ".join(f"{name} {version}" for name, version in self.versions.items()))
        print(f"{self.checked} claims checked, {len(self.faults)} did not hold.")
        for fault in self.faults:
            print(f"  FAILED {fault}")


@dataclass
class Site:
    """What both wikis have in common: a folder, a port of loopback, PHP's own web server."""

    folder: Path
    port: int = field(default_factory=free_port)
    server: Group | None = None

    @property
    def host(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def serve(self, root: Path, *router: Path) -> None:
        command: list[str | Path] = ["php", "-S", self.host, "-t", root, *router]
        self.server = Group(
            command, self.folder / "php.log", cwd=root, environment={"PHP_CLI_SERVER_WORKERS": "2"}
        )
        until(lambda: answers(self.port), 30, "PHP's web server answers")

    def stop(self) -> None:
        if self.server is not None:
            self.server.stop()


class MediaWikiSite(Site):
    """Debian's MediaWiki on SQLite."""

    def start(self) -> None:
        tree = _tree("mediawiki", "/lib/mediawiki/index.php")
        shutil.copytree(tree, self.root, ignore_dangling_symlinks=True)
        (self.root / "LocalSettings.php").unlink(missing_ok=True)
        place: list[str | Path] = ["--dbtype", "sqlite", "--dbname", "wiki", "--dbpath", self.folder / "data"]
        named = ["--server", self.url, "--scriptpath", "", "--lang", "en", "--pass", "Adminpass-12345"]
        self.php("install.php", *place, *named, "Town Wiki", "Admin")
        self.serve(self.root)

    @property
    def root(self) -> Path:
        return self.folder / "site"

    def php(self, script: str, *words: str | Path, said: str = "") -> str:
        """Run one of the wiki's maintenance programs."""
        command = ["php", str(self.root / "maintenance" / script), *map(str, words)]
        done = subprocess.run(command, input=said, capture_output=True, text=True, timeout=120, cwd=self.root)
        if done.returncode != 0:
            raise Broken(f"{script} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def edit(self, title: str, words: str, comment: str = "") -> int:
        """Read the edit form, fill it in, save. Gives the id of the new revision."""
        with httpx.Client(base_url=self.url, timeout=60) as browser:
            page = (
                browser.get("/index.php", params={"title": title, "action": "edit"}).raise_for_status().text
            )
            target, fields = _form(page, "#editform")
            fields |= {"wpTextbox1": words, "wpSummary": comment, "wpSave": "Save page"}
            saved = browser.post(target, data=fields)
            if saved.status_code != 302:
                raise Broken(f"MediaWiki did not take the edit: {saved.status_code}")
            asked = {
                "action": "query",
                "prop": "revisions",
                "rvprop": "ids",
                "format": "json",
                "titles": title,
            }
            answer = browser.get("/api.php", params={**asked, "formatversion": "2"}).json()
        return int(answer["query"]["pages"][0]["revisions"][0]["revid"])

    def hide(self, revision: int) -> None:
        """Hide text, author and comment, as a moderator may."""
        code = f"wfGetDB(DB_PRIMARY)->update('revision', ['rev_deleted' => 7], ['rev_id' => {revision}]);"
        self.php("eval.php", said=code + "\n")

    def move(self, old: str, new: str) -> None:
        listed = self.folder / "moves.txt"
        listed.write_text(f"{old}|{new}\n", encoding="utf-8")
        self.php("moveBatch.php", listed)

    def private(self, closed: bool) -> None:
        """Let signed-in people alone read, or all again."""
        file = self.root / "LocalSettings.php"
        line = "\n$wgGroupPermissions['*']['read'] = false;\n"
        words = file.read_text(encoding="utf-8").replace(line, "")
        file.write_text(words + (line if closed else ""), encoding="utf-8")
        # PHP keeps what it compiled for some seconds.
        until(lambda: self._is_private() == closed, 30, "the wiki heeds its settings")

    def _is_private(self) -> bool:
        asked = {"action": "query", "meta": "siteinfo", "format": "json"}
        return "readapidenied" in httpx.get(f"{self.url}/api.php", params=asked, timeout=60).text


class DokuWikiSite(Site):
    """Debian's DokuWiki, its pages as files."""

    def start(self) -> None:
        shutil.copytree(_tree("dokuwiki", "/dokuwiki/doku.php"), self.root, ignore_dangling_symlinks=True)
        conf, data = self.folder / "conf", self.folder / "data"
        shutil.copytree(_tree("dokuwiki", "etc/dokuwiki/dokuwiki.php"), conf, ignore_dangling_symlinks=True)
        for name in DOKU_FOLDERS:
            (data / name).mkdir(parents=True)
        for path, words in ((conf / "local.php", DOKU_CONF), (self.folder / "router.php", DOKU_ROUTER)):
            path.unlink(missing_ok=True)
            path.write_text(words.substitute(data=data, conf=conf, url=self.url), encoding="utf-8")
        self.serve(self.root, self.folder / "router.php")

    @property
    def root(self) -> Path:
        return self.folder / "site"

    def edit(self, page: str, words: str, summary: str = "", *, minor: bool = False) -> None:
        """Read the edit form, fill it in, save. Its clock counts seconds, so no two in one."""
        time.sleep(1.1)
        with httpx.Client(base_url=self.url, timeout=60) as browser:
            shown = browser.get("/doku.php", params={"id": page, "do": "edit"}).raise_for_status().text
            target, fields = _form(shown, "#dw__editform")
            fields |= {"wikitext": words, "summary": summary, "do[save]": "1"}
            saved = browser.post(target, data=fields | ({"minor": "1"} if minor else {}))
        if saved.status_code not in (200, 302):
            raise Broken(f"DokuWiki did not take the edit: {saved.status_code}")

    def robots(self, words: str) -> None:
        (self.root / "robots.txt").write_text(words, encoding="utf-8")


@dataclass
class Watch:
    """One source, asked by `mentionwatch fetch`, its cursor handed from one to the next."""

    kind: str
    host: str
    settings: dict[str, Any]
    cursor: str = ""
    notices: list[str] = field(default_factory=list)

    def poll(self) -> list[dict[str, Any]]:
        code, out, said = self.ask()
        if code != 0:
            raise Broken(f"fetch {self.kind} ended with {code}: {said}")
        *posts, about = [json.loads(line) for line in out.splitlines()]
        self.cursor = json.dumps(about["batch"]["cursor"])
        self.notices = [line for line in said.splitlines() if "notice:" in line]
        return posts

    def ask(self) -> tuple[int, str, str]:
        """Exit code, output, and what was said beside it."""
        given = [
            word
            for key, value in self.settings.items()
            for word in ("--set", f"{key}={tomlkit.item(value).as_string()}")
        ]
        command = [
            str(COMMAND),
            "fetch",
            self.kind,
            "--allow-host",
            self.host,
            *given,
            "--cursor",
            self.cursor,
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        return done.returncode, done.stdout, done.stderr


def mediawiki(site: MediaWikiSite, report: Report) -> None:
    """Every revision between two polls, hidden and reverted ones too."""
    watch = Watch("mediawiki", site.host, {"base_url": site.url + "/", "titles": [PAGE], "own_site": True})
    site.edit(PAGE, "Larkhill Primary School is a school.", "new page")
    site.edit(PAGE, PLAIN, "the pond")
    first = watch.poll()
    report.claim("the first poll gives the newest revision of the page, and no more", len(first) == 1, first)
    revisions = [
        site.edit(PAGE, f"{PLAIN}\n\n{ABUSE}", CLAIM),
        site.edit(PAGE, PLAIN, "undid that"),
        site.edit(TALK, QUARREL),
        site.edit(PAGE, f"{PLAIN}\n\n{HIDDEN}", "to be hidden"),
        site.edit(PAGE, f"{PLAIN} And a moat.", "the moat"),
    ]
    site.hide(revisions[3])
    posts = watch.poll()
    by_id = {int(post["external_id"].rpartition(":")[2]): post for post in posts}
    report.claim("each revision since is one post", sorted(by_id) == sorted(revisions), sorted(by_id))
    if sorted(by_id) != sorted(revisions):
        return
    bad, undo, talk, hidden, moat = (by_id[revision] for revision in revisions)
    report.claim(
        "abuse that was undone before the poll is seen, and no old words with it", bad["text"] == ABUSE, bad
    )
    report.claim("its edit comment is seen", bad["title"] == CLAIM)
    report.claim("it is said to be reverted already", "already reverted" in bad["context"], bad["context"])
    report.claim(
        "the repair brings no words of its own", not undo.get("text") and undo["title"] == "undid that", undo
    )
    report.claim("the talk page is seen", talk["text"] == QUARREL and talk["context"] == TALK, talk)
    kept = not hidden.get("text") and not hidden.get("title") and not hidden.get("author_name")
    report.claim("a hidden revision has no words left", kept, hidden)
    report.claim("and is said to be hidden by the wiki", "text hidden by the wiki" in hidden["context"])
    report.claim(
        "words after a hidden revision are the new ones only", moat["text"].endswith("And a moat."), moat
    )
    report.claim(
        "an author without an account is named as the wiki names him", bad["author_name"] == LOOPBACK
    )
    shown = httpx.get(bad["url"], follow_redirects=True, timeout=60).text
    report.claim("the link opens the difference", "tuck shop" in shown and "diff" in shown)
    report.claim("nothing is given twice", watch.poll() == [])
    _followed(site, watch, report)


def _followed(site: MediaWikiSite, watch: Watch, report: Report) -> None:
    """Moves, and a wiki that closes its doors."""
    site.move(PAGE, "Larkhill Academy")
    site.edit("Larkhill Academy", f"{PLAIN} And a moat. And a tower.")
    found = [post for post in watch.poll() if "tower" in post.get("text", "")]
    report.claim("a moved page is followed", [p["context"] for p in found] == ["Larkhill Academy"], found)
    site.private(True)
    code, _, said = watch.ask()
    report.claim(
        "a wiki that closed its doors asks for a person", code == 4 and "login" in said, said.strip()
    )
    report.claim("and no title stands in what is said", PAGE not in said and "Academy" not in said)
    site.private(False)
    report.claim("it goes on when the doors are open again", watch.poll() == [])


def dokuwiki(site: DokuWikiSite, report: Report) -> None:
    """The newest change by the feed; those behind it where it may be."""
    feed = Watch("dokuwiki", site.host, {"base_url": site.url, "namespaces": ["larkhill"]})
    deep = Watch("dokuwiki", site.host, {"base_url": site.url, "namespaces": ["larkhill"], "own_site": True})
    site.edit("larkhill:staff", PLAIN, "new page")
    site.edit("elsewhere", "Larkhill Primary School is not what this is about.")
    for watch in (feed, deep):
        first = watch.poll()
        report.claim(
            "the first poll gives the watched page alone",
            [p["context"] for p in first] == ["larkhill:staff"],
            first,
        )
    site.edit("larkhill:staff", f"{PLAIN}\n\n{ABUSE}", CLAIM)
    site.edit("larkhill:staff", PLAIN, "undid that")
    site.edit("larkhill:staff", f"{PLAIN}\n\nOpen **at** nine.", minor=True)
    shown = feed.poll()
    report.claim(
        "the feed shows the newest change, minor as it is",
        [p["text"] for p in shown] == ["Open at nine."],
        shown,
    )
    report.claim(
        "and is said to show a part only", any("reduced coverage" in n for n in feed.notices), feed.notices
    )
    every = deep.poll()
    words = [(post.get("text", ""), post.get("title", "")) for post in every]
    wanted = [(ABUSE, CLAIM), ("", "undid that"), ("Open at nine.", "")]
    report.claim("the school's own wiki is read change by change", words == wanted, words)
    if len(every) == 3:
        report.claim("the one taken back is said to be", "already reverted" in every[0]["context"], every[0])
        page = httpx.get(every[0]["url"], timeout=60).text
        report.claim("the link opens the difference", "tuck shop" in page and "diff" in page)
    report.claim("nothing is given twice", deep.poll() == [] and feed.poll() == [])
    site.robots("User-agent: *\nDisallow: /doku.php\n")
    feed.settings["revisions"] = True
    site.edit("larkhill:staff", f"{PLAIN}\n\nOpen at ten.")
    site.edit("larkhill:staff", f"{PLAIN}\n\nOpen at ten. Shut at one.")
    kept_out = feed.poll()
    report.claim(
        "robots.txt keeps us from the changes behind",
        [p["text"] for p in kept_out] == ["Shut at one."],
        kept_out,
    )
    report.claim("which is said", any("reduced coverage" in n for n in feed.notices), feed.notices)


def service(folder: Path, wiki: MediaWikiSite, doku: DokuWikiSite, report: Report) -> None:
    """Poll, assess and triage of the service itself: a threat in an edit that was undone becomes a case."""
    run = Service(folder)
    run.init()
    sources = [
        {
            "name": "town-wiki",
            "kind": "mediawiki",
            "base_url": wiki.url,
            "titles": [PAGE, "Larkhill Academy"],
        },
        {"name": "parish-wiki", "kind": "dokuwiki", "base_url": doku.url, "namespaces": ["larkhill"]},
    ]

    def ours(words: Any) -> None:
        words["source"] = tomlkit.aot()
        for source in sources:
            words["source"].append(tomlkit.item({"school": "larkhill", "own": True, **source}))

    def main(words: Any) -> None:
        words["service"] |= {"allow_hosts": [wiki.host, doku.host], "poll_gap": 0}

    run.change("sources.toml", ours)
    run.change("mentionwatch.toml", main)
    report.claim("the configuration is sound", not (said := run.check()), said)

    named = [word for source in sources for word in ("--source", str(source["name"]))]

    def step(name: str, *words: str) -> Any:
        return json.loads(output_of([COMMAND, "step", name, *words, "--config", run.config]))

    step("poll", *named)
    wiki.edit("Larkhill Academy", f"{PLAIN}\n\n{THREAT}")
    wiki.edit("Larkhill Academy", PLAIN)
    doku.edit("larkhill:staff", f"{PLAIN}\n\n{THREAT}", "news")
    time.sleep(1.1)  # the wiki renews its feed each second
    polled = step("poll", *named)["sources"]
    report.note(f"polled: {json.dumps(polled)}")
    fine = len(polled) == 2 and not any(source.get("reason") for source in polled)
    report.claim("both sources were read without a fault", fine, polled)
    step("assess")
    step("triage")
    cases = json.dumps(run.ask("cases"))
    report.claim("the threat became a case", "threat" in cases, cases)
    report.claim("no word of it stands in the list of cases", "stab" not in cases and "knife" not in cases)


def _form(page: str, selector: str) -> tuple[str, dict[str, Any]]:
    """Where a form goes, and its hidden fields as the page filled them in."""
    form = LexborHTMLParser(page).css_first(selector)
    if form is None:
        raise Broken("the page has no edit form")
    fields = {
        str(one.attributes["name"]): one.attributes.get("value") or ""
        for one in form.css("input[name]")
        if one.attributes.get("type") == "hidden"
    }
    return str(form.attributes["action"]), fields


def _tree(package: str, ending: str) -> Path:
    listed = output_of(["dpkg", "-L", package]).split()
    found = next((Path(name).parent for name in listed if name.endswith(ending)), None)
    if found is None:
        raise Broken(f"the package {package} does not hold …{ending}")
    return found


def main() -> int:
    """Set up, run, print, clear away."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--scratch", type=Path, help="where the run's folder is made")
    parser.add_argument("--keep", action="store_true", help="leave the run's folder behind")
    asked = parser.parse_args()
    lacking = missing_commands(["php", "dpkg"])
    have = [] if lacking else output_of(["dpkg-query", "-W", "-f", "${Package} "], fine=(0, 1)).split()
    lacking += [name for name in ("mediawiki", "dokuwiki", "php-sqlite3") if not lacking and name not in have]
    if lacking:
        print(f"This needs Debian packages; missing: {', '.join(lacking)}")
        return 2
    folder = Path(tempfile.mkdtemp(prefix="mw-wikis-", dir=asked.scratch))
    report = Report()
    with ExitStack() as stack:
        if not asked.keep:
            stack.callback(shutil.rmtree, folder)
        try:
            _run(folder, report, stack)
        except Broken as fault:
            report.failed(str(fault))
    report.show()
    return 0 if report.held else 1


def _run(folder: Path, report: Report, stack: ExitStack) -> None:
    places = [folder / name for name in ("mediawiki", "dokuwiki", "service")]
    for place in places:
        place.mkdir()
    wiki, doku = MediaWikiSite(places[0]), DokuWikiSite(places[1])
    for site in (wiki, doku):
        stack.callback(site.stop)
        site.start()
    report.versions = {
        name: output_of(["dpkg-query", "-W", "-f", "${Version}", name])
        for name in ("mediawiki", "dokuwiki", "php-cli")
    }
    mediawiki(wiki, report)
    dokuwiki(doku, report)
    service(places[2], wiki, doku, report)


if __name__ == "__main__":
    sys.exit(main())
