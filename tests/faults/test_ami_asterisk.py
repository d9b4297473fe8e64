"""F11-F14, S1, S2 against a real Asterisk, through a proxy that breaks."""

import asyncio
import contextlib
import socket
import time

import pytest

from ivr.asterisk.ami import Ami
from ivr.asterisk.live import Live
from ivr.errors import DeskError
from tests.faults.private_asterisk import AMI_PORT, SECRETS, Asterisk
from tests.faults.proxy import Proxy

pytestmark = pytest.mark.asterisk


class Events(Live):
    """The picture, and the names of all events in their order; may fail at some."""

    def __init__(self, fail_at: str = "") -> None:
        super().__init__()
        self.fed: list[str] = []
        self.resyncs = 0
        self._fail_at = fail_at

    def feed(self, event):
        self.fed.append(event["Event"])
        if event["Event"] == self._fail_at:
            raise ZeroDivisionError
        super().feed(event)

    def resync(self, queues):
        self.resyncs += 1
        super().resync(queues)


@pytest.fixture(scope="module")
def asterisk(tmp_path_factory):
    with Asterisk(tmp_path_factory.mktemp("ami")) as running:
        yield running


async def until(true, limit: float = 5.0) -> float:
    """Wait until the condition holds; return the seconds that it took."""
    begin = time.monotonic()
    while not true():
        assert time.monotonic() - begin < limit, "waited too long"
        await asyncio.sleep(0.01)
    return time.monotonic() - begin


@contextlib.asynccontextmanager
async def connected(picture, port: int = AMI_PORT, user: str = "desk", secret: str = SECRETS["desk"]):
    ami = Ami("127.0.0.1", port, user, secret, picture)
    try:
        await ami.start()
        await until(lambda: ami.state == "up")
        yield ami
    finally:
        await ami.close()


@contextlib.asynccontextmanager
async def driving():
    """Give a function that puts a caller into the queue, and one that does any action."""
    async with connected(Live(), user="driver", secret=SECRETS["driver"]) as driver:

        async def call() -> None:
            await driver.action(
                "Originate", Channel="Local/queue@test/n", Application="Wait", Data="60", Async="true", CallerID="79210"
            )

        try:
            yield call, driver.action
        finally:
            await driver.action("Hangup", Channel="/^Local\\/.*$/")
            while len(await driver.action("CoreShowChannels")) > 2:  # the next test must not see this caller leave
                await asyncio.sleep(0.05)


async def press(action, digit: str) -> None:
    """Let the waiting caller press a key."""
    rows = await action("CoreShowChannels")
    for row in rows[1:-1]:
        if row["Application"] == "Wait" and "queue@test" in row["Channel"]:
            await action("PlayDTMF", Channel=row["Channel"], Digit=digit, Duration="80")


async def test_who_waits_what_he_presses_and_what_the_agent_does_is_seen(asterisk):
    picture = Events()
    async with connected(picture) as ami, driving() as (call, action):
        assert [(member.interface, member.name) for member in picture.members("first")] == [
            ("Local/201@agents/n", "Agent 201")
        ]
        began = time.time()
        await call()
        await until(lambda: picture.waiting("first"))
        caller = picture.waiting("first")[0]
        assert caller.position == 1
        assert abs(caller.since - time.time()) < 3
        await press(action, "5")
        await press(action, "3")
        await until(lambda: picture.keys_since(caller.uniqueid, began) == "53")
        assert picture.keys_since(caller.uniqueid, time.time() + 1) == ""
        assert ami.health()["connected"]
        await action("Hangup", Channel="/^Local\\/.*$/")
        await until(lambda: not picture.waiting())


@pytest.mark.parametrize("how", ["cut", "reset"])
async def test_f11_a_link_that_is_cut_is_back_within_two_seconds_with_the_state_read_again(asterisk, how):
    picture = Events()
    async with Proxy(AMI_PORT) as proxy, connected(picture, proxy.port) as ami, driving() as (call, _):
        await proxy.refuse()
        getattr(proxy, how)()
        await until(lambda: ami.state != "up")
        await call()
        await asyncio.sleep(1.5)
        assert not picture.waiting()
        await proxy.listen()
        assert await until(lambda: ami.state == "up") <= 2.0
        assert len(picture.waiting("first")) == 1
        assert picture.resyncs == 2
        assert ami.health()["reconnects"] == 1


async def test_f12_a_half_open_link_is_noticed_within_15_seconds(asterisk):
    picture = Events()
    async with Proxy(AMI_PORT) as proxy, connected(picture, proxy.port) as ami, driving() as (call, _):
        proxy.swallow_answers = True
        await call()
        took = await until(lambda: ami.state != "up", 15)
        assert took <= 15
        proxy.swallow_answers = False
        await until(lambda: ami.state == "up", 3)
        assert len(picture.waiting("first")) == 1


async def test_f13_a_reader_that_stalls_for_10_seconds_has_its_gap_noticed_and_reconciled(asterisk):
    picture = Events()
    async with connected(picture) as ami, driving() as (call, action):
        ami._link.protocol.transport.pause_reading()
        await call()
        for _ in range(300):
            await action("UserEvent", UserEvent="Flood", Text="x" * 900)
        await until(lambda: ami.state != "up", 15)
        await until(lambda: ami.state == "up", 3)
        assert ami.health()["reconnects"] == 1
        assert len(picture.waiting("first")) == 1


async def test_f14_an_event_whose_handler_fails_is_set_aside_alone_and_in_order(asterisk):
    picture = Events(fail_at="DTMFEnd")
    async with connected(picture) as ami, driving() as (call, action):
        await call()
        await until(picture.waiting)
        await press(action, "5")
        await until(lambda: "DTMFEnd" in picture.fed)
        await action("Hangup", Channel="/^Local\\/.*$/")
        await until(lambda: not picture.waiting())
        assert ami.health()["set_aside"] == 1
        assert ami.health()["reconnects"] == 0
        came = ("QueueCallerJoin", "DTMFEnd", "QueueCallerLeave")
        assert sorted(came, key=picture.fed.index) == list(came)


async def test_s1_a_wrong_secret_is_one_attempt_and_one_sentence(asterisk):
    async with Proxy(AMI_PORT) as proxy:
        ami = Ami("127.0.0.1", proxy.port, "desk", "wrong", Live())
        with pytest.raises(DeskError, match=r"refuses the AMI user 'desk': Authentication failed\."):
            await ami.start()
        await asyncio.sleep(2)
        assert proxy.connections == 1
        assert ami.health()["state"] == "refused"
        with pytest.raises(DeskError, match="refuses the AMI user"):
            await ami.action("Ping")
        await ami.close()


def test_s1_a_user_with_the_right_secret_from_elsewhere_is_refused(asterisk):
    with socket.create_connection(("127.0.0.1", AMI_PORT), source_address=("127.0.0.2", 0), timeout=5) as elsewhere:
        elsewhere.sendall(b"Action: Login\r\nUsername: desk\r\nSecret: desk-secret\r\n\r\n")
        told = b""
        while b"\r\n\r\n" not in told:
            data = elsewhere.recv(4096)
            assert data
            told += data
        assert b"Response: Error" in told


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("Command", {"Command": "core show version"}),
        ("Originate", {"Channel": "Local/queue@test", "Application": "System", "Data": "true"}),
        ("Originate", {"Channel": "Local/queue@test", "Application": "AGI", "Data": "/bin/true"}),
        ("Originate", {"Channel": "Local/queue@test", "Application": "NoOp", "Data": "${SHELL(true)}"}),
        ("GetConfig", {"Filename": "manager.conf"}),
        ("ModuleLoad", {"Module": "app_system.so", "LoadType": "load"}),
    ],
)
async def test_s2_the_desks_user_may_not_command_start_a_program_or_read_configuration(asterisk, name, fields):
    async with connected(Live()) as ami:
        with pytest.raises(DeskError, match=r"Permission denied|Originate Access Forbidden"):
            await ami.action(name, **fields)
        assert (await ami.action("Ping"))[0]["Ping"] == "Pong"


async def test_asterisk_that_comes_later_or_again_is_found_and_its_queues_are_known(tmp_path, asterisk):
    asterisk.kill()
    picture = Events()
    ami = Ami("127.0.0.1", AMI_PORT, "desk", SECRETS["desk"], picture)
    try:
        await ami.start()
        assert ami.state == "down"
        for resyncs in (1, 2):
            await asyncio.to_thread(asterisk.start)
            await until(lambda: ami.state == "up")
            assert len(picture.members("first")) == 1
            assert picture.resyncs == resyncs
            asterisk.kill()
            await until(lambda: ami.state != "up")
    finally:
        await ami.close()
        await asyncio.to_thread(asterisk.start)
