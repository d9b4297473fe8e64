"""A real Asterisk for the fault tests: no telephones, only Local channels, one queue, AMI and AGI."""

from __future__ import annotations

import base64
import subprocess
import time
from pathlib import Path
from typing import Self

from ivr.asterisk.private import find_asterisk
from tests.running import WORKER

AMI_PORT = 15438 + WORKER
AGI_PORT = 15473 + WORKER
SECRETS = {"desk": "desk-secret", "driver": "driver-secret"}

NASTY = 'x)\nHANGUP\n200 result=1 (y)\n520-\\"${EXTEN}'
"""What a variable of the dialplan holds in the `agi` extension."""

_MODULES = (
    "res_timing_timerfd pbx_config app_queue res_clioriginate res_speech res_agi res_musiconhold app_stack "
    "app_senddtmf app_playtones app_playback app_verbose app_exec app_userevent func_callerid func_channel func_base64 "
    "func_strings bridge_simple bridge_holding format_wav format_pcm codec_ulaw"
)
_FILES = {
    "asterisk.conf": """
[directories]
astetcdir => {folder}
astmoddir => {modules}
astvarlibdir => {folder}
astdbdir => {folder}
astkeydir => {folder}
astdatadir => {data}
astagidir => {folder}
astspooldir => {folder}
astrundir => {folder}
astlogdir => {folder}
[options]
systemname = t1
hideconnect = yes
""",
    "modules.conf": "[modules]\nautoload = no\n{loads}\n",
    "logger.conf": "[general]\n[logfiles]\nfull => notice,warning,error\n",
    "manager.conf": """
[general]
enabled = yes
bindaddr = 127.0.0.1
port = {ami_port}
timestampevents = yes
[desk]
secret = desk-secret
deny = 0.0.0.0/0.0.0.0
permit = 127.0.0.1/255.255.255.255
read = call,agent,dtmf,user
write = reporting,agent,originate
writetimeout = 1000
[driver]
secret = {secret}
read = call
write = all
""",
    "queues.conf": """
[general]
persistentmembers = no
[first]
strategy = rrmemory
member => Local/201@agents/n,0,Agent 201
""",
    "extensions.conf": """
[test]
exten => queue,1,Answer()
 same => n,Queue(first,,,,300)
exten => agi,1,Set(NASTY=${{BASE64_DECODE({nasty})}})
 same => n,Answer()
 same => n,AGI(agi://127.0.0.1:{agi_port}/desk)
 same => n,Wait(5)
[agents]
exten => _X.,1,Wait(300)
""",
}


class Asterisk:
    """One running Asterisk; use it as a context."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.installation = find_asterisk()
        self._process: subprocess.Popen[bytes] | None = None
        for name, text in _FILES.items():
            (folder / name).write_text(
                text.format(
                    folder=folder,
                    modules=self.installation.modules_dir,
                    data=self.installation.data_dir,
                    loads="\n".join(f"load = {module}.so" for module in _MODULES.split()),
                    ami_port=AMI_PORT,
                    agi_port=AGI_PORT,
                    nasty=base64.b64encode(NASTY.encode()).decode(),
                    secret=SECRETS["driver"],
                )
            )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start it and wait until its console answers that it is fully booted."""
        with (self.folder / "console").open("wb") as console:
            self._process = subprocess.Popen(
                self.installation.argv(self.folder), stdin=subprocess.DEVNULL, stdout=console, stderr=console
            )
        self.cli("core waitfullybooted")

    def kill(self) -> None:
        """Kill it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def cli(self, command: str) -> str:
        """Run a console command and return what it prints; waits for a console that is not there yet."""
        end = time.monotonic() + 30
        while True:
            done = subprocess.run(
                self.installation.cli_argv(self.folder, command), capture_output=True, text=True, check=False
            )
            if done.returncode == 0 or time.monotonic() > end:
                return done.stdout
            time.sleep(0.1)
