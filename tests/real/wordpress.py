"""A real WordPress for one acceptance run: Debian's package, a MariaDB of its own, PHP's own web server.

Database, files and logs lie in one scratch folder; the database listens on a
socket only, the site on loopback only. Comments go in as a browser sends them:
the page is read, its form filled in with all hidden fields, and posted.
"""

from __future__ import annotations

import html
import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

import httpx
from processes import LOOPBACK, Broken, Group, answers, free_port, output_of, until
from selectolax.lexbor import LexborHTMLParser

COMMANDS = ("php", "mariadbd", "mariadb", "mariadb-install-db")
BROWSER = "Mozilla/5.0 (a parent's browser, invented)"

CONFIG = Template("""<?php
define('DB_NAME','wp'); define('DB_USER','wp'); define('DB_PASSWORD','wp');
define('DB_HOST','localhost:$socket'); define('DB_CHARSET','utf8mb4'); define('DB_COLLATE','');
define('WP_HOME','$url'); define('WP_SITEURL','$url');
define('DISABLE_WP_CRON',true); define('WP_HTTP_BLOCK_EXTERNAL',true); define('AUTOMATIC_UPDATER_DISABLED',true);
foreach (['AUTH_KEY','SECURE_AUTH_KEY','LOGGED_IN_KEY','NONCE_KEY',
          'AUTH_SALT','SECURE_AUTH_SALT','LOGGED_IN_SALT','NONCE_SALT'] as $$k) define($$k,'x'.$$k);
$$table_prefix='wp_';
if (!defined('ABSPATH')) define('ABSPATH', __DIR__.'/');
require_once ABSPATH.'wp-settings.php';
""")

# The web server's front door: an access log that keeps what PHP's own log leaves out, and pretty links.
ROUTER = Template("""<?php
$$asked = ['at' => microtime(true), 'method' => $$_SERVER['REQUEST_METHOD'], 'path' => $$_SERVER['REQUEST_URI'],
  'agent' => $$_SERVER['HTTP_USER_AGENT'] ?? '',
  'conditional' => isset($$_SERVER['HTTP_IF_NONE_MATCH']) || isset($$_SERVER['HTTP_IF_MODIFIED_SINCE'])];
register_shutdown_function(function () use ($$asked) {
  $$line = json_encode($$asked + ['status' => http_response_code()]);
  file_put_contents('$access', $$line."\n", FILE_APPEND | LOCK_EX);
});
$$p = urldecode(parse_url($$_SERVER['REQUEST_URI'], PHP_URL_PATH)); $$f = $$_SERVER['DOCUMENT_ROOT'].$$p;
if ($$p !== '/' && is_file($$f)) return false;
chdir($$_SERVER['DOCUMENT_ROOT']); $$_SERVER['SCRIPT_NAME']='/index.php';
require $$_SERVER['DOCUMENT_ROOT'].'/index.php';
""")

# Runs code inside WordPress; with INSTALL=1 in the environment it installs the site.
INSIDE = Template("""<?php
$$_SERVER['HTTP_HOST']='$host'; $$_SERVER['REQUEST_URI']='/'; $$_SERVER['SERVER_PROTOCOL']='HTTP/1.1';
if (getenv('INSTALL')) define('WP_INSTALLING', true);
require __DIR__.'/wp/wp-load.php'; add_filter('pre_wp_mail','__return_true');
if (getenv('INSTALL')) { require ABSPATH.'wp-admin/includes/upgrade.php';
  wp_install('Larkhill Primary School','office','office@larkhillprimary.example',true,'','Adminpass-12345'); exit; }
eval($$argv[1]);
""")

SETTLE = """global $wp_rewrite; $wp_rewrite->set_permalink_structure("/%year%/%monthnum%/%postname%/");
  $wp_rewrite->flush_rules(false); update_option("timezone_string","Europe/London");
  update_option("comment_moderation","0"); update_option("comment_previously_approved","0");
  wp_delete_post(1, true);"""
DATABASE = """CREATE DATABASE wp CHARACTER SET utf8mb4; CREATE USER 'wp'@'localhost' IDENTIFIED BY 'wp';
  GRANT ALL ON wp.* TO 'wp'@'localhost'"""


@dataclass(frozen=True, slots=True)
class Request:
    """One line of the site's access log."""

    at: float
    method: str
    path: str
    status: int
    agent: str
    conditional: bool


class WordPress:
    """The site, from its set-up until `stop`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.host = f"{LOOPBACK}:{self.port}"
        self.url = f"http://{self.host}"
        self._groups: list[Group] = []
        self._parents = 1

    def start(self) -> None:
        """Set everything up and begin to serve. Raises Broken when a part does not come up."""
        self._start_database()
        self._install()
        self._serve()

    def stop(self) -> None:
        """End web server and database with all their children."""
        for group in reversed(self._groups):
            group.stop()

    def inside(self, code: str, environment: Mapping[str, str] | None = None) -> str:
        """Run PHP code inside WordPress; gives what it prints."""
        return output_of(["php", self.folder / "wp-do.php", code], environment=environment).strip()

    def publish(self, title: str, words: str) -> str:
        """Publish a news item with open comments through WordPress itself; gives its address."""
        item = json.dumps({"post_title": title, "post_content": f"<p>{html.escape(words)}</p>"})
        code = f"""$item = json_decode({_quoted(item)}, true)
            + ["post_status" => "publish", "post_author" => 1, "comment_status" => "open"];
            $id = wp_insert_post($item); echo get_permalink($id);"""
        return self.inside(code)

    def comment(self, page: str, author: str, words: str) -> int:
        """Send a comment through the page's own form, as a parent's browser does; gives its number.

        Each comment comes from a loopback address of its own, since WordPress
        refuses two comments from one address within fifteen seconds.
        """
        self._parents += 1
        transport = httpx.HTTPTransport(local_address=f"127.0.0.{self._parents}")
        with httpx.Client(transport=transport, headers={"user-agent": BROWSER}, timeout=30) as browser:
            target, fields = comment_form(browser.get(page).raise_for_status().text)
            fields |= {"comment": words, "author": author, "email": f"{author.lower()}@parents.example"}
            answer = browser.post(target, data=fields, headers={"referer": page})
        number = re.search(r"#comment-(\d+)$", answer.headers.get("location", ""))
        if answer.status_code != 302 or number is None:
            raise Broken(f"WordPress did not take the comment: {answer.status_code} {answer.text[:300]}")
        return int(number[1])

    def edit(self, comment: int, words: str) -> None:
        """Change a comment's words, as its author or a moderator may."""
        self.inside(f'wp_update_comment(["comment_ID" => {comment}, "comment_content" => {_quoted(words)}]);')

    def hold(self, comment: int) -> None:
        """Take a comment back into moderation."""
        self.inside(f'wp_set_comment_status({comment}, "hold");')

    def approve(self, comment: int) -> None:
        """Let a held comment be seen."""
        self.inside(f'wp_set_comment_status({comment}, "approve");')

    def requests(self, path: str = "", since: float = 0.0) -> list[Request]:
        """What the site was asked for, oldest first; `since` is in seconds since 1970."""
        log = self._access
        lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
        found = (Request(**json.loads(line)) for line in lines)
        return [r for r in found if (not path or r.path == path) and r.at >= since]

    def versions(self) -> dict[str, str]:
        """Versions of what this site is made of."""
        database = output_of(["mariadbd", "--version"])
        number = re.search(r"Ver ([\d.]+)", database)
        return {
            "WordPress": self.inside('echo get_bloginfo("version");'),
            "PHP": self.inside("echo PHP_VERSION;"),
            "MariaDB": number[1] if number else database.strip(),
        }

    @property
    def _access(self) -> Path:
        return self.folder / "access.jsonl"

    def _start_database(self) -> None:
        data, sock = self.folder / "mysql", self._socket
        plain = ["--no-defaults", "--user=root", f"--datadir={data}"]
        once = ["--auth-root-authentication-method=normal", "--skip-test-db"]
        output_of(["mariadb-install-db", *plain, *once])
        small = ["--skip-networking", f"--pid-file={self.folder}/m.pid", "--innodb-buffer-pool-size=64M"]
        server = ["mariadbd", *plain, f"--socket={sock}", *small]
        self._groups.append(Group(server, self.folder / "mariadb.log"))
        asking = ["mariadb", "--no-defaults", "-uroot", "-S", str(sock), "-e"]
        until(lambda: _succeeds([*asking, "SELECT 1"]), 30, "MariaDB answers")
        output_of([*asking, DATABASE])

    @property
    def _socket(self) -> Path:
        return self.folder / "m.sock"

    def _install(self) -> None:
        shutil.copytree(_package_tree(), self.folder / "wp", ignore_dangling_symlinks=True)
        places = {"socket": self._socket, "url": self.url, "host": self.host, "access": self._access}
        for name, words in (("wp/wp-config.php", CONFIG), ("router.php", ROUTER), ("wp-do.php", INSIDE)):
            path = self.folder / name
            path.unlink(missing_ok=True)  # Debian's own wp-config.php looks for a file for each host name
            path.write_text(words.substitute(places), encoding="utf-8")
        self.inside("", {"INSTALL": "1"})
        self.inside(SETTLE)

    def _serve(self) -> None:
        root = self.folder / "wp"
        server: list[str | Path] = ["php", "-S", self.host, "-t", root, self.folder / "router.php"]
        workers = {"PHP_CLI_SERVER_WORKERS": "2"}
        self._groups.append(Group(server, self.folder / "php.log", cwd=root, environment=workers))
        until(lambda: answers(self.port), 30, "PHP's web server answers")


def comment_form(page: str) -> tuple[str, dict[str, Any]]:
    """The comment form of a WordPress page: where it goes, and its fields as the page filled them in."""
    form = LexborHTMLParser(page).css_first("form#commentform")
    if form is None:
        raise Broken("the page has no comment form")
    fields = {
        field.attributes["name"] or "": field.attributes.get("value") or ""
        for field in form.css("input[name], textarea[name]")
        if field.attributes.get("type") != "checkbox"
    }
    return str(form.attributes["action"]), fields


def _package_tree() -> Path:
    listed = output_of(["dpkg", "-L", "wordpress"]).split()
    return next(Path(name).parent for name in listed if name.endswith("/wp-load.php"))


def _succeeds(command: list[str]) -> bool:
    try:
        output_of(command)
    except Broken:
        return False
    return True


def _quoted(words: str) -> str:
    """A PHP string."""
    return "'" + words.replace("\\", "\\\\").replace("'", "\\'") + "'"
