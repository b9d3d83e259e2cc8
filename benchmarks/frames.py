"""The board in Chromium while all of its rows move: frames a second, and the longest task of the page's thread.

    .venv/bin/python -m benchmarks.frames [--symbols 500] [--rate 10] [--seconds 10] [--scroll wheel] [--url URL]

Scrolled, three pages are measured in turn: the board, the same page whose prices stand still (its script left out), and
a plain table of 500 rows. The last two are what the machine can do. By `wheel`, as a hand does it: notches at 2,000
px/s, which the browser makes smooth. By `script`, as no hand does it: the page's thread moves 40 px in each frame.

Without a graphics card the machine paints too: that costs processor time beside the page's thread, not in it.
"""

import argparse
import contextlib
import json
import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks import cores, native, ours
from benchmarks.exchange import Exchange
from benchmarks.program import NICENESS
from benchmarks.server import Unavailable
from benchmarks.stage import SYMBOLS, Stage
from benchmarks.targets import Target

ROWS, RATE, SECONDS = 500, 10.0, 10.0
WINDOW_MS = 100  # as it is unless somebody sets CONFLATION_MS
LIVE_MS = 60_000
SETTLE_SECONDS = 3.0
LONG_TASK_MS = 50.0
NOTCH, SPEED, THERE_AND_BACK = 100, 2_000, 6_000  # px, px/s, px until it turns
STILL_SCRIPT = "**/page/board*.js"
CELLS = "".join(f"<td>{61_828 + place:,}.02</td>" for place in range(10))
PLAIN = (
    "<!doctype html><style>table { inline-size: 100%; border-collapse: collapse; font: 15px sans-serif }"
    "tr { block-size: 44px; border-bottom: 1px solid #ddd } td { text-align: end }</style>"
    "<table><tbody>" + f"<tr>{CELLS}</tr>" * ROWS + "</tbody></table>"
)
PHASES = {"FunctionCall": "script", "EvaluateScript": "script"}
PHASES |= {"UpdateLayoutTree": "style", "Layout": "layout", "Paint": "paint", "PrePaint": "paint", "Layerize": "paint"}
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
TASK = "ThreadControllerImpl::RunTask"
CATEGORIES = [
    "toplevel",
    "devtools.timeline",
    "disabled-by-default-devtools.timeline.frame",
    "disabled-by-default-devtools.timeline",
]
# Notes when each frame began, and how often the text of a price changed; scrolls, if asked.
WATCH = """
    ([seconds, scrolls]) => void (window.watched = new Promise((resolve) => {
        const began = performance.now(), at = [], long = [];
        let changes = 0, way = 0, last = scrollY;
        const tasks = new PerformanceObserver((list) => long.push(...list.getEntries().map((task) => task.duration)));
        tasks.observe({ entryTypes: ["longtask"] });
        const texts = new MutationObserver((records) => (changes += records.length));
        texts.observe(document.querySelector("tbody"), { childList: true, subtree: true });
        let step = 40;
        const frame = (now) => {
            at.push(now);
            way += Math.abs(scrollY - last);
            last = scrollY;
            if (scrolls) {
                if (scrollY <= 0) step = 40;
                if (scrollY + innerHeight >= document.documentElement.scrollHeight - 1) step = -40;
                scrollBy(0, step);
            }
            if (now - began < seconds * 1000) return requestAnimationFrame(frame);
            tasks.disconnect();
            texts.disconnect();
            resolve({ at, long, changes, way });
        };
        requestAnimationFrame(frame);
    }))
"""


@dataclass(frozen=True, slots=True)
class Traced:
    """Durations (ms) of all tasks of the page's main thread, by the clock and of the processor, and what they were."""

    tasks: list[float]
    work: list[float]
    phases: Counter[str]
    drawn: int  # frames that the compositor drew


@dataclass(frozen=True, slots=True)
class Figures:
    """Times in ms. `busy` is the share of time in which the page's thread worked, `shares` what at.

    `longest_task` is by the clock, `longest_work` of the processor: where the machine is busy with other things, the
    clock shows these too. `frames` are those of the page's thread; `drawn` are those that came to the screen, none
    where nothing changed.
    """

    frames_per_second: float
    drawn_per_second: float
    pixels_per_second: float
    worst_frame: float
    late_frames: float
    longest_task: float
    longest_work: float
    long_tasks: int
    busy: float
    texts_per_second: float
    shares: dict[str, float]


def targets(stage: Stage) -> list[Target]:
    with _served(stage, ROWS, RATE) as url, _chromium() as browser:
        still, moving = measure(browser, url, SECONDS), measure(browser, url, SECONDS, scroll="wheel")
        control = measure(browser, url, SECONDS, scroll="wheel", page="still")
    name = f"board of {ROWS} rows, all moving {RATE:g} times a second"
    return [
        Target(f"{name}: frames", still.frames_per_second, 59, "/s"),
        Target(f"{name}: longest task", still.longest_task, LONG_TASK_MS, "ms", most=True),
        Target(f"{name}, scrolled: frames", moving.frames_per_second, 59, "/s"),
        Target(f"{name}, scrolled: longest task", moving.longest_task, LONG_TASK_MS, "ms", most=True),
        Target("the same while its prices stand still, scrolled: frames", control.frames_per_second, 59, "/s"),
    ]


def measure(browser: Browser, url: str, seconds: float, *, scroll: str = "", page: str = "live") -> Figures:
    """A trace of an open board that is live already; loading is not in it."""
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    try:
        shown = context.new_page()
        _open(shown, url, page)
        time.sleep(SETTLE_SECONDS)
        with tempfile.TemporaryDirectory(prefix="pricefeed-trace-") as folder:
            path = Path(folder) / "trace.json"
            browser.start_tracing(page=shown, path=path, categories=CATEGORIES)
            shown.evaluate(WATCH, [seconds, scroll == "script"])
            if scroll == "wheel":
                _turn_wheel(shown, seconds)
            watched = shown.evaluate("watched")
            browser.stop_tracing()
            return _figures(watched, _traced(json.loads(path.read_text())), seconds)
    finally:
        context.close()


def _open(shown: Page, url: str, page: str) -> None:
    if page == "plain":
        shown.set_content(PLAIN)
        return
    if page == "still":
        shown.route(STILL_SCRIPT, lambda route: route.fulfill(body="", content_type="text/javascript"))
    shown.goto(url)
    if page == "live":
        shown.wait_for_selector('[data-pill][data-word="live"]', timeout=LIVE_MS)


def _turn_wheel(shown: Page, seconds: float) -> None:
    """Down and up again, until the time is over; a notch that comes late does not make the next ones come closer."""
    shown.mouse.move(640, 500)
    end, way = time.monotonic() + seconds, 0
    while (now := time.monotonic()) < end:
        shown.mouse.wheel(0, NOTCH if way // THERE_AND_BACK % 2 == 0 else -NOTCH)
        way += NOTCH
        time.sleep(max(0.0, now + NOTCH / SPEED - time.monotonic()))


def _figures(watched: dict[str, Any], traced: Traced, seconds: float) -> Figures:
    at, tasks = watched["at"], traced.tasks
    gaps = [after - before for before, after in zip(at, at[1:], strict=False)]
    lasted = (at[-1] - at[0]) / 1000
    usual = median(gaps)
    return Figures(
        frames_per_second=len(gaps) / lasted,
        drawn_per_second=traced.drawn / lasted,
        pixels_per_second=watched["way"] / lasted,
        worst_frame=max(gaps),
        late_frames=sum(gap > 1.5 * usual for gap in gaps) / len(gaps),
        longest_task=max(tasks),
        longest_work=max(traced.work),
        long_tasks=max(len(watched["long"]), sum(task > LONG_TASK_MS for task in tasks)),
        busy=sum(tasks) / 1000 / lasted,
        texts_per_second=watched["changes"] / lasted,
        shares={name: round(ms / 1000 / lasted, 3) for name, ms in traced.phases.most_common()},
    )


def _traced(trace: dict[str, Any]) -> Traced:
    events = trace["traceEvents"]
    threads = [(event["pid"], event["tid"]) for event in events if _is_main(event)]
    frames = Counter((event["pid"], event["tid"]) for event in events if event.get("name") == "FireAnimationFrame")
    main = max(threads, key=lambda thread: frames[thread])  # other pages of the browser draw nothing
    tasks, work, phases = [], [], Counter[str]()
    for event in events:
        if (event["pid"], event["tid"]) != main or event.get("ph") != "X":
            continue
        ms = event.get("dur", 0) / 1000
        if event["name"] == TASK:
            tasks.append(ms)
            work.append(event.get("tdur", 0) / 1000)
        elif event["name"] in PHASES:
            phases[PHASES[event["name"]]] += ms
    drawn = sum(event["name"] == "DrawFrame" and event["pid"] == main[0] for event in events)
    return Traced(tasks, work, phases, drawn)


def _is_main(event: dict[str, Any]) -> bool:
    return event.get("name") == "thread_name" and event["args"]["name"] == "CrRendererMain"


@contextmanager
def _chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        raise Unavailable("no Chromium here (Debian: apt install chromium)")
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS)  # of the browser, which inherits it
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        _prefer(browser)
        yield browser
        browser.close()


def _prefer(browser: Browser) -> None:
    """It has a session of its own, and where the kernel groups processes by session niceness counts within it only."""
    devtools = browser.new_browser_cdp_session()
    for process in devtools.send("SystemInfo.getProcessInfo")["processInfo"]:
        with contextlib.suppress(OSError):
            Path(f"/proc/{process['id']}/autogroup").write_text(str(NICENESS))


@contextmanager
def _served(stage: Stage, symbols: int, rate: float) -> Iterator[str]:
    exchange = Exchange(stage, symbols=SYMBOLS[:symbols])
    server = ours.launch(stage, exchange, window_ms=WINDOW_MS)
    while not exchange.connections():
        time.sleep(0.05)
    exchange.change(symbols)
    exchange.send_at(rate)
    yield f"http://127.0.0.1:{server.port}/"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.frames", description=__doc__)
    parser.add_argument("--symbols", type=int, default=ROWS)
    parser.add_argument("--rate", type=float, default=RATE, help="changes a second of each symbol")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--scroll", choices=["wheel", "script"], default="", help="up and down meanwhile")
    parser.add_argument("--url", help="a board that runs already")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pricefeed-frames-") as folder, _chromium() as browser:
        if arguments.url:
            _print_all(browser, arguments.url, arguments)
            return
        stage = Stage(Path(folder), native.build(Path(folder)), cores.choose(), 1)
        try:
            with _served(stage, arguments.symbols, arguments.rate) as url:
                _print_all(browser, url, arguments)
        finally:
            stage.close()


def _print_all(browser: Browser, url: str, arguments: argparse.Namespace) -> None:
    for page in ["live", "still", "plain"] if arguments.scroll else ["live"]:
        figures = asdict(measure(browser, url, arguments.seconds, scroll=arguments.scroll, page=page))
        rounded = {name: value if isinstance(value, dict) else round(value, 2) for name, value in figures.items()}
        print(json.dumps({"page": page, **rounded}), flush=True)


if __name__ == "__main__":
    main()
