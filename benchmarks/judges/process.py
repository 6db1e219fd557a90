"""Every engine in a process of its own, which is asked to judge and tells how long it took."""

from __future__ import annotations

import importlib
import importlib.util
import time
from collections.abc import Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from triage.knowledge.model import Answers


class Peer(NamedTuple):
    """An engine that is compared. `module` of this package, its function, and whether it judges many cases at once."""

    name: str
    said: str
    module: str
    bulk: bool = False

    @property
    def needs(self) -> str:
        """The package that it needs besides the project's own; empty if none."""
        needs: str = importlib.import_module(f"benchmarks.judges.{self.module}").NEEDS
        return needs

    @property
    def installed(self) -> bool:
        return not self.needs or importlib.util.find_spec(self.needs) is not None


EXPERTA, COLUMNS, PYTHON, CLIPS = "experta", "columns", "python", "clips"
PEERS = (
    Peer(EXPERTA, "ours: experta, case by case", "by_experta"),
    Peer(COLUMNS, "ours: the columns, many cases at once", "by_columns", bulk=True),
    Peer(PYTHON, "plain Python, compiled", "by_python"),
    Peer(CLIPS, "CLIPS (clipspy)", "by_clips"),
    Peer("zen", "zen-engine, decision tables", "by_zen"),
    Peer("zen-expression", "zen-engine, one expression", "by_zen_expression"),
    Peer("durable", "durable_rules", "by_durable"),
    Peer("business-rules", "business-rules", "by_business_rules"),
)

Plain = tuple[Any, ...]  # an outcome, with the id of its disposition


class Failed(Exception):
    """What went wrong in the process of an engine."""


class Times(NamedTuple):
    """Seconds of processor time a case: all of it, and the engine alone (None where that cannot be told apart)."""

    case: float
    engine: float | None


class Process:
    """One engine with one rule base, built when it is made. To be closed. Raises Failed."""

    def __init__(self, peer: Peer, kind: str, times: int, people: dict[str, Sequence[Answers]]) -> None:
        context = get_context("spawn")
        self._here, there = context.Pipe()
        self._process = context.Process(target=_serve, args=(there,), daemon=True)
        self._process.start()
        there.close()
        self.built: float = self._ask("build", peer, kind, times, people)

    def results(self, name: str, count: int) -> list[Plain]:
        """What is said of the first people of a set."""
        found: list[Plain] = self._ask("results", name, count)
        return found

    def times(self, name: str, count: int, least: float) -> Times:
        """Of the first people of a set, judged again until `least` seconds have gone."""
        return Times(*self._ask("times", name, count, least))

    def close(self) -> None:
        self._here.close()
        self._process.join(10)
        if self._process.is_alive():
            self._process.kill()

    def _ask(self, what: str, *args: Any) -> Any:
        try:
            self._here.send((what, args))
            fine, answer = self._here.recv()
        except (EOFError, OSError):
            raise Failed("its process ended by itself") from None
        if not fine:
            raise Failed(answer)
        return answer


def _serve(there: Connection) -> None:
    served = _Served()
    while True:
        try:
            what, args = there.recv()
        except (EOFError, KeyboardInterrupt):
            return
        try:
            there.send((True, getattr(served, what)(*args)))
        except Exception as error:  # noqa: BLE001  (told by the other side)
            there.send((False, f"{type(error).__name__}: {error}"[:300]))


class _Served:
    """What is asked of a process, done."""

    def build(self, peer: Peer, kind: str, times: int, people: dict[str, Sequence[Answers]]) -> float:
        from benchmarks.judges.copies import answered, enlarged
        from triage.knowledge.rulebase import load

        rulebase = enlarged(load(), kind, times)
        self._people = {name: answered(some, kind, times) for name, some in people.items()}
        module = importlib.import_module(f"benchmarks.judges.{peer.module}")
        if peer.needs:
            importlib.import_module(peer.needs)
        begin = time.process_time()
        self._judge = module.build(rulebase)
        return time.process_time() - begin

    def results(self, name: str, count: int) -> list[Plain]:
        return [(one.disposition.id, *one[1:]) for one in self._judge(self._people[name][:count])]

    def times(self, name: str, count: int, least: float) -> tuple[float, float | None]:
        people = self._people[name][:count]
        case = _lasting(lambda: self._judge(people), least) / len(people)
        engine = getattr(self._judge, "engine", None)
        if engine is None:
            return case, None
        return case, self._alone(engine, people, least) / len(people)

    def _alone(self, engine: Any, people: Sequence[Answers], least: float) -> float:
        """The calls of the engine that these people lead to, made again without all that is between them."""
        calls: list[tuple[int, Any]] = []

        class Noting:
            def fired(self, layer: int, news: Any) -> Any:
                calls.append((layer, dict(news)))
                return engine.fired(layer, news)

        self._judge.engine = Noting()
        self._judge(people)
        self._judge.engine = engine

        def again() -> None:
            for layer, news in calls:
                engine.fired(layer, news)

        return _lasting(again, least)


def _lasting(work: Any, least: float) -> float:
    """Processor time of one go, the mean of as many as `least` seconds hold."""
    begin, goes = time.process_time(), 0
    while True:
        work()
        goes += 1
        taken = time.process_time() - begin
        if taken >= least:
            return taken / goes
