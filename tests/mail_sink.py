"""A real SMTP server for tests: it counts each Message-ID and plays the part it is given.

The recipient says what happens: ``gone-…`` is refused for good, ``later-…`` for now, ``full-…``
after the body for now, ``bad-…`` after the body for good; ``drop-…`` is taken, but the line is cut
before the answer, the first time. Everything else is taken.

As a process of its own: ``python -m tests.mail_sink --log FILE`` prints its port and appends one
Message-ID per taken mail to the file. With ``--delay`` it thinks about each one for a while, half
of it before and half after it has taken the mail.
"""

# ruff: noqa: N802, T201 -- aiosmtpd names its hooks; the port is printed for whoever started us
import argparse
import asyncio
import sys
import threading
import time
from collections import Counter
from email.parser import BytesHeaderParser
from pathlib import Path

from aiosmtpd.smtp import SMTP

READ_HEADERS = BytesHeaderParser().parsebytes


class Handler:
    def __init__(self, *, pipelining=True, log=None, delay=0.0):
        self.pipelining = pipelining
        self.log = log
        self.delay = delay
        self.taken = Counter()
        self.mails = []
        self.connections = 0
        self.dropped = set()
        self.refuse_sender = None
        self.before_answer = None

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.connections += 1
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]] if self.pipelining else responses

    async def handle_MAIL(self, server, session, envelope, address, options):
        if self.refuse_sender:
            return self.refuse_sender
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("gone-"):
            return "550 5.1.1 no such mailbox <secret text>"
        if address.startswith("later-"):
            return "451 4.7.1 come back later"
        if address.startswith("bye-"):
            return "421 4.3.2 closing"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        address = envelope.rcpt_tos[0]
        if address.startswith("full-"):
            return "452 4.2.2 mailbox full"
        if address.startswith("bad-"):
            return "554 5.6.0 not this content"
        headers = READ_HEADERS(envelope.content)
        name = headers["Message-ID"].strip("<>").split("@")[0]
        if self.before_answer:
            self.before_answer(name)
        self.taken[name] += 1
        if self.log:
            await asyncio.sleep(self.delay / 2)
            self.log.write(f"{name} {time.time():.3f}\n")
            await asyncio.sleep(self.delay / 2)
        else:
            self.mails.append((address, envelope.content))
        if address.startswith("drop-always-") or (
            address.startswith("drop-") and address not in self.dropped
        ):
            self.dropped.add(address)
            server.transport.abort()
        return "250 taken"


class Sink:
    """The server in a thread of its own: ``with Sink() as sink: … sink.port``."""

    def __init__(self, handler=None):
        self.handler = handler or Handler()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.started = threading.Event()

    def _run(self):
        asyncio.set_event_loop(self.loop)
        self.server = self.loop.run_until_complete(serve(self.handler, self.loop))
        self.port = self.server.sockets[0].getsockname()[1]
        self.started.set()
        self.loop.run_forever()
        self.server.close()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_until_complete(asyncio.sleep(0.01))
        self.loop.close()

    def __enter__(self):
        self.thread.start()
        assert self.started.wait(5)
        return self

    def __exit__(self, *_error):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)


async def serve(handler, loop, port=0):
    return await loop.create_server(
        lambda: SMTP(handler, hostname="sink.test", loop=loop, enable_SMTPUTF8=False, timeout=60),
        "127.0.0.1",
        port,
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--log", required=True)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds each mail takes")
    options = parser.parse_args()

    async def run():
        with Path(options.log).open("a", buffering=1) as log:  # noqa: ASYNC230 -- one line each
            server = await serve(Handler(log=log, delay=options.delay), asyncio.get_running_loop())
            print(server.sockets[0].getsockname()[1], flush=True)
            await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

    asyncio.run(run())


if __name__ == "__main__":
    main()
