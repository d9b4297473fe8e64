"""Whatever an older system holds: a sound desk without ways to outside comes of it, or one clear error."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from ivr.desk.migration_files import conf_lines, tables_of
from ivr.errors import DeskError
from ivr.migration.conf import ConfLine, read_sections
from ivr.migration.extensions_file import read_extensions
from ivr.migration.freepbx import read_freepbx
from ivr.migration.shape import Findings, OldSystem
from ivr.migration.tables import Tables
from tests.unit.migration.made import OLD, desks, read

NAMES = [
    "", "true", "null", "closed", "voicemail", '"; drop', "😀", "отдел", "a" * 300, "hang up", "x\ny", "{a: b}", "# c",
    "\ud800", "101", "-", "[a]", "agent", "*", "&a", "%", "wait",
]  # fmt: skip
TIMES = ["*|*|*|*", "22:00-06:00|fri-mon|*|*", "*|mon|1|jan", "x", "09:00-09:00|*|*|*", "*|*|31|feb", "*|*|1-31|jan"]
STEPS = [
    "Goto(s,1)", "Goto(ivr-main,s,1)", "Queue(support)", "Hangup()", "Background(a)", "WaitExten()", "Playback(x&y)",
    "Goto(1)", "Goto(${EXTEN},1)", "Read(CODE,a,1)", 'GotoIf($["${CODE}"="1"]?ivr-ru,s,1:codes,s,1)', "Dial(PJSIP/1)",
    "Dial()", "Queue()", "GotoIfTime(*,*,*,*?s,1)", "GotoIfTime(?)", "((((", "Foo(", "Goto(", "VoiceMail()", "Read()",
    "Goto(a,b,c,d)", "Set(CHANNEL(language)=de)", "Dial(PJSIP/101&SIP/102,abc)", "Dial(SIP/1@out)",
]  # fmt: skip
LANGUAGES = ["en", "ru", "de"]


def prove(system: OldSystem, language: str) -> None:
    try:
        made = desks(system, language)
    except DeskError:
        return
    for one in made:
        desk = read(one)
        assert desk.outbound is None
        assert all(re.fullmatch(r"\d{2,8}", agent) for agent in desk.agents)


@pytest.mark.parametrize("seed", range(40))
def test_any_tables_make_sound_desks(seed):
    chance, tables = random.Random(seed), Tables()
    base = tables_of([OLD / "shop.sql"])
    rows = [(table, dict(row)) for table in base.names for row in base[table]]
    found = {value for _, row in rows for value in row.values() if value.count(",") == 2}
    ways = [*sorted(found), "", "junk", "a,b,c"]
    for table, row in rows:
        for name, value in row.items():
            if value.count(",") == 2 and chance.random() < 0.5:
                row[name] = chance.choice(ways)
            elif "|" in value and chance.random() < 0.3:
                row[name] = chance.choice(TIMES)
            elif chance.random() < 0.1:
                row[name] = chance.choice([*NAMES, "0", "1", "999999", "-1", "12", "7001"])
        if chance.random() > 0.05:
            tables.add(table, row)
    try:
        prove(read_freepbx(tables), chance.choice(LANGUAGES))
    except DeskError as error:
        assert "inbound routes" in error.sentence  # noqa: PT017 - the only one that may come


@pytest.mark.parametrize("seed", range(40))
def test_any_dialplan_makes_sound_desks(seed):
    chance, lines = random.Random(seed), list[ConfLine]()
    for where, text in conf_lines(OLD / "extensions.conf"):
        changed = text
        if "," in text and chance.random() < 0.25:
            changed = re.sub(r"(,(?:n|\d+)(?:\(\w+\))?,).*", lambda found: found[1] + chance.choice(STEPS), text)
        elif chance.random() < 0.03:
            changed = "".join(chance.choice('[](){},;=>ab1\\"#_X.') for _ in range(20))
        if chance.random() > 0.04:
            lines.append(ConfLine(where, changed))
    system = OldSystem()
    queues = read_sections(conf_lines(Path(OLD / "queues.conf")), Findings())
    read_extensions(read_sections(lines, system.findings), queues, {}, system)
    prove(system, chance.choice(LANGUAGES))
