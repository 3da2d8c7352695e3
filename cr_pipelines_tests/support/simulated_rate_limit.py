"""A simulated server with a rate limit, and clients that send to it by `WindowModel`, on a clock that costs no time."""

import heapq
import itertools
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from cr_pipelines.api.window_model import Permit, RateLimitHit, WindowModel


@dataclass
class FixedWindows:
    """Counts requests per window. Windows are gapless from `began` on, or begin with the first request after a gap."""

    limit: int
    interval: float
    gapless: bool
    began: float = 0.0
    taken: int = 0
    accepted: list[float] = field(default_factory=list)

    def left(self, now: float) -> int | None:
        """Count one request at `now`: how many are left after it, or None if it is refused."""
        if now >= self.began + self.interval:
            elapsed = math.floor((now - self.began) / self.interval)
            self.began = self.began + elapsed * self.interval if self.gapless else now
            self.taken = 0
        if self.taken >= self.limit:
            return None
        self.taken += 1
        self.accepted.append(now)
        return self.limit - self.taken

    def until_next(self, now: float) -> float:
        return self.began + self.interval - now


@dataclass
class Sender:
    """A process that has `to_send` requests to send and keeps at most `width` in flight."""

    to_send: int
    width: int
    starts: float = 0.0
    window: WindowModel = field(default_factory=WindowModel)
    refused: int = 0
    accepted: int = 0
    finished: float = 0.0
    waking: float = math.inf


class Simulation:
    def __init__(
        self, server: FixedWindows, senders: list[Sender], latency: Callable[[random.Random], float], seed: int
    ):
        self.server = server
        self.senders = senders
        self.now = 0.0
        self._latency = latency
        self._random = random.Random(seed)
        self._events: list[tuple[float, int, Callable[[], object]]] = []
        self._order = itertools.count()

    def run(self, longest: float = math.inf) -> None:
        for sender in self.senders:
            self.at(sender.starts, partial(self._send, sender))
        while self._events and self.now < longest:
            self.now, _, event = heapq.heappop(self._events)
            event()

    def at(self, moment: float, event: Callable[[], object]) -> None:
        heapq.heappush(self._events, (moment, next(self._order), event))

    def _send(self, sender: Sender) -> None:
        while sender.to_send > 0 and sender.window.in_flight < sender.width:
            wait = sender.window.wait(self.now)
            if wait > 0:
                if math.isfinite(wait) and not self.now < sender.waking <= self.now + wait:
                    sender.waking = self.now + wait
                    self.at(sender.waking, lambda: self._send(sender))
                return
            permit = sender.window.acquire(self.now)
            sender.to_send -= 1
            self.at(self.now + self._latency(self._random) / 2, partial(self._arrive, sender, permit))

    def _arrive(self, sender: Sender, permit: Permit) -> None:
        left = self.server.left(self.now)
        wait = self.server.until_next(self.now)
        self.at(self.now + self._latency(self._random) / 2, lambda: self._answer(sender, permit, left, wait))

    def _answer(self, sender: Sender, permit: Permit, left: int | None, wait: float) -> None:
        if left is None:
            sender.refused += 1
            sender.to_send += 1
            sender.window.on_429(
                permit,
                self.now,
                RateLimitHit(
                    wait=math.floor(wait * 1000) / 1000, interval=self.server.interval, limit=self.server.limit
                ),
            )
        else:
            sender.accepted += 1
            sender.finished = self.now
            sender.window.on_response(permit, self.now, self.server.limit, left)
        self._send(sender)
