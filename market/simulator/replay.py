"""Plays a recording to those who subscribed to its streams, at a multiple of its own pace."""

import asyncio
import time
from collections.abc import Iterator
from itertools import count

from market.simulator.audience import Audience
from market.simulator.faults import Faults
from market.simulator.recording import Record, Recording
from market.simulator.rounds import Rounds

BATCH = 256  # messages between two looks at the clock and at the sockets
FULL = 256 * 1024  # bytes waiting for a client before the replay waits for it
PATIENCE = 5.0  # seconds a replay waits for one client before cutting it off
NAP = 0.002


class Replay:
    """`speed` 1 is the recorded pace, 2 twice as fast, 0 as fast as the sockets take it.

    Begins with the first subscriber to a recorded stream, so that nobody misses the start. At the end it
    stops, or with `loop` begins again: from the second round on ids and times are moved on (`rounds`), so that for
    whoever listens the market just goes on. The newest message of each stream is in `latest`.
    """

    def __init__(
        self,
        recording: Recording,
        *,
        audience: Audience,
        faults: Faults,
        speed: float,
        loop: bool,
    ) -> None:
        self.recording = recording
        self.finished = asyncio.Event()
        self.played = 0
        self.latest: dict[str, bytes] = {}
        self._audience = audience
        self._faults = faults
        self._speed = speed
        self._rounds = Rounds(recording) if loop else None
        self._begun = 0.0

    async def run(self) -> None:
        """Play once, or for ever with `loop`."""
        await self._play(self.recording.records())
        if self._rounds is not None:
            for number in count(1):
                await self._play(self._rounds.records(number))
        self.finished.set()

    async def _play(self, records: Iterator[Record]) -> None:
        await self._somebody_listens()
        self._begun, first_ns = time.monotonic(), 0
        for number, record in enumerate(records, start=1):
            first_ns = first_ns or record.at_ns
            if self._speed:
                await self._until((record.at_ns - first_ns) / 1e9 / self._speed)
            if number % BATCH == 0 or self._faults.stall:
                await self._rest()
            self._send(record)
        await self._rest()

    async def _until(self, due: float) -> None:
        """Wait until `due` seconds after the beginning, with everything before it written."""
        wait = self._begun + due - time.monotonic()
        if wait > 0:
            await self._rest()
            await asyncio.sleep(self._begun + due - time.monotonic())

    def _send(self, record: Record) -> None:
        self.played += 1
        self.latest[record.stream] = record.raw
        if self._faults.silent and record.stream.partition("@")[0].upper() in self._faults.silent:
            return
        self._audience.publish_recorded(record.stream, combined=record.combined, raw=record.raw)

    async def _rest(self) -> None:
        """Write, let others run, and wait out a stall and the clients that are behind."""
        if self._faults.malformed:
            self._audience.spoil(self._faults.malformed)
        self._audience.flush()
        await asyncio.sleep(0)
        stalled = time.monotonic()
        while self._faults.stall:
            await asyncio.sleep(NAP)
            self._begun += time.monotonic() - stalled
            stalled = time.monotonic()
        await self._room()

    async def _room(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while behind := self._audience.behind(FULL):
            if time.monotonic() > deadline:
                for connection in behind:
                    connection.cut_off()
            await asyncio.sleep(NAP)

    async def _somebody_listens(self) -> None:
        recorded = set(self.recording.streams())
        while recorded.isdisjoint(self._audience.streams):
            await asyncio.sleep(NAP)
