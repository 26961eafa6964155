"""A real Postfix for one acceptance run: an instance of its own in a scratch folder, on loopback only.

It takes mail over STARTTLS and after a login alone, for one invented domain, and
puts it into one Maildir for each address. Nothing can leave the machine: every
way out of it is the transport `error`. Started as root, as Postfix wants it.
"""

from __future__ import annotations

import email
import os
import pwd
from collections.abc import Collection
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from pathlib import Path
from string import Template

import trustme
from processes import LOOPBACK, Group, answers, free_port, output_of, until

COMMANDS = ("postfix", "postconf", "saslpasswd2")
USER, PASSWORD, REALM = "alerts", "Only-For-This-Run-7", "larkhill"
OWNER = "nobody"  # of the mailboxes; Postfix delivers neither as root nor as itself

MAIN = Template("""compatibility_level = 3.6
queue_directory = $folder/queue
data_directory = $folder/state
mail_owner = postfix
setgid_group = postdrop
maillog_file = $folder/mail.log
maillog_file_prefixes = $folder
myhostname = mail.larkhillprimary.example
inet_interfaces = $address
inet_protocols = ipv4
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
default_transport = error:this server sends nothing out
relay_transport = error:this server sends nothing out
virtual_mailbox_domains = $domain
virtual_mailbox_base = $folder/mailboxes
virtual_mailbox_maps = texthash:$folder/etc/mailboxes
virtual_uid_maps = static:$uid
virtual_gid_maps = static:$gid
smtpd_tls_security_level = encrypt
smtpd_tls_auth_only = yes
smtpd_tls_chain_files = $folder/etc/chain.pem
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = cyrus
smtpd_sasl_path = smtpd
cyrus_sasl_config_path = $folder/etc/sasl
smtpd_sasl_local_domain = $realm
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = permit_sasl_authenticated, reject
""")
MASTER = Template("""$listen inet n - n - - smtpd
pickup    unix n - n 60 1 pickup
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
tlsmgr    unix - - n 1000? 1 tlsmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
verify    unix - - n - 1 verify
proxymap  unix - - n - - proxymap
error     unix - - n - - error
retry     unix - - n - - error
virtual   unix - n n - - virtual
anvil     unix - - n - 1 anvil
showq     unix n - n - - showq
postlog   unix-dgram n - n - 1 postlogd
""")
LOGIN = Template("""pwcheck_method: auxprop
auxprop_plugin: sasldb
sasldb_path: $folder/etc/sasldb2
mech_list: PLAIN LOGIN
""")


@dataclass(frozen=True, slots=True)
class Mail:
    """One delivered mail, as it lies in a mailbox."""

    address: str
    arrived_at: float
    """Seconds since 1970, when the file was there."""
    parsed: EmailMessage
    raw: str

    @property
    def subject(self) -> str:
        return str(self.parsed["Subject"])

    @property
    def text(self) -> str:
        return str(self.parsed.get_content())

    @property
    def case(self) -> int:
        """The number of the case, which ends the subject."""
        return int(self.subject.rpartition(" ")[2])


class Postfix:
    """The mail server, from its set-up until `stop`."""

    def __init__(self, folder: Path, addresses: Collection[str]) -> None:
        self.folder = folder
        self.port = free_port()
        self.host = "localhost"
        self.authority = folder / "authority.pem"
        self.addresses = tuple(addresses)
        self._group: Group | None = None

    def start(self) -> None:
        """Write the instance and run it. Raises Broken when it does not come up."""
        self._folders()
        self._certificate()
        self._settings()
        self._logins()
        self._group = Group(["postfix", "-c", self._etc, "start-fg"], self.folder / "start.log")
        until(lambda: answers(self.port), 30, f"Postfix answers; see {self.folder}")

    def stop(self) -> None:
        """End the master process, which leads a session of its own, and all its children."""
        if self._group is None:
            return
        try:
            output_of(["postfix", "-c", self._etc, "stop"])
        finally:
            self._group.stop()

    def mails(self) -> list[Mail]:
        """Everything that was delivered, in the order of arrival."""
        files = sorted((self.folder / "mailboxes").glob("*/new/*"), key=lambda p: p.stat().st_mtime_ns)
        return [_mail(path) for path in files]

    def waiting(self) -> str:
        """What still lies in the queue, one JSON object a line; empty when nothing does."""
        return output_of(["postqueue", "-c", self._etc, "-j"]).strip()

    def log(self) -> str:
        return (self.folder / "mail.log").read_text(encoding="utf-8", errors="replace")

    def version(self) -> str:
        return output_of(["postconf", "-c", self._etc, "-h", "mail_version"]).strip()

    @property
    def _etc(self) -> Path:
        return self.folder / "etc"

    def _folders(self) -> None:
        for name in ("etc/sasl", "queue", "state", "mailboxes"):
            (self.folder / name).mkdir(parents=True)
        mail, owner = pwd.getpwnam("postfix"), pwd.getpwnam(OWNER)
        os.chown(self.folder / "state", mail.pw_uid, mail.pw_gid)
        os.chown(self.folder / "mailboxes", owner.pw_uid, owner.pw_gid)

    def _certificate(self) -> None:
        """An authority of our own, which the service is told to trust, and a certificate for localhost."""
        authority = trustme.CA(organization_name="An authority for one acceptance run")
        authority.cert_pem.write_to_path(str(self.authority))
        server = authority.issue_cert(self.host, LOOPBACK)
        server.private_key_and_cert_chain_pem.write_to_path(str(self._etc / "chain.pem"))
        (self._etc / "chain.pem").chmod(0o600)

    def _settings(self) -> None:
        owner = pwd.getpwnam(OWNER)
        domain = self.addresses[0].rpartition("@")[2]
        values = {
            "folder": self.folder,
            "address": LOOPBACK,
            "listen": f"{LOOPBACK}:{self.port}",
            "domain": domain,
            "uid": owner.pw_uid,
            "gid": owner.pw_gid,
            "realm": REALM,
        }
        for name, words in (("main.cf", MAIN), ("master.cf", MASTER), ("sasl/smtpd.conf", LOGIN)):
            (self._etc / name).write_text(words.substitute(values), encoding="utf-8")
        boxes = "".join(f"{address} {address}/\n" for address in self.addresses)
        (self._etc / "mailboxes").write_text(boxes, encoding="utf-8")

    def _logins(self) -> None:
        file, password = self._etc / "sasldb2", self.folder / "password"
        password.write_text(PASSWORD, encoding="utf-8")
        command = f"saslpasswd2 -c -p -f '{file}' -u {REALM} {USER} < '{password}'"
        output_of(["sh", "-c", command])
        password.unlink()
        mail = pwd.getpwnam("postfix")
        os.chown(file, mail.pw_uid, mail.pw_gid)


def _mail(path: Path) -> Mail:
    raw = path.read_bytes()
    parsed = email.message_from_bytes(raw, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return Mail(path.parent.parent.name, path.stat().st_mtime, parsed, raw.decode("utf-8", "replace"))
