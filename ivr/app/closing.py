"""The controller closes calls whose end was lost: it says so in the journal, and the loader takes it from there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from functools import partial

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from ivr.asterisk.acts import act_channel, place_act
from ivr.asterisk.ami import Ami
from ivr.desk.count_living import Living
from ivr.desk.reconcile import Lost, Reconciling
from ivr.errors import DeskError
from ivr.ledger.verdict import RECONCILED
from ivr.store.open_calls import channels_of, open_calls

_log = structlog.get_logger("ivr.closing")


class Closing:
    """Holds each look at Asterisk against the ledger."""

    def __init__(self, ami: Ami, engine: Engine, node: str) -> None:
        self._ami = ami
        self._engine = engine
        self._node = node
        self._reconciling = Reconciling()

    async def take(self, living: Sequence[Living] | None) -> None:
        """Take the channels that live, None when nobody knows; close the calls that none of them belongs to."""
        at = time.time_ns() // 1000
        for lost in await asyncio.to_thread(self._lost, at, living):
            told = {"IVR_ABOUT": lost.call, "IVR_AT": str(lost.seen)}
            try:
                await place_act(self._ami, act_channel(self._node), RECONCILED, told)
            except DeskError as error:
                self._reconciling.undone(lost.call)
                _log.error("call.not_reconciled", call_id=lost.call, error=error.sentence)
            else:
                _log.warning("call.reconciled", call_id=lost.call, why="its end is in no record, and no channel lives")

    def _lost(self, at: int, living: Sequence[Living] | None) -> list[Lost]:
        if living is None:
            self._reconciling.forget()
            return []
        try:
            with self._engine.connect() as connection:
                complete_to, calls = open_calls(connection, self._node)
                return self._reconciling.look(at, living, calls, complete_to, partial(channels_of, connection))
        except SQLAlchemyError:
            self._reconciling.forget()
            return []
