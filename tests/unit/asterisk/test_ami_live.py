import pytest

from ivr.asterisk.live import MAX_CALLERS, MAX_KEYS, Live


def event(kind: str, **fields: str) -> dict[str, str]:
    return {"Event": kind, "Privilege": "call,all", **fields}


def key(uniqueid: str, digit: str, at: float, direction: str = "Received") -> dict[str, str]:
    return event("DTMFEnd", Uniqueid=uniqueid, Digit=digit, Direction=direction, Timestamp=str(at))


def join(uniqueid: str, queue: str, position: int, at: float = 10.0) -> dict[str, str]:
    return event(
        "QueueCallerJoin", Uniqueid=uniqueid, Queue=queue, Position=str(position), Timestamp=str(at), CallerIDNum="79"
    )


def fed(*events: dict[str, str]) -> Live:
    live = Live(now=lambda: 100.0)
    for each in events:
        live.feed(each)
    return live


def test_keys_of_a_caller_are_kept_from_his_first_line_on():
    live = fed(
        key("1", "2", 5),
        join("1", "d-first", 1),
        key("1", "3", 11),
        key("1", "9", 11, direction="Sent"),
        event("QueueCallerLeave", Uniqueid="1", Queue="d-first"),
        key("1", "7", 12),
        join("1", "d-second", 1, at=13),
        key("1", "1", 14),
    )
    assert live.keys_since("1", 0) == "371"
    assert live.keys_since("1", 14.0) == "1"
    assert live.keys_since("unknown", 0) == ""


def test_places_in_a_queue_move_up_when_somebody_leaves():
    live = fed(*(join(name, "q", int(name)) for name in "123"))
    live.feed(event("QueueCallerLeave", Uniqueid="1", Queue="q"))
    assert [(caller.uniqueid, caller.position) for caller in live.waiting("q")] == [("2", 1), ("3", 2)]
    assert live.waiting("other") == ()
    assert live.waiting()[0].since == 10.0


def test_members_come_change_and_go():
    fields = {"Queue": "q", "MemberName": "201", "Interface": "Local/201@agents/n", "CallsTaken": "2"}
    live = fed(
        event("QueueMemberAdded", **fields, Status="5", Paused="0"),
        event("QueueMemberStatus", **fields, Status="6", Paused="1", InCall="0"),
    )
    (member,) = live.members("q")
    assert (member.name, member.status, member.paused, member.in_call, member.calls) == (
        "201",
        "ringing",
        True,
        False,
        2,
    )
    live.feed(event("QueueMemberRemoved", **fields))
    assert live.members() == ()


def test_f11_a_resync_replaces_who_waits_and_keeps_the_keys():
    live = fed(join("1", "q", 1), key("1", "4", 11))
    live.resync(
        [
            {"Event": "QueueParams", "Queue": "q"},
            {
                "Event": "QueueMember",
                "Queue": "q",
                "Name": "201",
                "Location": "Local/201",
                "Status": "1",
                "Paused": "0",
            },
            {"Event": "QueueEntry", "Queue": "q", "Position": "1", "Uniqueid": "3", "Wait": "7", "CallerIDNum": "79"},
        ],
    )
    assert live.keys_since("1", 0) == "4"
    assert [(caller.uniqueid, caller.since) for caller in live.waiting()] == [("3", 93.0)]
    assert live.members()[0].status == "free"


def test_b4_a_flood_of_keys_and_callers_is_bounded():
    live = Live()
    for number in range(MAX_CALLERS + 10):
        live.feed(join(str(number), "q", 1))
    assert len(live.waiting()) == MAX_CALLERS
    for _ in range(1000):
        live.feed(key("500", "1", 1))
        live.feed(key("0", "1", 1))
    assert live.keys_since("500", 0) == "1" * MAX_KEYS
    assert live.keys_since("0", 0) == "", "who came first is forgotten first"


def test_an_event_that_cannot_be_read_says_so():
    with pytest.raises(KeyError):
        Live().feed(event("QueueCallerJoin"))
