"""A report as one HTML file that needs nothing else: light and dark, on a screen and on paper."""

from __future__ import annotations

from html import escape

from ivr.desk.made_report import Head, MadeReport, Table, Value
from ivr.reports.catalogue import CATALOGUE
from ivr.sheets.bars import bars
from ivr.sheets.words import freshness, heading, mark, shown

_STYLE = """
:root{color-scheme:light dark;--ground:#fff;--ink:#1d2730;--quiet:#64717d;--rule:#d9e0e6;--band:#f5f8fa;--good:#1a7f37;
--bad:#b3261e;--c0:#2f6db5;--c1:#d9822b;--c2:#8a9aa8;--c3:#5a9e6f;--c4:#a05ab5}
@media(prefers-color-scheme:dark){:root{--ground:#14191d;--ink:#e3e9ee;--quiet:#8d9aa5;--rule:#323c44;--band:#1b2227;
--good:#5fcf80;--bad:#ff8a80;--c0:#6aa7ee;--c1:#f0a657;--c2:#77858f;--c3:#7cc492;--c4:#c88ddb}}
body{margin:0 auto;padding:2rem 1.5rem;max-width:80rem;background:var(--ground);color:var(--ink);
font:15px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
h1{font-size:1.6rem;margin:0 0 .2rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}
p.under,p.note,footer{color:var(--quiet);margin:.2rem 0}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:.35rem .6rem;text-align:right;white-space:nowrap}
th{font-weight:600;border-bottom:2px solid var(--rule);vertical-align:bottom;white-space:normal}
th.text,td.text{text-align:left}th small{display:block;font-weight:400;color:var(--quiet);font-size:.7rem}
tbody tr:nth-child(even){background:var(--band)}tfoot td{border-top:2px solid var(--rule);font-weight:600}
.good{color:var(--good)}.bad{color:var(--bad)}
figure{margin:1rem 0}svg text{fill:var(--quiet);font-size:11px}svg .name{fill:var(--ink)}
.s0{fill:var(--c0)}.s1{fill:var(--c1)}.s2{fill:var(--c2)}.s3{fill:var(--c3)}.s4{fill:var(--c4)}
details{margin-top:2rem}dt{font-weight:600;margin-top:.6rem}dd{margin:0 0 0 1rem;color:var(--quiet)}
footer{margin-top:2rem;border-top:1px solid var(--rule);padding-top:.6rem}
@media print{:root{--ground:#fff;--ink:#000;--quiet:#444;--band:#f3f3f3}body{padding:0;max-width:none;font-size:10pt}
h2{break-after:avoid}tr,figure{break-inside:avoid}thead{display:table-header-group}@page{size:A4 landscape;margin:12mm}}
"""


def as_page(made: MadeReport) -> str:
    """Return the page. Every text in it is escaped; it has no script and asks the network for nothing."""
    body = [f"<h1>{escape(made.title)}</h1>", f'<p class="under">{escape(heading(made))}</p>']
    body += [f'<p class="under">{escape(freshness(made))}</p>']
    body += [f'<p class="note">{escape(note)}</p>' for note in made.notes]
    body += [_table(table) for table in made.tables]
    body.append(_meanings(made))
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f"<title>{escape(made.title)}, {escape(heading(made))}</title><style>{_STYLE}</style></head>\n"
        f"<body>{''.join(body)}</body></html>\n"
    )


def _table(table: Table) -> str:
    title = f"<h2>{escape(table.title)}</h2>"
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    if not table.rows:
        return f'{title}<p class="note">Nothing.</p>{note}'
    heads = "".join(_head(head) for head in table.heads)
    rows = "".join(_row(row, table.heads) for row in table.rows)
    total = f"<tfoot>{_row(table.total, table.heads)}</tfoot>" if table.total else ""
    chart = bars(table)
    sheet = f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody>{total}</table>"
    return f'{title}{chart}<div class="wide">{sheet}</div>{note}\n'


def _head(head: Head) -> str:
    if not head.version:
        return f'<th class="{"text" if head.unit == "text" else "number"}">{escape(head.title)}</th>'
    about = CATALOGUE[head.id].formula if head.id in CATALOGUE else ""
    return f'<th title="{escape(about)}">{escape(head.title)}<small>{escape(head.id)}</small></th>'


def _row(row: tuple[Value, ...], heads: tuple[Head, ...]) -> str:
    return f"<tr>{''.join(_cell(value, head) for value, head in zip(row, heads, strict=True))}</tr>"


def _cell(value: Value, head: Head) -> str:
    text, sign = escape(shown(value, head)), mark(value, head)
    if head.unit == "text":
        return f'<td class="text">{text}</td>'
    if sign:
        return f'<td class="{"good" if sign == "✓" else "bad"}">{text} {sign}</td>'
    return f"<td>{text}</td>"


def _meanings(made: MadeReport) -> str:
    ids = dict.fromkeys(head.id for table in made.tables for head in table.heads if head.id in CATALOGUE)
    told = []
    for one in map(CATALOGUE.__getitem__, ids):
        out = f" Left out: {one.leaves_out}." if one.leaves_out else ""
        about = f"{one.formula}. Counted: {one.counts}.{out}"
        told.append(f"<dt>{escape(one.id)} v{one.version}</dt><dd>{escape(about)}</dd>")
    return f"<details><summary>What the numbers mean</summary><dl>{''.join(told)}</dl></details>" if told else ""
