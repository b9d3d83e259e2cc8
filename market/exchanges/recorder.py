"""Records what an exchange says, frame by frame, with the time at which each came. The lines: `exchanges/recorded`.

A thread of its own compresses and writes. The feed only appends to a queue: however slow, full or broken the disk
is, prices do not wait for it. What could not be written is counted, said once, and marked in the file as a gap.
"""

import asyncio
import base64
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import orjson

from market.exchanges.record_files import MEGABYTE, RecordFiles, Room

logger = logging.getLogger(__name__)

# Lines between two calls of the compressor, which lets the feed's thread run meanwhile.
LINES = 64
TOO_SLOW = "the disk is too slow"


@dataclass(frozen=True, slots=True)
class RecordPace:
    """Seconds: between two writes, after one that failed (doubled up to `longest`), for the last one at the end.

    `queue` bytes may wait for the disk.
    """

    write: float = 0.25
    retry: float = 1.0
    longest: float = 30.0
    stop: float = 0.8
    queue: int = 32 * MEGABYTE


@dataclass(frozen=True, slots=True)
class RecordTo:
    """Where to, and how much."""

    folder: Path
    room: Room = Room()
    pace: RecordPace = RecordPace()


@dataclass(frozen=True, slots=True)
class _Line:
    """`at` is monotonic seconds. A frame where `event` is empty; else `text` are the event's other members."""

    at: float
    event: str
    text: bytes


class Recorder:
    """Records inside its `async with`. `frame` and what tells events are called on the feed's loop and never wait.

    `written` and `lost` count frames.
    """

    def __init__(
        self,
        to: RecordTo,
        *,
        name: str,
        files: RecordFiles | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._to = to
        self._files = files or RecordFiles(to.folder, name, to.room)
        self._clock = clock
        self._wall_ns = wall_ns
        self._offset_ns = wall_ns() - int(clock() * 1e9)
        self._queue: deque[_Line] = deque()
        # Each written by one thread only, so that none needs a lock.
        self._bytes_in = self._bytes_out = 0
        self._refused = 0  # frames that found no place in the queue, since the last that did
        self._refused_before = 0
        self._unwritten = self._unmarked = 0  # frames that could not be written: ever, and since the last gap's line
        self._connection = b""  # the newest one, which each file says at its begin
        self._trouble = ""
        self._pause = to.pace.retry
        self._retry_at = float("-inf")
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self.written = 0

    @property
    def lost(self) -> int:
        return self._refused_before + self._refused + self._unwritten

    async def __aenter__(self) -> Self:
        self._thread.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Write what waits, and end the file. Waits for the disk, but not for long."""
        self._stopping.set()
        await asyncio.to_thread(self._thread.join, self._to.pace.stop)
        if self._thread.is_alive():
            logger.warning("%s: %s: the end of the recording is lost", self._to.folder, TOO_SLOW)

    def frame(self, frame: bytes, at: float) -> None:
        """The hot path. `at` is monotonic seconds."""
        if self._bytes_in - self._bytes_out > self._to.pace.queue:
            if not self._refused:
                logger.warning("%s: %s: frames are left out of the recording", self._to.folder, TOO_SLOW)
            self._refused += 1
            return
        if self._refused:
            self._put(_Line(at, "gap", _members(lost=self._refused, reason=TOO_SLOW)))
            self._refused_before += self._refused
            self._refused = 0
        self._put(_Line(at, "", frame))

    def connected(self, url: str, at: float) -> None:
        self._put(_Line(at, "connect", _members(url=url)))

    def sent(self, text: str, at: float) -> None:
        """`text` is the JSON that went to the exchange."""
        self._put(_Line(at, "client_sent", b'"msg":' + text.encode()))

    def ended(self, reason: str, at: float) -> None:
        self._put(_Line(at, "disconnect", _members(reason=reason)))

    def _put(self, line: _Line) -> None:
        self._bytes_in += len(line.text)
        self._queue.append(line)

    # The writer's thread.

    def _run(self) -> None:
        while not self._stopping.wait(self._to.pace.write):
            self._write_waiting()
        self._write_waiting()
        try:
            self._files.close()
        except OSError as exc:
            self._fail(exc, 0)

    def _write_waiting(self) -> None:
        """All that waits now, as one block. Frames are lost until the next try where the disk fails."""
        now, waiting = self._clock(), len(self._queue)
        if now < self._retry_at and not self._stopping.is_set():
            self._drop(waiting)
            return
        frames = 0
        try:
            if not self._files.is_open or (waiting and self._files.is_full(now)):
                self._begin_file(now)
            for start in range(0, waiting, LINES):
                lines = [self._queue.popleft() for _ in range(min(LINES, waiting - start))]
                frames += sum(not line.event for line in lines)
                self._bytes_out += sum(len(line.text) for line in lines)
                self._files.write(b"".join(map(self._text, lines)))
                self._connection = next(
                    (line.text for line in reversed(lines) if line.event == "connect"), self._connection
                )
            if waiting or self._unmarked:
                self._files.flush()
        except OSError as exc:
            self._fail(exc, frames)
            return
        self.written += frames
        self._recover()

    def _begin_file(self, now: float) -> None:
        """Its times begin with what the wall clock says, and go on by a clock that nobody sets."""
        self._files.close()
        wall_ns = self._wall_ns()
        self._offset_ns = wall_ns - int(now * 1e9)
        self._files.open(now, wall_ns)
        if self._connection:
            self._files.write(self._text(_Line(now, "connect", self._connection + b',"repeated":true')))
        if self._unmarked:
            gap = _Line(now, "gap", _members(lost=self._unmarked, reason=self._trouble))
            self._files.write(self._text(gap))

    def _text(self, line: _Line) -> bytes:
        at_ns = self._offset_ns + int(line.at * 1e9)
        if line.event:
            return b'{"recv_ns":%d,"event":"%b",%b}\n' % (at_ns, line.event.encode(), line.text)
        if _is_one_line(line.text):
            return b'{"recv_ns":%d,"msg":%b}\n' % (at_ns, line.text)
        return b'{"recv_ns":%d,"event":"bad_frame","base64":"%b"}\n' % (at_ns, base64.b64encode(line.text))

    def _drop(self, waiting: int) -> None:
        lines = [self._queue.popleft() for _ in range(waiting)]
        self._bytes_out += sum(len(line.text) for line in lines)
        self._lose(sum(not line.event for line in lines))

    def _lose(self, frames: int) -> None:
        self._unwritten += frames
        self._unmarked += frames

    def _fail(self, exc: OSError, frames: int) -> None:
        """Give the file up; frames of this block are lost, and all until a new file can be begun."""
        self._files.abandon()
        self._lose(frames)
        if not self._trouble:
            self._trouble = exc.strerror or str(exc) or type(exc).__name__
            logger.warning("%s: cannot be recorded to: %s; prices go on", self._to.folder, self._trouble)
        self._retry_at = self._clock() + self._pause
        self._pause = min(2 * self._pause, self._to.pace.longest)

    def _recover(self) -> None:
        if self._trouble:
            logger.warning("%s: recorded again, %d frames were lost", self._to.folder, self._unmarked)
        self._trouble, self._unmarked, self._pause = "", 0, self._to.pace.retry


def _members(**words: str | int) -> bytes:
    """Members of a JSON object, without its braces."""
    return orjson.dumps(words)[1:-1]


def _is_one_line(frame: bytes) -> bool:
    """Whether it is JSON that can stand in a line as it is."""
    if b"\n" in frame:
        return False
    try:
        orjson.loads(frame)
    except orjson.JSONDecodeError:
        return False
    return True
