"""Every mistake that an author can make in a well-formed file: its place, what is wrong, its cure."""
# ruff: noqa: E501 - a message is read best in one line

import pytest

HOURS = "hours: {{{}, closed: hang up}}\n"
SOURCE = "source: {{{}}}\n"
WHISPER = {"[201], then": "[201], whisper: true, then"}

CASES = {
    "unknown key of the desk": (
        {}, "budgt: {time to human: 20s}\n", "16:1: `budgt` is not known here: did you mean `budget`?"),
    "unknown key of a menu": (
        {"    no answer": "    no anser: first\n    no answer"}, "", "15:5: `no anser` is not known here: did you mean `no answer`?"),
    "unknown key of a way": (
        {"then: first}\n    2": "thn: first, then: first}\n    2"}, "", "13:25: `thn` is not known here: did you mean `then`?"),
    "unknown key of the source": (
        {}, SOURCE.format("menue: x, ask: never"), "16:10: `menue` is not known here: did you mean `menu`?"),
    "missing key": ({"language: en\n": ""}, "", "1:1: the desk has no `languages`: add `language: en`"),
    "missing target": ({"{category: sale, then: first}": "{category: sale}"}, "", "13:5: `1` has no `then`: add `then:`"),
    "unknown target": (
        {"{category: sale, then: first}": "frist"}, "",
        "13:8: `frist` is neither a node of the flow nor a line: did you mean `first`?"),
    "unknown target without a likeness": (
        {"{category: sale, then: first}": "xyz"}, "",
        "13:8: `xyz` is neither a node of the flow nor a line: write one of `first`, `hang up`, `hello`, `reason`, `second`"),
    "impossible target": (
        {"{category: sale, then: first}": "../../etc/passwd"}, "",
        "13:8: `../../etc/passwd` is no target: write a node of the flow, a line, voicemail, or hang up"),
    "name of a node with a path in it": (
        {"  hello: {": "  ../../etc/passwd: {"}, "",
        "10:3: `../../etc/passwd` is no name: write small letters, digits and hyphens, beginning with a letter, at most 40"),
    "shell in a name": (
        {"desk: shop": "desk: $(reboot)"}, "",
        "1:7: `$(reboot)` is no name: write small letters, digits and hyphens, beginning with a letter, at most 40"),
    "unknown target of a line": (
        {"[202], then: first": "[202], then: frist"}, "",
        "8:33: `frist` is neither a node of the flow nor a line: did you mean `first`?"),
    "unknown target when closed": (
        {}, 'hours: {mon: "09:00-10:00", closed: {then: hello2}}\n',
        "16:44: `hello2` is neither a node of the flow nor a line: did you mean `hello`?"),
    "node and line of one name": (
        {"  hello: {": "  second: {"}, "", "10:3: `second` names both a node and a line: rename one"),
    "node with the name of a prompt of the house": (
        {"  hello: {": "  notice: {"}, "", "10:3: `notice` is the name of a prompt of the house: give the node another name"),
    "node whose name Asterisk would cut off": (
        {"desk: shop": f"desk: {'d' * 21}", "hello": "h" * 40}, "",
        f"10:3: `{'h' * 40}` and the desk's name have over 60 letters together: shorten one of them"),
    "line whose name Asterisk would cut off": (
        {"desk: shop": f"desk: {'d' * 21}", "second": "s" * 40}, "",
        f"8:3: `{'s' * 40}` and the desk's name have over 60 letters together: shorten one of them"),
    "unreachable node": (
        {}, "  lost: {say: Lost, then: first}\n", "16:3: no call reaches the node `lost`: lead a way there, or delete it"),
    "menu without a no-answer way": (
        {"    no answer: first\n": ""}, "",
        "11:3: the menu `reason` has no way for a caller who presses nothing: add `no answer:` with a line or a node"),
    "shadowed key": (
        {"    2: {": "    12: {"}, "",
        "14:5: the key `12` can never be pressed, `1` is taken before: change one of them"),
    "loop of texts": (
        {"then: reason": "then: again"}, "  again: {say: Again, then: hello}\n",
        "16:3: a caller who presses nothing goes round for ever: hello → again → hello: "
        "lead one of them to a line or to `hang up`"),
    "text that leads to itself": (
        {"no answer: first": "no answer: ring"}, "  ring: {say: Ring, then: ring}\n",
        "16:3: a caller who presses nothing goes round for ever: ring → ring: lead one of them to a line or to `hang up`"),
    "loop of no answers": (
        {"no answer: first": "no answer: hello"}, "",
        "11:3: a caller who presses nothing goes round for ever: hello → reason → hello: "
        "lead one of them to a line or to `hang up`"),
    "line without agents": ({"agents: [202]": "agents: []"}, "", "8:20: it is empty: write at least one here"),
    "unknown agent": ({"[202]": "[203]"}, "", "8:21: `203` is not in `agents`: did you mean `202`? Or add him"),
    "agent twice in a line": ({"[202]": "[202, 202]"}, "", "8:26: `202` is in this line twice: delete one"),
    "agent name twice": (
        {"Boris": "anna"}, "",
        "4:26: anna is the name of 201 too: add a letter of the family name, so that reports tell them apart"),
    "agent with the desk's number": (
        {'"100"': '"202"'}, "", "4:21: `202` is the desk's own number too: give the agent another number"),
    "agent name with a line end": (
        {"Boris": '"B\\nX"'}, "",
        '4:26: the name `B?X` would not reach a telephone whole: leave out " < > ; \\ [ ] { } $ | ,'),
    "shares of a split that are no hundred": (
        {"{say: Hello, then: reason}": "{split: {reason: 50, first: 40}}"}, "",
        "10:10: the shares are 90 % in all: make them 100"),
    "unknown target of a split": (
        {"{say: Hello, then: reason}": "{split: {reason: 50, frist: 50}}"}, "",
        "10:38: `frist` is neither a node of the flow nor a line: did you mean `first`?"),
    "ring through a split": (
        {"{say: Hello, then: reason}": "{split: {reason: 50, first: 50}}", "no answer: first": "no answer: hello"}, "",
        "11:3: a caller who presses nothing goes round for ever: hello → reason → hello: "
        "lead one of them to a line or to `hang up`"),
    "rule of callers without a deed": (
        {}, "callers: [{who: [hidden]}]\n",
        "16:11: nothing is done for these callers: add `language:`, `priority:` or `then:`"),
    "rule of callers with an unknown key": (
        {}, "callers: [{who: [hidden], priorty: 3}]\n", "16:27: `priorty` is not known here: did you mean `priority`?"),
    "rule of callers for no number": (
        {}, 'callers: [{who: ["+49x"], priority: 3}]\n',
        "16:18: `+49x` is no beginning of a number: write 1 to 15 digits, with a + before a country's code, or hidden"),
    "callers with two ways": (
        {}, "callers: [{who: [hidden], then: hang up}, {who: [hidden], then: first}]\n",
        "16:50: the way of `hidden` is given already, by the rule 1: delete one of them"),
    "rank of somebody else": (
        {"agents: [202]": "agents: [202], rank: {201: 2}"}, "",
        "8:34: `201` has a rank in a line that he is not in: did you mean `202`?"),
    "unknown category": ({"category: claim": "category: clam"}, "", "14:19: `clam` is not in `categories`: did you mean `claim`?"),
    "unknown language of a way": (
        {"{category: sale,": "{language: fi,"}, "",
        "13:19: the desk does not speak `fi`: add it to `languages`, or leave it out"),
    "language twice": (
        {"language: en": "languages: [en, en]", "Hello": "{en: Hello}", "Sales one. Complaints two.": "{en: Sales}"}, "",
        "3:17: `en` stands here twice: delete one"),
    "text in an unknown language": (
        {"say: Hello": "say: {en: Hello, fi: Hei}"}, "",
        "10:28: the desk does not speak `fi`: add it to `languages`, or delete the text"),
    "one text for two languages": (
        {"language: en": "languages: [en, ru]", "Sales one. Complaints two.": "{en: Sales, ru: Продажи}"}, "",
        "10:16: `hello` has one text, and the desk 2 languages: write {en: …, ru: …}"),
    "text missing in a language": (
        {"language: en": "languages: [en, ru]", "Hello": "{en: Hello, ru: Алло}", "Sales one. Complaints two.": "{en: Sales}"}, "",
        "12:5: `reason` has no text in `ru`: add `ru: …`"),
    "no house text in a language": (
        {"language: en": "language: fi"}, "",
        "1:1: the house has no `sorry` in `fi`: add its text under `phrases:`, as `sorry: …`"),
    "unknown phrase": (
        {}, "phrases: {sory: x}\n", "16:11: `sory` is no phrase of the house: did you mean `sorry`?"),
    "empty text": ({"Hello": '" - "'}, "", "10:16: nothing would be spoken: write a text, in quotes"),
    "endless text": (
        {"Hello": '"' + "a " * 600 + '"'}, "",
        "10:16: the text has 1199 characters: no caller waits so long, 1000 at most"),
    "text that is a list": ({"Hello": "[a]"}, "", "10:16: a list is no text: write what is spoken, in quotes"),
    "impossible number": (
        {'"100"': '"+7812"'}, "",
        "2:11: no telephone can have the number `+7812`: check its digits; a number without + is taken as it is dialled"),
    "number of no country": (
        {'"100"': '"+0123456789"'}, "",
        "2:11: no telephone can have the number `+0123456789`: check its digits; a number without + is taken as it is dialled"),
    "number twice": ({'"100"': '"100", "100"'}, "", "2:18: `100` stands here twice: delete one"),
    "source by a foreign number": (
        {}, SOURCE.format("ask: never, by number: {101: card}, names: {card: card}"),
        "16:34: nobody can dial `101` to reach this desk: did you mean `100`? Or add it to `numbers`"),
    "source question without keys": (
        {}, SOURCE.format("menu: How"),
        "16:1: the source question has no keys: add `menu:` and keys such as `1: internet`, or write `ask: never`"),
    "source asked without a question": (
        {}, SOURCE.format("by number: {100: card}"),
        "16:1: the source is asked, and there is no question: add `menu:` and keys such as `1: internet`, or write `ask: never`"),
    "source keys without a question": (
        {}, SOURCE.format("1: internet"), "16:1: the source question has keys and no text: add `menu:`"),
    "source key of two digits": (
        {}, SOURCE.format("menu: How, 12: internet"),
        "16:21: the source question is answered by one key, and `12` has 2: write one key"),
    "source without a name": (
        WHISPER, SOURCE.format("menu: How, 1: internet"),
        "16:24: the whisper has no words for the source `internet`: add `internet: …` under `names:`"),
    "dialled source without a name": (
        WHISPER, SOURCE.format("ask: never, by number: {100: card}"),
        "16:39: the whisper has no words for the source `card`: add `card: …` under `names:`"),
    "unknown way to ask": (
        {}, SOURCE.format("ask: later"),
        "16:15: `later` is not one of the words known here: "
        "write `while waiting`, `before the line`, `by agent` or `never`"),
    "no duration": (
        {"[202],": "[202], ring: 5,"}, "", "8:33: `5` is no duration: write one such as 12s, 1m30s, 2h or 180d"),
    "duration past counting": (
        {"[202],": f"[202], ring: {'9' * 20}d,"}, "",
        f"8:33: `{'9' * 20}d` is no duration: write one such as 12s, 1m30s, 2h or 180d"),
    "too short": ({"[202],": "[202], ring: 0s,"}, "", "8:33: `0s` is too little: write 1 second or more"),
    "too long": ({"[202],": "[202], ring: 3h,"}, "", "8:33: `3h` is too much: write 5 minutes or less"),
    "no number of tries": (
        {"    no answer": "    tries: twice\n    no answer"}, "", "15:12: `twice` is no whole number: write one such as 2"),
    "true for a number": (
        {"    no answer": "    tries: true\n    no answer"}, "", "15:12: `true` is no whole number: write one such as 2"),
    "yes for true": (
        {"[202],": "[202], record: yes,"}, "", "8:35: `yes` is neither true nor false: write true or false"),
    "whisper of an unknown kind": (
        {"[202],": "[202], whisper: yes,"}, "",
        "8:36: `yes` is not one of the words known here: write true, false or `accept`"),
    "node that does nothing": (
        {"{say: Hello,": "{"}, "", "10:10: this node does nothing: give it `say:`, `menu:`, `script:`, `split:` or `when:`"),
    "list for a mapping": (
        {"{201: Anna, 202: Boris}": "[201, 202]"}, "",
        "4:9: a list stands where one writes a mapping: write `key: value` lines, or {key: value}"),
    "one for a list": (
        {'["100"]': '"100"'}, "", "2:10: `100` stands where one writes a list: write it in brackets, [one, two]"),
    "true for a text": (
        {"Anna": "true"}, "", "4:15: `true` stands where one writes a text: write it in quotes"),
    "no day": (
        {}, HOURS.format('mo: "09:00-10:00"'),
        "16:9: `mo` is no day: write mon, tue, wed, thu, fri, sat, sun or a range such as mon-fri"),
    "day twice": (
        {}, HOURS.format('mon-fri: "09:00-10:00", fri-sat: "11:00-12:00"'),
        "16:33: `fri-sat` gives `fri` again, which `mon-fri` gave: name each day once, several times by commas"),
    "no days": ({}, HOURS.format("holidays: {}"), "16:8: it is empty: write at least one here"),
    "no time": (
        {}, HOURS.format("mon: 9-18"), '16:14: `9-18` is no time: write "09:00-20:00", several by commas, or closed'),
    "time past midnight": (
        {}, HOURS.format('mon: "09:00-24:30"'), "16:14: `09:00-24:30` is not on the clock: times run from 00:00 to 24:00"),
    "times that overlap": (
        {}, HOURS.format('mon: "09:00-12:00, 11:00-13:00"'),
        "16:14: the times `09:00-12:00, 11:00-13:00` overlap: join them into one"),
    "no time between": (
        {}, HOURS.format('mon: "09:00-09:00"'),
        "16:14: `09:00-09:00` is no time at all: write 00:00-24:00 for the whole day, or closed"),
    "no date": (
        {}, HOURS.format("mon: closed, holidays: {1 May: closed}"),
        "16:33: `1 May` is no date: write 2026-01-01, or 01-01 for every year"),
    "date outside the calendar": (
        {}, HOURS.format("mon: closed, holidays: {2026-02-29: closed}"),
        "16:33: `2026-02-29` is not in the calendar: write year-month-day"),
    "no time zone": ({}, "time zone: Europe/Mosow\n", "16:12: `Europe/Mosow` is no time zone: did you mean Europe/Moscow?"),
    "time zone with a path in it": (
        {}, "time zone: ../../etc/passwd\n", "16:12: `../../etc/passwd` is no time zone: write one such as Europe/Moscow"),
    "script outside its folder": (
        {"{say: Hello,": "{script: ../x.py:run, otherwise: reason}\n  old: {say: Hello,"}, "",
        "10:19: `../x.py:run` is no script: write file.py:function, the file being in the desk's `scripts` folder"),
    "unknown key of outbound": (
        {}, "outbound: {alow: [8], allow: [8]}\n", "16:12: `alow` is not known here: did you mean `allow`?"),
    "outbound to nowhere": ({}, "outbound: {agents: [201]}\n", "16:1: `outbound` has no `allow`: add `allow:`"),
    "outbound to no number": ({}, "outbound: {allow: []}\n", "16:19: it is empty: write at least one here"),
    "prefix with a letter": (
        {}, "outbound: {allow: [8x]}\n",
        "16:20: `8x` is no beginning of a number: write 1 to 15 digits, with a + before a country's code"),
    "prefix that changes a dialplan": (
        {}, 'outbound: {allow: ["_X.,1,Dial(x)"]}\n',
        "16:20: `_X.,1,Dial(x)` is no beginning of a number: write 1 to 15 digits, with a + before a country's code"),
    "prefix within another": (
        {}, "outbound: {allow: [+7921, +7]}\n", "16:20: `+7` allows `+7921` already: delete one"),
    "agent with the number of a parking place": (
        {"201": "7049"}, "", "4:10: `7049` is a place where callers are parked: give the agent another number: 7001 to 7049 are such places"),
    "desk with the number of a parking place": (
        {'"100"': '"7001"'}, "",
        "2:11: `7001` is a place where callers are parked: give the desk another number: 7001 to 7049 are such places"),
    "number outside that an agent has": (
        {"201": "112"}, "outbound: {allow: [+7, 112]}\n",
        "16:24: who dials `112` reaches an agent, a desk or a parked caller inside: give that one another number, or delete this"),
    "number outside that is a parking place": (
        {}, "outbound: {allow: [7010]}\n",
        "16:20: who dials `7010` reaches an agent, a desk or a parked caller inside: give that one another number, or delete this"),
    "prefix twice": ({}, "outbound: {allow: [8, 8]}\n", "16:23: `8` stands here twice: delete one"),
    "unknown agent of outbound": (
        {}, "outbound: {allow: [8], agents: [203]}\n",
        "16:33: `203` is not in `agents`: did you mean `202`? Or add him"),
    "agent of outbound twice": (
        {}, "outbound: {allow: [8], agents: [201, 201]}\n", "16:38: `201` stands here twice: delete one"),
    "nobody of outbound": (
        {}, "outbound: {allow: [8], agents: []}\n", "16:32: it is empty: write at least one here"),
    "impossible caller id": (
        {}, 'outbound: {allow: [8], caller id: "+7812"}\n',
        "16:35: no telephone can have the number `+7812`: check its digits; write what your provider lets you show"),
    "caller id that is no number": (
        {}, "outbound: {allow: [8], caller id: Shop}\n",
        "16:35: `Shop` is no telephone number: write 2 to 20 digits, with a + before a country's code"),
    "callback without a way out": (
        {"[201], then: second": "[201], then: second, callback: true"}, "",
        "7:40: callers of `first` are to be called back, and the desk has no `outbound`: "
        'say which numbers may be called: `outbound: {allow: ["+7"]}`'),
    "callback in a time that nobody can say": (
        {}, "callback: {within: 45m}\n",
        "16:20: nobody can say that in a word: write one of 15m, 30m, 1h, 2h, 3h, 4h"),
    "callback to where nobody may call": (
        {}, "outbound: {allow: [+7]}\ncallback: {allow: [+79, +44]}\n",
        "17:25: `outbound` does not allow `+44`: write `+7`, or add it there"),
    "callback by two keys": (
        {}, "callback: {key: 10}\n", "16:17: `10` is no telephone key: write one of 0-9, * and #"),
    "callback by a key of the question": (
        {"[201], then: second": "[201], then: second, callback: true"},
        "outbound: {allow: [8]}\nsource: {menu: How?, 0: internet, 1: friend, names: {internet: i, friend: f}}\n",
        "17:22: the key `0` answers the source question too, which is asked in the same moment: give `callback` another `key`"),
    "unknown key of the callback": (
        {}, "callback: {withn: 1h}\n", "16:12: `withn` is not known here: did you mean `within`?"),
    "way to a voicemail that is not there": (
        {"[202], then: first": "[202], then: voicemail"}, "",
        "8:33: the desk has no voicemail: add `voicemail: {limit: 2m}` to the desk"),
    "unknown key of the voicemail": (
        {}, "voicemail: {limt: 1m}\n", "16:13: `limt` is not known here: did you mean `limit`?"),
    "endless message": (
        {}, "voicemail: {limit: 2h}\n", "16:20: `2h` is too much: write 15 minutes or less"),
    "impatient voicemail": (
        {}, "voicemail: {silence: 1s}\n", "16:22: `1s` is too little: write 3 seconds or more"),
    "voicemail that is a word": (
        {}, "voicemail: please\n",
        "16:12: `please` stands where one writes a mapping: write `key: value` lines, or {key: value}"),
    "line of the voicemail's name": (
        {"second: {": "voicemail: {", "then: second": "then: voicemail"}, "voicemail: {limit: 1m}\n",
        "8:3: `voicemail` is where callers leave messages, and no line: give the line another name"),
    "node of the voicemail's name": (
        {"  hello: {": "  voicemail: {"}, "",
        "10:3: `voicemail` is the name of a prompt of the house: give the node another name"),
    "answer that is no name": (
        {"{say: Hello,": "{script: a.py:b, answers: {a/b: first}, otherwise: first}\n  old: {say: Hello,"}, "",
        "10:37: `a/b` is no answer: write letters, digits, _ and -; any other answer is `otherwise:`"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_mistake_is_named_with_its_place_and_cure(mistakes, case):
    pieces, add, said = CASES[case]
    assert f"shop.yaml:{said}" in mistakes(pieces, add)


ALONE = set(CASES) - {
    # These cannot be made alone: another part of the file loses its meaning too.
    "name of a node with a path in it", "no house text in a language", "node and line of one name", "no days",
    "script outside its folder", "answer that is no name", "language twice", "source without a name",
    "no date", "node that does nothing",
}  # fmt: skip


@pytest.mark.parametrize("case", sorted(ALONE))
def test_one_mistake_is_told_once(mistakes, case):
    pieces, add, said = CASES[case]
    assert mistakes(pieces, add) == [f"shop.yaml:{said}"]


def test_no_word_of_the_tools_reaches_an_author(mistakes):
    """The reader's tools have words of their own; none is in any message."""
    for pieces, add, _ in CASES.values():
        for line in mistakes(pieces, add):
            assert not any(word in line.lower() for word in ("pydantic", "tuple", "dict", "valid ", "extra", "literal"))


@pytest.mark.parametrize("text", ["a, b", "a) b", "$(reboot)", "`reboot`", "${CHANNEL}", "a; b", "a | b", "a\\nb"])
def test_a_text_may_hold_anything_that_can_be_spoken(mistakes, text):
    """B5: a text becomes audio and never reaches the dialplan."""
    assert mistakes({"Hello": f'"{text}"'}) == []


def test_script_nodes_are_checked_without_running_them(write, mistakes, tmp_path):
    node = {"{say: Hello, then: reason}": "{script: ask.py:run, otherwise: reason}"}
    scripts = tmp_path / "shop" / "scripts"
    assert mistakes(node) == [
        f"shop.yaml:10:19: there is no `ask.py` in {scripts}: put the handler there, or mend the name"
    ]
    scripts.mkdir(parents=True)
    (scripts / "ask.py").write_text("raise SystemExit\ndef rum(agi): ...\n")
    assert mistakes(node) == ["shop.yaml:10:19: `ask.py` has no function `run`: did you mean `rum`?"]
    (scripts / "ask.py").write_text("def run(agi:\n")
    assert mistakes(node) == ["shop.yaml:10:19: `ask.py` is no Python that can be read in line 1: mend the handler"]
    (scripts / "ask.py").write_text("raise SystemExit\ndef run(agi): ...\n")
    assert mistakes(node) == []


def test_lines_may_overflow_in_a_ring(mistakes):
    """Patience bounds it."""
    assert mistakes({"[202], then: first": "[202], then: second"}) == []


def test_a_caller_may_go_back_to_a_menu_by_his_own_key(mistakes):
    assert mistakes({"    2: {category: claim, then: second}\n": "    2: second\n    9: hello\n"}) == []
