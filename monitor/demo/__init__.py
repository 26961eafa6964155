"""The demo: the real service on an invented school, with a web site and a mail server of its own, all on loopback."""
