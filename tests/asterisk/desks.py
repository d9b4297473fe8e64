"""Small desks for the tests of a call's ways: short prompts, short waits, one line for each scene that needs an agent.

All of them run in one system (the fixture `front`), so their numbers and agents do not overlap.
"""

from __future__ import annotations

from types import MappingProxyType

WAITING = """
desk: waiting
numbers: ["500", "509"]
language: en
agents: {501: Ann, 502: Bob, 503: Cid, 504: Dan, 505: Eva, 506: Fay, 507: Gus, 508: Hal}
categories: {sale: a sale, repair: a repair}
lines:
  one: {agents: [501], ring: 8s, wait: 20s, whisper: true}
  two: {agents: [502], ring: 8s, wait: 20s, whisper: true}
  three: {agents: [503], ring: 8s, wait: 20s, whisper: true}
  four: {agents: [504], ring: 8s, wait: 20s, whisper: true}
  brief: {agents: [505], ring: 2s, wait: 3s, then: longer}
  longer: {agents: [506], ring: 8s, wait: 20s, whisper: true}
  dialled: {agents: [507], ring: 8s, wait: 20s, whisper: true}
  known: {agents: [508], ring: 8s, wait: 20s, whisper: true}
flow:
  hello: {say: "Hello.", then: pick}
  pick:
    menu: "Which line?"
    1: {category: sale, then: one}
    2: {category: repair, then: two}
    3: three
    4: four
    5: brief
    6: longer
    7: dialled
    8: known
    no answer: one
source:
  ask: while waiting
  menu: "How did you hear of us? Internet, one. A friend, two. A billboard, three."
  1: internet
  2: friend
  3: billboard
  by number: {"509": billboard}
  names: {internet: from the internet, friend: from a friend, billboard: from a billboard}
"""

BEFORE = """
desk: before
numbers: ["510"]
language: en
agents: {511: Ian, 512: Jan, 513: Kim}
categories: {sale: a sale}
lines:
  one: {agents: [511]}
  two: {agents: [512]}
  three: {agents: [513]}
flow:
  pick:
    menu: "Which line?"
    1: one
    2: two
    3: three
    no answer: one
source:
  ask: before the line
  menu: "How did you hear of us?"
  1: internet
  2: friend
  wait: 1s
"""

BY_AGENT = """
desk: byagent
numbers: ["520"]
language: en
agents: {521: Leo, 522: Meg}
categories: {sale: a sale}
lines:
  one: {agents: [521], whisper: true}
  two: {agents: [522]}
flow:
  pick:
    menu: "Which line?"
    1: one
    2: two
    no answer: one
source:
  ask: by agent
  1: internet
  2: friend
  names: {internet: from the internet, friend: from a friend}
"""

NEVER = """
desk: never
numbers: ["530"]
language: en
agents: {531: Ned}
categories: {sale: a sale}
lines:
  one: {agents: [531]}
flow:
  hello: {say: "Hello.", then: one}
source:
  ask: never
  menu: "How did you hear of us?"
  1: internet
"""

KEYS = """
desk: keys
numbers: ["540"]
language: en
agents: {549: Oda}
categories: {one: one, two: two, many: many, star: star, pound: pound, none: none}
lines:
  nobody: {agents: [549]}
flow:
  hello: {say: "Hello, this is a somewhat longer greeting.", then: pick}
  pick:
    menu: "Which?"
    1: {category: one, then: bye}
    2: {category: two, then: bye}
    31: {category: many, then: bye}
    "*": {category: star, then: bye}
    "#": {category: pound, then: bye}
    wait: 1s
    tries: 2
    wrong key: "There is no such key."
    no answer: {category: none, then: bye}
  bye: {say: "Good bye."}
"""

PLAIN_KEYS = """
desk: plainkeys
numbers: ["550"]
language: en
agents: {559: Pam}
categories: {one: one, none: none}
lines:
  nobody: {agents: [559]}
flow:
  pick:
    menu: "Which?"
    1: {category: one, then: hang up}
    wait: 1s
    tries: 2
    no answer: {category: none, then: hang up}
"""

EARLY = """
desk: early
numbers: ["560"]
language: en
recording: {notice: once}
agents: {561: Quin, 562: Rex, 563: Sue, 564: Tom, 565: Una}
categories:
  sale: a sale
  advice: somebody who wants a long advice about a thing that he has not bought yet and may never buy
lines:
  busy: {agents: [561], ring: 8s, wait: 20s}
  ringing: {agents: [562], ring: 8s, wait: 20s}
  whispered: {agents: [563], ring: 8s, wait: 20s, whisper: true}
  talked: {agents: [564], ring: 8s, wait: 20s}
  left: {agents: [565], ring: 8s, wait: 20s}
flow:
  hello: {say: "Hello.", then: pick}
  pick:
    menu: "Which line?"
    1: {then: busy, say: "One moment, you are being connected."}
    2: {category: sale, then: ringing}
    3: {category: advice, then: whispered}
    4: talked
    5: left
    no answer: busy
"""

LINES = """
desk: lines
numbers: ["570"]
language: en
patience: 40s
agents: {571: Val, 572: Wes, 573: Xia, 574: Yan, 575: Zoe, 576: Abe, 577: Bea, 578: Cal, 579: Dee, 569: Edna, 568: Faye}
categories: {sale: a sale}
lines:
  single: {agents: [571], ring: 8s, wait: 30s}
  absent: {agents: [572], then: present}
  present: {agents: [573], ring: 8s, wait: 20s}
  pair: {agents: [574, 575], ring: 2s, wait: 20s}
  busy: {agents: [576, 577], ring: 8s, wait: 20s}
  left: {agents: [578], ring: 8s, wait: 20s}
  right: {agents: [578, 579], ring: 8s, wait: 20s}
  narrow: {agents: [569], ring: 3s, wait: 30s, most waiting: 1, then: wide}
  wide: {agents: [568], ring: 8s, wait: 20s}
flow:
  pick:
    menu: "Which line?"
    1: single
    2: absent
    3: pair
    4: busy
    5: left
    6: right
    7: narrow
    no answer: single
"""

RING = """
desk: ring
numbers: ["580"]
language: en
patience: 8s
agents: {581: Eli, 582: Flo, 583: Gil}
categories: {sale: a sale}
lines:
  first: {agents: [581], ring: 1s, wait: 2s, then: second}
  second: {agents: [582], ring: 1s, wait: 2s, then: third}
  third: {agents: [583], ring: 1s, wait: 2s, then: first}
flow:
  hello: {say: "Hello.", then: first}
"""

EMPTY = """
desk: empty
numbers: ["590"]
language: en
agents: {591: Hope, 592: Ivo}
categories: {sale: a sale}
lines:
  first: {agents: [591], then: second}
  second: {agents: [592], then: first}
flow:
  hello: {say: "Hello.", then: first}
"""

BACK = """
desk: back
numbers: ["600"]
language: en
agents: {601: Joy, 602: Kit}
categories: {sale: a sale, again: another try}
lines:
  first: {agents: [601], ring: 5s, wait: 3s, then: sorry-menu}
  second: {agents: [602], ring: 8s, wait: 20s, whisper: true}
flow:
  pick:
    menu: "Which?"
    1: {category: sale, then: first}
    no answer: first
  sorry-menu:
    menu: "Nobody was free. Try the others?"
    2: {category: again, then: second}
    no answer: hang up
source:
  ask: while waiting
  menu: "How did you hear of us?"
  1: internet
  2: friend
  names: {internet: from the internet, friend: from a friend}
"""

ACCEPT = """
desk: accept
numbers: ["610"]
language: en
agents: {611: Lia, 612: Mac, 613: Nia, 614: Oli, 615: Pia, 616: Quy, 617: Ray}
categories: {sale: a sale}
lines:
  refused: {agents: [611, 612], ring: 8s, wait: 40s, whisper: accept}
  silent: {agents: [613, 614], ring: 8s, wait: 40s, whisper: accept}
  gone: {agents: [615, 616], ring: 8s, wait: 40s, whisper: accept}
  alone: {agents: [617], ring: 8s, wait: 40s, whisper: accept}
flow:
  pick:
    menu: "Which line?"
    1: {category: sale, then: refused}
    2: {category: sale, then: silent}
    3: {category: sale, then: gone}
    4: {category: sale, then: alone}
    no answer: refused
"""

HOLIDAY = """
desk: holiday
numbers: ["620"]
language: en
hours:
  mon-sun: "00:00-24:00"
  holidays: {"TODAY": closed, "TOMORROW": closed}
  closed: {say: "We are closed today.", then: hang up}
agents: {629: Sal}
categories: {sale: a sale}
lines:
  first: {agents: [629]}
flow:
  hello: {say: "Hello.", then: first}
"""

SHUT = """
desk: shut
numbers: ["621"]
language: en
hours:
  DAYS: "09:00-18:00"
  closed: emergency
agents: {628: Sid}
categories: {sale: a sale, urgent: urgent}
lines:
  first: {agents: [628]}
flow:
  hello: {say: "Hello.", then: first}
  emergency:
    menu: "We are closed. For emergencies press one."
    1: {category: urgent, then: first}
    wait: 1s
    tries: 1
    no answer: hang up
"""

EXTRA_DAY = """
desk: extraday
numbers: ["622"]
language: en
hours:
  DAYS: "09:00-18:00"
  holidays: {"TODAY": "00:00-24:00", "TOMORROW": "00:00-24:00"}
  closed: {say: "We are closed.", then: hang up}
agents: {627: Sim}
categories: {sale: a sale}
lines:
  first: {agents: [627]}
flow:
  hello: {say: "Hello.", then: first}
"""

TONGUES = """
desk: tongues
numbers: ["630"]
languages: [en, ru]
agents: {631: Tia, 632: Ugo}
categories: {sale: {en: a sale, ru: продажа}}
lines:
  english: {agents: [631]}
  russian: {agents: [632]}
flow:
  tongue:
    menu: {en: "For English press one, for Russian two.", ru: "Один английский, два русский."}
    1: {language: en, then: hello}
    2: {language: ru, then: welcome}
    no answer: hello
  hello: {say: {en: "Hello.", ru: "Здравствуйте."}, then: english}
  welcome: {say: {en: "Welcome.", ru: "Добро пожаловать."}, then: russian}
"""

SCRIPTED = """
desk: scripted
numbers: ["640", "641", "642", "643"]
language: en
agents: {649: Vic}
categories: {found: found, failed: failed}
lines:
  first: {agents: [649]}
flow:
  pick:
    menu: "Which script?"
    1: order
    2: broken
    3: endless
    4: greedy
    no answer: hang up
  order:
    script: orders.py:find
    answers: {shipped: {category: found, then: hang up, say: "It is on its way."}}
    otherwise: {category: failed, then: hang up}
    limit: 10s
  broken:
    script: orders.py:fail
    otherwise: {category: failed, then: hang up, say: "Something went wrong."}
    limit: 10s
  endless:
    script: orders.py:never_ends
    otherwise: {category: failed, then: hang up, say: "That took too long."}
    limit: 1s
  greedy:
    script: orders.py:waits_for_keys
    otherwise: {category: failed, then: hang up, say: "No key, no order."}
    limit: 1s
"""

SCRIPTS = MappingProxyType(
    {
        "scripted/scripts/orders.py": '''
"""Handlers as they were written for pyst2, long before this desk."""

import time


def find(agi):
    agi.verbose("looking for the order of %s" % agi.env["agi_callerid"])
    agi.set_variable("ORDER", "77")
    agi.stream_file("scripted/en/pick")
    digits = agi.get_data("scripted/en/order.shipped", 3000, 2)
    order = agi.get_variable("ORDER")
    return "shipped" if (digits, order) == ("77", "77") else "unknown"


def fail(agi):
    raise RuntimeError("the order book burnt")


def never_ends(agi):
    time.sleep(4)
    agi.set_variable("ORDER", "too late")
    return "shipped"


def waits_for_keys(agi):
    agi.wait_for_digit(20000)
    return "shipped"
''',
    }
)

HOSTILE = """
desk: hostile
numbers: ["650", "651"]
language: en
agents: {659: Wim}
categories: {sale: a sale}
lines:
  first: {agents: [659], ring: 5s, wait: 10s, whisper: true}
flow:
  pick:
    menu: "Press one."
    1: {category: sale, then: first}
    wait: 1s
    tries: 1
    no answer: hang up
"""

PROCESS = """
desk: process
numbers: ["660"]
language: en
agents: {661: Xena}
categories: {sale: a sale}
lines:
  first: {agents: [661], ring: 8s, wait: 20s}
flow:
  hello: {say: "Hello.", then: pick}
  pick:
    menu: "Which?"
    1: {category: sale, then: first}
    no answer: first
source:
  ask: before the line
  menu: "How did you hear of us?"
  1: internet
  2: friend
  wait: 2s
"""

MAILBOX = """
desk: mailbox
numbers: ["670"]
language: en
agents: {671: Ada, 672: Bert}
categories: {sale: a sale}
voicemail: {say: "Leave us a message.", limit: 6s, silence: 3s}
lines:
  nobody: {agents: [671], then: voicemail}
  rings: {agents: [672], ring: 1s, wait: 1s}
flow:
  pick:
    menu: "Which?"
    1: nobody
    2: rings
    3: voicemail
    wait: 1s
    no answer: nobody
"""

AWAY = """
desk: away
numbers: ["680"]
language: en
agents: {681: Agent 681, 682: Agent 682}
categories: {}
lines:
  one: {agents: [681], ring: 1s, wait: 12s, pause after: 2, then: two}
  two: {agents: [682], ring: 8s, wait: 12s}
flow:
  hello: {say: "Hello.", then: one}
"""

ROUTING = """
desk: routing
numbers: ["760"]
language: en
agents: {761: Agent 761, 762: Agent 762, 763: Agent 763, 764: Agent 764, 765: Agent 765, 766: Agent 766, 767: Agent 767}
categories: {}
callers:
  - {who: ["+7921000099"], priority: 5}
  - {who: ["+7921000098"], then: hang up, say: "Please write to us."}
lines:
  passed: {agents: [761], ring: 8s, wait: 30s, tells: [place]}
  ranked: {agents: [762, 763], rank: {763: 2}, ring: 1s, wait: 20s}
  own: {agents: [764, 765], own agent first: true, ring: 8s, wait: 20s}
  long: {agents: [766], ring: 8s, wait: 30s, tells: [place, wait]}
  left: {agents: [767], ring: 8s, wait: 20s}
  right: {agents: [767], ring: 8s, wait: 20s}
flow:
  pick:
    menu: "Which line?"
    1: passed
    2: ranked
    3: own
    4: long
    5: trial
    no answer: own
  trial: {split: {left: 50, right: 50}}
"""

DESKS = MappingProxyType(
    {
        "away": AWAY,
        "waiting": WAITING,
        "before": BEFORE,
        "byagent": BY_AGENT,
        "never": NEVER,
        "keys": KEYS,
        "plainkeys": PLAIN_KEYS,
        "early": EARLY,
        "lines": LINES,
        "ring": RING,
        "empty": EMPTY,
        "back": BACK,
        "accept": ACCEPT,
        "holiday": HOLIDAY,
        "shut": SHUT,
        "extraday": EXTRA_DAY,
        "tongues": TONGUES,
        "scripted": SCRIPTED,
        "hostile": HOSTILE,
        "process": PROCESS,
        "mailbox": MAILBOX,
        "routing": ROUTING,
    }
)
