"""Publishes the exchange's quotes to nchan over one keep-alive HTTP connection.

Runs beside nginx on the other cores: nginx itself cannot read an exchange. Requests are pipelined, so
that nchan never waits for this process: `--ahead` of them at most are unanswered.
"""

import argparse
import asyncio
import json

import uvloop

from benchmarks.peers.venue import exchange_port, quotes


async def count_answers(reader: asyncio.StreamReader, ahead: asyncio.Semaphore) -> None:
    """Releases one place for each answered POST."""
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length or 0))
        ahead.release()


async def publish(publish_port: int, most: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", publish_port)
    ahead = asyncio.Semaphore(most)
    answers = asyncio.create_task(count_answers(reader, ahead))
    async for quote in quotes(exchange_port()):
        await ahead.acquire()
        body = json.dumps(quote).encode()
        writer.write(
            b"POST /publish HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        )
        await writer.drain()
    await answers


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--publish", type=int, required=True)
    parser.add_argument("--ahead", type=int, default=8)
    arguments = parser.parse_known_args()[0]
    uvloop.run(publish(arguments.publish, arguments.ahead))


if __name__ == "__main__":
    main()
