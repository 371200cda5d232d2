"""A mail server on loopback that speaks enough SMTP for a client that sends plain e-mail."""

from __future__ import annotations

import socketserver
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from tests.support.serving import LoopbackServer


@dataclass(frozen=True)
class Taken:
    """An e-mail that the server has taken: the envelope, and the bytes."""

    sender: str
    to: str
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        made = message_from_bytes(self.raw, policy=default)
        assert isinstance(made, EmailMessage)
        return made


class MailServer:
    """`refuses` maps an address to the line that it is refused with; `breaks`: so many connections are cut
    after the e-mail was taken and before that was said."""

    def __init__(self) -> None:
        self.taken: list[Taken] = []
        self.connections = 0
        self.refuses: dict[str, str] = {}
        self.breaks = 0
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            timeout = 10

            def handle(self) -> None:
                outer.connections += 1
                try:
                    outer._talk(self)
                except OSError:
                    pass

        self._server = LoopbackServer(Handler)
        self.port = self._server.port

    def stop(self) -> None:
        self._server.stop()

    def _talk(self, session: socketserver.StreamRequestHandler) -> None:
        def say(line: str) -> None:
            session.wfile.write(line.encode() + b"\r\n")

        sender, to = "", ""
        say("220 mail.example ready")
        while line := session.rfile.readline(1000).decode().strip():
            word = line.split(":")[0].split(" ")[0].upper()
            if word in ("EHLO", "HELO", "RSET", "NOOP"):
                say("250 mail.example")
            elif word == "MAIL":
                sender = line.split("<")[1].split(">")[0]
                say("250 go on")
            elif word == "RCPT":
                to = line.split("<")[1].split(">")[0]
                say(self.refuses.get(to, "250 go on"))
            elif word == "DATA":
                say("354 until a dot")
                lines: list[bytes] = []
                while (part := session.rfile.readline()) not in (b".\r\n", b""):
                    lines.append(part[1:] if part.startswith(b"..") else part)
                self.taken.append(Taken(sender, to, b"".join(lines)))
                if self.breaks:
                    self.breaks -= 1
                    return
                say("250 taken")
            elif word == "QUIT":
                say("221 bye")
                return
            else:
                say("502 not known here")
