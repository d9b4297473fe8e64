"""Load by SIPp: callers who hear the prompts, press a key and talk, and agents who answer at once."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ivr.errors import DeskError
from tests.bench.voice import write_voice

_CALLER = """<?xml version="1.0" encoding="UTF-8" ?>
<scenario name="a caller who presses 1">
  <send retrans="500">
    <![CDATA[
      INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      From: <sip:+7921[pid][call_number]@[local_ip]:[local_port]>;tag=[pid]SIPp[call_number]
      To: <sip:[service]@[remote_ip]:[remote_port]>
      Call-ID: [call_id]
      CSeq: 1 INVITE
      Contact: <sip:caller@[local_ip]:[local_port]>
      Max-Forwards: 70
      Content-Type: application/sdp
      Content-Length: [len]

      v=0
      o=- 1 1 IN IP4 [local_ip]
      s=-
      c=IN IP4 [media_ip]
      t=0 0
      m=audio [media_port] RTP/AVP 0 101
      a=rtpmap:0 PCMU/8000
      a=rtpmap:101 telephone-event/8000
      a=fmtp:101 0-15
    ]]>
  </send>
  <recv response="100" optional="true"/>
  <recv response="180" optional="true"/>
  <recv response="183" optional="true"/>
  <recv response="200" rrs="true"/>
  <send>
    <![CDATA[
      ACK sip:[service]@[remote_ip]:[remote_port] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      From: <sip:+7921[pid][call_number]@[local_ip]:[local_port]>;tag=[pid]SIPp[call_number]
      To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
      Call-ID: [call_id]
      CSeq: 1 ACK
      Max-Forwards: 70
      Content-Length: 0
    ]]>
  </send>
  <nop><action><exec play_pcap_audio="{voice}"/></action></nop>
  <pause milliseconds="{length}"/>
  <send retrans="500">
    <![CDATA[
      BYE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      From: <sip:+7921[pid][call_number]@[local_ip]:[local_port]>;tag=[pid]SIPp[call_number]
      To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
      Call-ID: [call_id]
      CSeq: 2 BYE
      Max-Forwards: 70
      Content-Length: 0
    ]]>
  </send>
  <recv response="200"/>
</scenario>
"""


@dataclass(frozen=True, slots=True)
class Callers:
    """Callers of one desk. `port`: first of theirs (SIP, audio and SIPp's control use the ones after it)."""

    folder: Path
    server: int
    port: int

    def place(self, number: str, calls: int, *, rate: float, listen: float, talk: float) -> None:
        """Place calls and wait for their end. `rate` is in calls a second, `listen` and `talk` in seconds.

        Raises `DeskError` when a call failed.
        """
        scenario, voice = self.folder / "caller.xml", self.folder / "caller.pcap"
        write_voice(voice, key="1", at=listen, seconds=listen + talk)
        scenario.write_text(_CALLER.format(length=round((listen + talk) * 1000), voice=voice))
        limit = calls / rate + listen + talk + 30
        words = ["-sf", str(scenario), "-s", number, "-m", str(calls), "-r", f"{rate:g}", "-timeout", f"{limit:.0f}s"]
        with start(words, f"127.0.0.1:{self.server}", self.port, self.folder / "callers.log") as sipp:
            code = sipp.wait(limit + 10)
        if code:
            said = (self.folder / "callers.log").read_text(errors="replace").splitlines()
            why = next((line for line in said if "rror" in line and "|" not in line), said[-1] if said else "")
            raise DeskError(f"SIPp failed on calls to {number} (exit code {code}): {why.strip()}.", "Run it again.")


def start_agents(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """Start telephones that answer every call on one port at once and echo what they hear."""
    return start(["-sn", "uas", "-aa", "-rtp_echo"], "", port, folder / "agents.log")


def start(words: list[str], remote: str, port: int, log: Path) -> subprocess.Popen[bytes]:
    """Start SIPp: SIP on `port`, its audio and its control on the ports after it."""
    program = shutil.which("sipp")
    if program is None:
        raise DeskError("SIPp is not here.", "As root, run: apt-get install sip-tester")
    if os.geteuid() != 0:
        raise DeskError("SIPp speaks through raw sockets, and those are root's.", "Run `make bench` as root.")
    local = ["-i", "127.0.0.1", "-p", str(port), "-mp", str(port + 2), "-cp", str(port + 10), "-nostdin"]
    target = [remote] if remote else []
    with log.open("wb") as output:
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", program, *words, *local, *target],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            cwd=log.parent,
            env=os.environ | {"TERM": "dumb"},
        )


def stop(process: subprocess.Popen[bytes], limit: float = 10.0) -> None:
    """End a process that we started."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(limit)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
