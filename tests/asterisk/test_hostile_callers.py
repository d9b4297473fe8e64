"""B1, B3: what strangers put into numbers, names and request URIs. They are served like anybody, and harm nobody."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from ivr.phone.phone import Phone
from ivr.telephony.facts import EVENT_NAME
from tests.asterisk.front import Front, Scenes
from tests.asterisk.raw_sip import RawCall
from tests.running import eventually

pytestmark = pytest.mark.asterisk

HOST = b"127.0.0.1:9260"
FROMS = {
    "a number that forges an AMI event": (
        b"<sip:79210002001%0d%0aEvent%3a%20Forged%0d%0aX%3a%20@127.0.0.1>",
        "79210002001",
        "",
    ),
    "a number that forges an AGI header": (
        b"<sip:79210002002%0aagi_network_script%3a%20x@127.0.0.1>",
        "79210002002",
        "",
    ),
    "a number that forges a journal row": (b"<sip:79210002003%22%0d%0a%22IVR%22,%22@127.0.0.1>", "79210002003", ""),
    "a number that runs a shell": (b"<sip:79210002004$%7bSHELL(id)%7d@127.0.0.1>", "79210002004", ""),
    "a number with letters": (b"<sip:7921abc0002005@127.0.0.1>", "79210002005", ""),
    "a number of 100 digits": (b"<sip:" + b"7" * 100 + b"@127.0.0.1>", "7" * 32, ""),
    "a number that is a NUL": (b"<sip:79210002006%00hangup@127.0.0.1>", "79210002006", ""),
    "a name that forges an AMI event": (
        b'"Eve%0d%0aEvent: Forged\\"" <sip:79210002007@127.0.0.1>',
        "79210002007",
        'Eve%0d%0aEvent: Forged\\"',
    ),
    "a name of commas, pipes and quotes": (
        b'"a,b|c\\"d\'e;f" <sip:79210002008@127.0.0.1>',
        "79210002008",
        "a,b|c\\\"d'e;f",
    ),
    "a name that is an expression": (
        b'"${SHELL(touch /tmp/owned)}$(id)`id`" <sip:79210002009@127.0.0.1>',
        "79210002009",
        "${SHELL(touch /tmp/owned)}$(id)`id`",
    ),
    "a name of emoji": ('"\U0001f600 Ева" <sip:79210002010@127.0.0.1>'.encode(), "79210002010", "\U0001f600 Ева"),
    "a name of broken UTF-8": (b'"Ev\xff\xfea" <sip:79210002011@127.0.0.1>', "79210002011", None),
    "a name of 200 characters": (b'"' + b"E" * 200 + b'" <sip:79210002012@127.0.0.1>', "79210002012", "E" * 79),
    "the name hangup": (b'"hangup" <sip:79210002013@127.0.0.1>', "79210002013", "hangup"),
    "the number hangup": (b"<sip:hangup@127.0.0.1>", "", ""),
}
"""What it is: the From header, the number in the ledger, the name in the ledger (None: any)."""
NO_SIP = (
    b"<sip:79210002021${SHELL(id)}@127.0.0.1>",
    b"<sip:79210002022\r\nEvent: Forged\r\n@127.0.0.1>",
    b"<sip:79210002023 hangup@127.0.0.1>",
    b'"Eve" 79210002024@127.0.0.1>',
    b"<sip:79210002025@127.0.0.1",
)
"""From headers that are not SIP."""
URIS = {
    "a dial string": b"sip:100%26PJSIP%2f201@" + HOST,
    "an escaped agent": b"sip:PJSIP%2f659@" + HOST,
    "an agent": b"sip:659@" + HOST,
    "200 characters": b"sip:" + b"6" * 200 + b"@" + HOST,
    "an unknown number": b"sip:99999@" + HOST,
    "an inner context": b"sip:arrive@" + HOST,
    "a hint of the self-test": b"sip:s@" + HOST,
    "nothing": b"sip:" + HOST,
    "a flow's node": b"sip:650%40desk-hostile@" + HOST,
}
scenes = Scenes({"659": {"ring": 0.2}})


@pytest.fixture(scope="module")
def played(front):
    return scenes.play(front)


@scenes
async def strangers_call(front: Front):
    """Let all strangers call at once; return each one's rows."""
    before = {row["id"] for row in front.rows()}
    deaths = front.running.output.read_text().count("part.died")

    async def one(sender: bytes) -> int:
        async with RawCall(front.running.server, uri=b"sip:650@" + HOST, sender=sender) as call:
            with suppress(TimeoutError):
                await asyncio.wait_for(call.hung_up.wait(), 12)
            return call.final

    async with ami_events(front) as told:
        finals = await asyncio.gather(*(one(sender) for sender, _, _ in FROMS.values()))

    def closed() -> list[dict[str, object]]:
        rows = [row for row in front.rows() if row["id"] not in before and row["number"] == "650"]
        return rows if len(rows) >= finals.count(200) and all(row["ended_at"] for row in rows) else []

    rows = await eventually(closed, 20)
    return (
        dict(zip(FROMS, finals, strict=True)),
        rows,
        bytes(told),
        front.running.output.read_text().count("part.died") - deaths,
    )


@asynccontextmanager
async def ami_events(front: Front) -> AsyncIterator[bytearray]:
    """Collect what Asterisk's manager interface tells a client in the block, byte by byte."""
    reader, writer = await asyncio.open_connection("127.0.0.1", front.running.settings.ami_port)
    secret = json.loads((front.running.home / "secrets.json").read_text())["ami"]
    writer.write(f"Action: Login\r\nUsername: desk\r\nSecret: {secret}\r\n\r\n".encode())
    told = bytearray()

    async def collect() -> None:
        while piece := await reader.read(65536):
            told.extend(piece)

    task = asyncio.create_task(collect())
    try:
        yield told
    finally:
        writer.close()
        await writer.wait_closed()
        await task


@pytest.mark.parametrize("stranger", FROMS)
def test_b1_a_stranger_is_served_like_anybody_and_kept_without_his_dangerous_bytes(played, stranger):
    finals, rows, *_ = played(strangers_call)
    _, number, name = FROMS[stranger]
    assert finals[stranger] == 200
    mine = [row for row in rows if row["caller"] == number]
    assert len(mine) == 1
    assert (mine[0]["outcome"], mine[0]["desk"]) == ("goodbye", "hostile")
    assert name is None or mine[0]["caller_name"] == name
    assert mine[0]["caller_name"].isprintable()


def test_b1_strangers_make_as_many_calls_as_they_place_and_no_journal_row_of_their_own(front, played):
    _, rows, *_ = played(strangers_call)
    assert len(rows) == len(FROMS)
    ids = {row["id"] for row in rows}
    records = [record for record in front.records() if record.linkedid in ids]
    assert {record.uniqueid for record in records} == ids, "one channel each"
    facts = [record for record in records if record.event == EVENT_NAME]
    assert all(json.loads(record.extra)["extra"].isascii() for record in facts)
    for name in ("CHAN_START", "ANSWER", "HANGUP", "CHAN_END", "LINKEDID_END"):
        assert sum(record.event == name for record in records) == len(FROMS)


def test_b1_b2_an_event_that_a_number_forges_in_asterisks_manager_does_not_reach_us(front, played):
    """Asterisk lets the line break of a number through before the dialplan cleans it; those events are not made."""
    _, _, told, _ = played(strangers_call)
    assert b"Forged" not in told
    assert health(front, "controller")["ami"]["set_aside"] == 0


def test_b1_no_byte_of_a_stranger_stops_the_loader_the_controller_or_its_link_to_asterisk(front, played):
    *_, deaths = played(strangers_call)
    assert deaths == 0
    assert health(front, "controller")["ami"]["state"] == "up"
    assert health(front, "controller")["ami"]["reconnects"] == 0
    assert "Traceback" not in (front.running.home / "log/controller.log").read_text()


def health(front: Front, part: str) -> dict[str, Any]:
    return json.loads((front.running.home / f"health/{part}.json").read_text())


@scenes
async def strangers_who_speak_no_sip(front: Front):
    async def one(sender: bytes) -> int:
        async with RawCall(front.running.server, uri=b"sip:650@" + HOST, sender=sender) as call:
            await asyncio.sleep(1.5)
            return call.final

    return await asyncio.gather(*(one(sender) for sender in NO_SIP))


def test_b1_what_is_no_sip_is_not_served(front, played):
    assert 200 not in played(strangers_who_speak_no_sip)
    assert not any(record.number.startswith("7921000202") for record in front.records())


@scenes
async def a_stranger_reaches_an_agent(front: Front):
    """Press a key after a hostile number and name, and see what the agent's telephone is shown."""
    name = '${SHELL(id)}"x'
    async with front.caller("651", "+79210002050", name=name) as call:
        await call.press("1")
        offer = await front.offered("659")
        await front.talking("659")
    return await front.told("+79210002050"), offer


def test_b1_an_agents_telephone_shows_a_stranger_without_what_a_network_must_not_send(played):
    told, offer = played(a_stranger_reaches_an_agent)
    assert told.outcome == "answered"
    assert offer.caller.user == "+79210002050"
    assert not set(offer.caller.name) & set('${}"()')


@scenes
async def wrong_numbers(front: Front):
    before = len([r for r in front.records() if r.event == "CHAN_START" and r.context not in ("inbound", "")])

    async def one(uri: bytes) -> int:
        sender = b"<sip:79210002099@127.0.0.1>"
        async with RawCall(front.running.server, uri=uri, sender=sender) as call:
            await eventually(lambda: call.final, 10)
            return call.final

    finals = await asyncio.gather(*(one(uri) for uri in URIS.values()))
    return dict(zip(URIS, finals, strict=True)), before


@pytest.mark.parametrize("wrong", URIS)
def test_b3_a_request_for_what_is_no_desks_number_is_not_found(played, wrong):
    finals, _ = played(wrong_numbers)
    assert finals[wrong] == 404


def test_b3_wrong_numbers_dial_nothing_and_are_no_calls(front, played):
    played(wrong_numbers)
    assert front.rows("79210002099") == []
    assert [record for record in front.records() if record.number == "79210002099"] == []


@scenes
async def pretends_to_be_an_agent(front: Front):
    """Call from the trunk's address with an agent's number as one's own, without his password."""
    before = len(front.rows())
    async with Phone(server=front.running.server) as phone:
        call = await phone.call("650", caller="659")
        assert await call.over(10)
    async with RawCall(front.running.server, uri=b"sip:659@" + HOST, sender=b"<sip:628@127.0.0.1>") as raw:
        await eventually(lambda: raw.final)
    return call.ended, raw.final, before


def test_who_shows_an_agents_number_must_know_his_password(front, played):
    end, raw, _ = played(pretends_to_be_an_agent)
    assert (end.by, end.code) == ("failed", 401)
    assert raw == 401
    assert front.rows("659") == []
    assert front.rows("628") == []
