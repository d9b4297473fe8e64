"""RTP: packets, keys, the pace of sending, G.711 and the time line."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.phone import rtp
from ivr.phone.g711 import decode, encode
from ivr.phone.timeline import Timeline


@given(st.integers(0, 127), st.integers(0, 65535), st.integers(0, 2**32 - 1), st.binary(max_size=200), st.booleans())
def test_a_packet_comes_back_as_it_went(kind, sequence, timestamp, payload, marker):
    packet = rtp.Packet(kind, sequence, timestamp, 7, payload, marker)
    assert rtp.parse(packet.encode()) == (None if marker and 64 <= kind <= 95 else packet)


def test_padding_sources_and_extensions_are_taken_off():
    plain = rtp.Packet(0, 1, 2, 3, b"voice").encode()
    dressed = bytes([0xB1]) + plain[1:12] + b"\0" * 4 + b"\xbe\xde\0\1" + b"\0" * 4 + b"voice" + b"\0\0\3"
    assert rtp.parse(dressed).payload == b"voice"


@given(st.binary(max_size=80))
def test_no_datagram_crashes_the_reader(datagram):
    rtp.parse(datagram)
    rtp.read_key(datagram)


def test_a_pressed_key_lasts_100_ms_and_its_end_is_said_three_times():
    frames = list(rtp.key_payloads("#"))
    assert [len(frame) for frame in frames] == [1, 1, 1, 1, 3]
    payloads = [payload for frame in frames for payload in frame]
    assert [int.from_bytes(payload[2:], "big") for payload in payloads] == [160, 320, 480, 640, 800, 800, 800]
    assert [payload[1] >> 7 for payload in payloads] == [0, 0, 0, 0, 1, 1, 1]
    assert {rtp.read_key(payload) for payload in payloads} == {"#"}
    assert rtp.read_key(b"\x10\x0a\x00\xa0") is None, "a hook flash is no key"


def test_the_pace_makes_up_for_late_calls_and_never_drifts():
    pace = rtp.Pace(100.0)
    sent = 0
    for moment in (100.0, 100.019, 100.02, 100.05, 100.139, 100.14):
        skipped, due = pace.due(moment)
        sent += due
        assert skipped == 0
    assert sent == 8
    assert pace.next == pytest.approx(100.16)


def test_the_pace_skips_what_was_missed_beyond_a_burst():
    pace = rtp.Pace(0.0, burst=5)
    assert pace.due(0.0) == (0, 1)
    assert pace.due(1.0) == (45, 5)
    assert pace.skipped == 45
    assert pace.next == pytest.approx(1.02)


@given(st.lists(st.floats(0.0, 0.2), max_size=60))
def test_however_late_the_timer_frames_sent_and_skipped_follow_the_clock(pauses):
    pace, now, frames = rtp.Pace(0.0), 0.0, 0
    for pause in pauses:
        now += pause
        frames += sum(pace.due(now))
        assert abs(frames - (now / 0.02 + 1)) <= 1
        assert pace.next > now - 1e-6


@pytest.mark.parametrize("law", ["PCMU", "PCMA"])
def test_g711_keeps_every_level_and_comes_close_to_every_sample(law):
    codes = bytes(range(256))
    levels = decode(codes, law)
    assert np.array_equal(decode(encode(levels, law), law), levels)
    samples = np.arange(-32768, 32768, dtype=np.int32).astype(np.int16)
    error = np.abs(decode(encode(samples, law), law).astype(int) - samples)
    assert np.all(error <= np.maximum(16, np.abs(samples.astype(int)) // 24 + 8))


def test_g711_agrees_with_the_standard_s_well_known_codes():
    assert decode(b"\xff\x7f\x80\x00", "PCMU").tolist() == [0, 0, 32124, -32124]
    assert decode(b"\xd5\x55\xaa\x2a", "PCMA").tolist() == [8, -8, 32256, -32256]
    assert encode(np.zeros(2, np.int16), "PCMU") in (b"\xff\xff", b"\x7f\x7f")


def ones(value: int) -> np.ndarray:
    return np.full(160, value, np.int16)


def test_the_timestamp_places_a_packet_and_takes_the_jitter_out():
    line = Timeline()
    for number, jitter in enumerate((0.0, 0.015, -0.005, 0.09)):
        line.write(1.0 + number * 0.02 + jitter, 5, 1000 + number * 160, ones(number + 1))
    assert line.end == 8000 + 640
    assert line.read(1.0, 1.08).tolist() == [value for value in (1, 2, 3, 4) for _ in range(160)]


def test_a_silence_in_the_stream_keeps_its_length_also_over_the_timestamp_s_turn():
    line = Timeline()
    line.write(0.5, 5, 2**32 - 80, ones(1))
    line.write(0.6, 5, (2**32 - 80 + 800) % 2**32, ones(2))
    assert line.read(0.5, 0.62).tolist() == [1] * 160 + [0] * 640 + [2] * 160


def test_another_stream_and_a_leap_of_the_timestamp_are_placed_by_their_arrival():
    line = Timeline()
    line.write(0.0, 5, 0, ones(1))
    line.write(1.0, 6, 77, ones(2))
    line.write(2.0, 6, 99999, ones(3))
    assert [line.read(second, second + 0.001)[0] for second in (0, 1, 2)] == [1, 2, 3]


def test_no_sender_makes_the_time_line_grow_beyond_hours():
    line = Timeline()
    line.write(1e9, 5, 0, ones(1))
    assert line.end == 0
    assert line.read(0.0, 0.1).tolist() == [0] * 800


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(0, 2), st.integers(0, 2**32 - 1)), max_size=30))
def test_no_stream_of_packets_crashes_the_time_line(packets):
    line = Timeline()
    for at, source, timestamp in packets:
        line.write(at, source, timestamp, ones(1))
    assert line.read(0.0, line.end / 8000).size == line.end


def test_what_comes_at_once_after_a_standstill_is_laid_end_to_end_and_nothing_is_written_over():
    """A sender (or we) stood still for 0.4 s, sends what is late all at once, and goes on: his sound comes late."""
    line = Timeline()
    times = [0.0, 0.02, *[0.44] * 20, *(0.44 + 0.02 * number for number in range(1, 11))]
    for number, at in enumerate(times):
        line.write(at, 5, number * 160, ones(number + 1))
    heard = line.read(0.0, line.end / 8000)
    assert heard[heard > 0].tolist() == [value for value in range(1, len(times) + 1) for _ in range(160)]
    assert np.flatnonzero(heard == 0).tolist() == list(range(320, 3520)), "the standstill, and no hole after it"


def test_after_a_burst_the_next_silence_brings_the_sound_back_to_the_clock():
    line = Timeline()
    for number in range(20):
        line.write(1.0, 5, number * 160, ones(1))
    line.write(3.0, 5, 99999, ones(2))
    assert line.end == 3 * 8000 + 160
    assert line.read(3.0, 3.02).tolist() == [2] * 160


def test_a_sender_who_is_too_fast_is_no_more_than_seconds_ahead_of_the_clock():
    line = Timeline()
    for number in range(2000):
        line.write(1.0, 5, number * 160, ones(1))
    assert line.end <= 3.3 * 8000
