"""How many of the exchange's frames one core takes through parse, order check and conflation.

python -m benchmarks.ingest     prints {"frames_per_second": N}
"""

import json
import time
from collections.abc import Iterator
from statistics import median

from market.core.conflate import Conflator
from market.core.merge import Merger
from market.exchanges import EXCHANGES

SYMBOLS = 16
FRAMES = 20_000
FRAMES_PER_WINDOW = 2_000  # a tenth of a second's at the promised rate
ROUNDS = 5
START_MS = 1_700_000_000_000
DAY_MS = 86_400_000


def frame(number: int) -> str:
    """A combined-stream ticker; price, times and ids move with number."""
    symbol, now, last = f"COIN{number % SYMBOLS}USDT", START_MS + number, 4_000_000_000 + number
    close = f"{60_000 + number % 997 / 100:.8f}"
    data = {
        "e": "24hrTicker", "E": now, "s": symbol, "p": "12.34000000", "P": "0.021", "w": "60001.23000000",
        "x": "59999.00000000", "c": close, "Q": "0.01008000", "b": close, "B": "1.01067000",
        "a": "60010.50000000", "A": "0.04175000", "o": "59987.66000000", "h": "61000.00000000",
        "l": "59000.00000000", "v": f"{43_251 + number % 89}.55345000", "q": f"{1_065_983_954 + number}.05928360",
        "O": now - DAY_MS, "C": now, "F": 4_000_000_000 - 10_000, "L": last, "n": 10_001 + number,
    }  # fmt: skip
    return json.dumps({"stream": f"{symbol.lower()}@ticker", "data": data}, separators=(",", ":"))


def windows(frames: list[str]) -> Iterator[list[str]]:
    for at in range(0, len(frames), FRAMES_PER_WINDOW):
        yield frames[at : at + FRAMES_PER_WINDOW]


def frames_per_second(frames: list[str]) -> float:
    """Each window's frames read, ordered and merged, then what is left of them taken."""
    read, merger, conflator = EXCHANGES["binance"].read, Merger("binance", "simulator"), Conflator(0.1)
    taken = 0
    began = time.perf_counter()
    for window in windows(frames):
        for text in window:
            heard = read(text)
            assert isinstance(heard, list)
            for tick in heard:
                quote = merger.apply(tick)
                if quote is not None:
                    conflator.offer(quote)
        taken += len(conflator.take(time.monotonic()))
    lasted = time.perf_counter() - began
    assert taken == SYMBOLS * FRAMES // FRAMES_PER_WINDOW, f"{taken} quotes left the conflator"
    return FRAMES / lasted


def main() -> None:
    frames = [frame(number) for number in range(FRAMES)]
    print(json.dumps({"frames_per_second": median(frames_per_second(frames) for _ in range(ROUNDS))}), flush=True)


if __name__ == "__main__":
    main()
