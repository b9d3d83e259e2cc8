"""The files of a recording: one open at a time, compressed, rotated, and never more of them than allowed."""

import contextlib
import re
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

# Only what looks like ours is ever deleted.
OURS = re.compile(r"[a-z0-9]+-\d{8}T\d{6}Z-\d{4}\.jsonl\.gz", re.ASCII)
SAME_SECOND = 10_000  # files that may begin in one second
MEGABYTE = 2**20
LEVEL = 6


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes as they lie on the disk: of one file, of all files together; and seconds after which a file is full.

    At least four files fit into `total`, so that deleting the oldest leaves most of the recording.
    """

    file: int = 64 * MEGABYTE
    total: int = 1024 * MEGABYTE
    seconds: float = 3600.0

    @property
    def of_a_file(self) -> int:
        return min(self.file, self.total // 4)


class RecordFiles:
    """Writes to `folder`, in one thread. Every method may raise OSError; after that, `abandon` and go on.

    A file is one gzip stream that is flushed to a byte boundary each time: what was flushed can be read even when
    the process was killed. Files are named after their begin, so that their names sort as their times do.
    """

    def __init__(self, folder: Path, name: str, room: Room) -> None:
        self._folder = folder
        self._name = name
        self._room = room
        self._file: BinaryIO | None = None
        self._path = folder
        self._sound = 0  # bytes of the open file that can be read
        self._opened_at = 0.0
        self._closed: list[tuple[Path, int]] = []  # oldest first
        self._deflate = zlib.compressobj(LEVEL, zlib.DEFLATED, 31)

    @property
    def is_open(self) -> bool:
        return self._file is not None

    def open(self, now: float, wall_ns: int) -> None:
        """Begin a file, in a folder that is made where it is missing. `now` is monotonic seconds."""
        self._folder.mkdir(parents=True, exist_ok=True)
        begin = datetime.fromtimestamp(wall_ns / 1e9, UTC)
        self._file = self._new(f"{self._name}-{begin:%Y%m%dT%H%M%SZ}")
        self._deflate = zlib.compressobj(LEVEL, zlib.DEFLATED, 31)
        self._sound, self._opened_at = 0, now
        self._closed = [
            (file, file.stat().st_size)
            for file in sorted(self._folder.iterdir())
            if OURS.fullmatch(file.name) and file != self._path
        ]

    def write(self, text: bytes) -> None:
        """Whole lines."""
        assert self._file is not None
        self._file.write(self._deflate.compress(text))

    def flush(self) -> None:
        """What was written can be read from now on."""
        assert self._file is not None
        self._file.write(self._deflate.flush(zlib.Z_SYNC_FLUSH))
        self._file.flush()
        self._sound = self._file.tell()
        self._make_room()

    def is_full(self, now: float) -> bool:
        return self._sound >= self._room.of_a_file or now - self._opened_at >= self._room.seconds

    def close(self) -> None:
        """End the file."""
        file, self._file = self._file, None
        if file is not None:
            with file:
                file.write(self._deflate.flush(zlib.Z_FINISH))

    def abandon(self) -> None:
        """Something failed: leave the file as it was after its last flush. Raises nothing."""
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):
                file.close()  # may try to write what is left of it
            with contextlib.suppress(OSError):
                if self._sound:
                    with self._path.open("r+b") as again:
                        again.truncate(self._sound)
                else:
                    self._path.unlink()

    def _new(self, name: str) -> BinaryIO:
        for number in range(SAME_SECOND):
            self._path = self._folder / f"{name}-{number:04d}.jsonl.gz"
            with contextlib.suppress(FileExistsError):
                return self._path.open("xb")
        raise FileExistsError(f"{self._folder}: too many files of one second")

    def _make_room(self) -> None:
        used = self._sound + sum(size for _, size in self._closed)
        while self._closed and used > self._room.total:
            oldest, size = self._closed.pop(0)
            oldest.unlink(missing_ok=True)
            used -= size
