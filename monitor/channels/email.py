"""E-mail over SMTP (RFC 5321): STARTTLS or TLS with a checked certificate, login if configured.

`security = "none"` is accepted by the configuration for a server on this
machine only. The Message-ID is made from the delivery's key, so a mail that is
sent again after a crash is recognised by the reader's program (RFC 5322, 3.6.4).
"""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime

from config.faults import SecretMissing
from config.settings import Email
from monitor.channels.base import Failed, Message, Outcome, Retry, Sent, Trouble

BUSY = (421, 450, 451, 452)  # "try again later" (RFC 5321 4.2.3)
LOGIN_WANTED = (530, 534, 535, 538)  # RFC 4954 section 6
OF_THE_MAIL = (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError)


@dataclass(frozen=True, slots=True)
class EmailChannel:
    """Sends through the school's own mail server."""

    settings: Email
    name: str = "email"
    tls: ssl.SSLContext | None = None
    """None: the system's certificate authorities, host name checked."""

    def send(self, message: Message, key: str) -> Outcome:
        try:
            mail = self._mail(message, key)
        except ValueError:  # a line break in an address or a school's name
            return Failed(Trouble.SETTINGS)
        try:
            server = self._connect()
            try:
                refused = server.send_message(mail)
            finally:
                _leave(server)
        except (SecretMissing, UnicodeError):  # the login takes ASCII only (smtplib)
            return Retry(Trouble.AUTH)
        except smtplib.SMTPException as error:
            return _outcome(error)
        except ssl.SSLError:
            return Retry(Trouble.INSECURE)
        except TimeoutError:
            return Retry(Trouble.TIMEOUT)
        except OSError:
            return Retry(Trouble.UNREACHABLE)
        return Failed(Trouble.REFUSED) if refused else Sent(key)

    def _connect(self) -> smtplib.SMTP:
        s = self.settings
        context = self.tls or ssl.create_default_context()
        if s.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(s.host, s.port, timeout=s.timeout, context=context)
        else:
            server = smtplib.SMTP(s.host, s.port, timeout=s.timeout)
        try:
            if s.security == "starttls":
                server.starttls(context=context)
            if s.username is not None and s.password is not None:
                server.login(s.username, s.password.reveal())
        except BaseException:
            server.close()
            raise
        return server

    def _mail(self, message: Message, key: str) -> EmailMessage:
        mail = EmailMessage()
        mail["From"] = self.settings.sender
        mail["To"] = message.to
        mail["Subject"] = message.subject
        mail["Date"] = format_datetime(datetime.now(UTC))
        mail["Message-ID"] = f"<{key}@{self.settings.sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notes back to us
        mail["X-Mentionwatch-Delivery"] = key
        mail.set_content(message.text)
        return mail


def _leave(server: smtplib.SMTP) -> None:
    """Say goodbye; a server that answers it badly has taken the mail all the same."""
    with contextlib.suppress(smtplib.SMTPException, OSError):
        server.quit()
    server.close()


def _outcome(error: smtplib.SMTPException) -> Outcome:
    code = _code(error)
    if isinstance(error, smtplib.SMTPAuthenticationError) or code in LOGIN_WANTED:
        return Retry(Trouble.AUTH)  # a password may be renewed in time; the alert must not be lost
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Retry(Trouble.INSECURE)
    if isinstance(error, smtplib.SMTPServerDisconnected):
        slow = isinstance(error.__context__, TimeoutError)  # smtplib hides which it was
        return Retry(Trouble.TIMEOUT if slow else Trouble.UNREACHABLE)
    if code in BUSY:
        return Retry(Trouble.RATE_LIMITED if code == 452 else Trouble.SERVER)
    if isinstance(error, OF_THE_MAIL) and 500 <= code < 600:
        return Failed(Trouble.REFUSED)
    return Retry(Trouble.SERVER)  # a server that turns everybody away may take mail again tomorrow


def _code(error: smtplib.SMTPException) -> int:
    """The reply code; of several refused readers (we send to one) the first."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return next(iter(error.recipients.values()))[0]
    return error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else 0
