"""B1, B2, F14, F15 with a scripted AMI server, which can say what a real one never should."""

import asyncio
import contextlib

import pytest

from ivr.asterisk.ami import Ami
from ivr.errors import DeskError


class Record:
    """A picture that keeps what it is fed."""

    def __init__(self):
        self.fed = []
        self.resyncs = 0

    def feed(self, event):
        self.fed.append(event)

    def resync(self, queues):
        self.resyncs += 1
        self.queues = queues


class Server:
    """Plays Asterisk's AMI; keeps all actions. Actions in `silent` get no answer."""

    def __init__(self):
        self.actions = []
        self.silent = set()
        self.queues = ""
        self.logins = 0
        self.writer = None

    async def __call__(self, reader, writer):
        self.writer = writer
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                block = (await reader.readuntil(b"\r\n\r\n")).decode()
                action = dict(line.split(": ", 1) for line in block.strip().split("\r\n"))
                self.actions.append(action)
                if action["Action"] not in self.silent:
                    self.answer(action)
        writer.close()

    def answer(self, action):
        start = f"Response: Success\r\nActionID: {action['ActionID']}\r\n"
        end = f"ActionID: {action['ActionID']}\r\nEventList: Complete\r\n\r\n"
        match action["Action"]:
            case "QueueStatus":
                items = self.queues.replace("@ID", action["ActionID"])
                self.say(f"{start}EventList: start\r\n\r\n{items}Event: QueueStatusComplete\r\n{end}")
            case _:
                self.say(f"{start}Message: done\r\n\r\n")

    def say(self, text):
        self.writer.write(text if isinstance(text, bytes) else text.encode())


@contextlib.asynccontextmanager
async def talking(prepare=lambda _: None):
    server, picture = Server(), Record()
    prepare(server)
    listener = await asyncio.start_server(server, "127.0.0.1", 0)
    ami = Ami("127.0.0.1", listener.sockets[0].getsockname()[1], "desk", "secret", picture, resync_pause=0.0)
    try:
        await ami.start()
        await until(lambda: ami.state == "up")
        yield server, ami, picture
    finally:
        await ami.close()
        listener.close()
        if server.writer:
            server.writer.close()
            with contextlib.suppress(ConnectionError):
                await server.writer.wait_closed()


async def until(true, limit=5.0):
    async with asyncio.timeout(limit):
        while not true():
            await asyncio.sleep(0.01)


def event(name, **fields):
    return (
        "".join(f"{key}: {value}\r\n" for key, value in {"Event": name, "Privilege": "call,all", **fields}.items())
        + "\r\n"
    )


async def test_b2_f14_a_broken_event_is_set_aside_alone_and_the_state_is_read_again():
    async with talking() as (server, ami, picture):
        server.say(
            event("One")
            + "Event: Two\r\nPrivilege: call,all\r\nUniqueid: 1\r\nUniqueid: 2\r\n\r\n"
            + "Event: Three\r\nUniqueid: 1\r\n\r\n"
            + "ConnectedLineNum: 7\r\n\r\n"
            + event("Four")
        )
        await until(lambda: [each["Event"] for each in picture.fed] == ["One", "Four"])
        assert ami.health()["set_aside"] == 3
        await until(lambda: picture.resyncs == 2)
        assert ami.health()["reconnects"] == 0


async def test_b1_a_number_with_line_breaks_forges_no_event_that_stays():
    async with talking() as (server, ami, picture):
        server.say(event("Newchannel", Channel="PJSIP/1", CallerIDNum="1\r\nChannel: x", Uniqueid="1"))
        server.say(event("Newchannel", CallerIDNum="1\r\n\r\nEvent: Hangup\r\nPrivilege: call,all", Uniqueid="2"))
        server.say(event("Newchannel", CallerIDNum="1\r\n\r\nUniqueid: 3"))
        await until(lambda: picture.resyncs >= 2)
        assert ami.health()["set_aside"] >= 2


async def test_b1_letters_that_the_network_cuts_stay_whole():
    async with talking() as (server, _, picture):
        for byte in event("Newchannel", CallerIDName="Иван Ильич").encode():
            server.say(bytes([byte]))
            await asyncio.sleep(0)
        await until(lambda: picture.fed)
        assert picture.fed[0]["CallerIDName"] == "Иван Ильич"


async def test_b1_a_forged_item_of_a_list_is_left_out():
    def prepare(server):
        item = "Event: QueueEntry\r\nActionID: @ID\r\n"
        server.queues = f"{item}Channel: a\r\n\r\n{item}Channel: b\r\nCallerIDNum: 1\r\nChannel: forged\r\n\r\n"

    async with talking(prepare) as (_, _, picture):
        assert [row["Channel"] for row in picture.queues] == ["a"]


async def test_events_are_served_in_order_and_after_the_state_was_read():
    async with talking() as (server, _, picture):
        server.say("".join(event("Number", Count=str(number)) for number in range(2000)))
        await until(lambda: len(picture.fed) == 2000)
        assert [int(each["Count"]) for each in picture.fed] == list(range(2000))


async def test_f15_f11_an_unanswered_action_fails_and_is_never_sent_again():
    async with talking(lambda server: server.silent.add("Originate")) as (server, ami, _):
        asked = asyncio.create_task(ami.action("Originate", Channel="Local/1@x"))
        await until(lambda: server.actions[-1]["Action"] == "Originate")
        server.writer.close()
        with pytest.raises(DeskError, match="closed the connection: nobody knows whether Originate was done"):
            await asked
        await until(lambda: ami.state != "up")
        await until(lambda: ami.state == "up")
        await asyncio.sleep(0.2)
        assert [action["Action"] for action in server.actions].count("Originate") == 1
        assert [action["Action"] for action in server.actions].count("Login") == 2


async def test_an_action_without_an_answer_ends_at_its_limit_and_the_link_stays():
    async with talking(lambda server: server.silent.add("Slow")) as (_, ami, _):
        with pytest.raises(DeskError, match="did not answer in time"):
            await ami.action("Slow", limit=0.1)
        assert (await ami.action("Quick"))[0]["Message"] == "done"
        assert ami.state == "up"


async def test_s3_a_line_break_in_a_value_is_refused_before_anything_is_sent():
    async with talking() as (server, ami, _):
        before = len(server.actions)
        with pytest.raises(DeskError, match="line break"):
            await ami.action("QueueAdd", Interface="Local/1\r\n\r\nAction: Originate")
        await asyncio.sleep(0.05)
        assert len(server.actions) == before


async def test_close_in_the_middle_of_reconnecting_ends_it():
    async with talking() as (server, ami, _):
        server.silent.add("Login")
        server.writer.close()
        await until(lambda: ami.state != "up")
        await ami.close()
        logins = len(server.actions)
        await asyncio.sleep(1.5)
        assert len(server.actions) == logins
        assert ami.state == "closed"
        with pytest.raises(DeskError, match="not connected"):
            await ami.action("Ping")


async def test_what_is_no_ami_is_tried_again_with_pauses():
    seen = []

    async def stranger(reader, writer):
        seen.append(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read()
        writer.close()

    listener = await asyncio.start_server(stranger, "127.0.0.1", 0)
    ami = Ami("127.0.0.1", listener.sockets[0].getsockname()[1], "desk", "secret", Record())
    await ami.start()
    await asyncio.sleep(1)
    assert 2 <= len(seen) <= 6
    assert "no banner" in ami.health()["error"]
    await ami.close()
    listener.close()
