"""Database work of one kind in threads of its own: what waits for a locked table there holds up nothing else."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import ParamSpec, TypeVar

from django.db import connections

P = ParamSpec("P")
T = TypeVar("T")


class OwnThreads:
    def __init__(self, count: int, name: str) -> None:
        self._threads = ThreadPoolExecutor(count, name)

    async def __call__(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """With a connection that ends with it; in the language of who asks. What `work` raises is raised."""

        def worked() -> T:
            try:
                return work(*args, **kwargs)
            finally:
                connections.close_all()

        return await asyncio.get_running_loop().run_in_executor(self._threads, copy_context().run, worked)


class OwnThread:
    """One thread, for what is done again and again: its connection stays, and after a failure is a new one."""

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(1, name)

    async def __call__(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `work` raises is raised."""

        def worked() -> T:
            try:
                return work(*args, **kwargs)
            except BaseException:
                connections.close_all()
                raise

        return await asyncio.get_running_loop().run_in_executor(self._thread, worked)
