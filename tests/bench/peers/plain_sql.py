"""What FreePBX's and Asternic's reports do, over the same calls: plain SQL over a CDR and a queue_log table.

A CDR row a call, with FreePBX's indexes on time, number and uniqueid; queue_log's rows as app_queue writes them, with
an index on time. Tables and statements are the same on both databases.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, Engine, text

_TABLES = """
CREATE TABLE peer_cdr (calldate BIGINT, clid TEXT, src TEXT, dst TEXT, dcontext TEXT, channel TEXT, lastapp TEXT,
 duration INTEGER, billsec INTEGER, disposition TEXT, accountcode TEXT, uniqueid TEXT, did TEXT, recordingfile TEXT);
CREATE TABLE peer_queue_log (time BIGINT, callid TEXT, queuename TEXT, agent TEXT, event TEXT, data1 BIGINT,
 data2 TEXT, data3 BIGINT);
INSERT INTO peer_cdr SELECT began_at / 1000000, caller_name, caller, number, desk, node || '/trunk', 'Queue',
 (ended_at - began_at) / 1000000, talked / 1000000, CASE WHEN outcome = 'answered' THEN 'ANSWERED' ELSE 'NO ANSWER' END,
 category, id, number, id || '.wav' FROM "call" ORDER BY began_at;
INSERT INTO peer_queue_log
 SELECT began_at, call_id, line, 'NONE', 'ENTERQUEUE', 0, '', 0 FROM leg WHERE kind = 'queue'
 UNION ALL SELECT ended_at, call_id, line, 'NONE',
  CASE WHEN reason = 'timeout' THEN 'EXITWITHTIMEOUT' ELSE 'ABANDON' END,
  (ended_at - began_at) / 1000000, '', 0 FROM leg WHERE kind = 'queue' AND reason <> 'answered'
 UNION ALL SELECT ended_at, call_id, line, 'NONE', 'CONNECT', (ended_at - began_at) / 1000000, '', 0
  FROM leg WHERE kind = 'queue' AND reason = 'answered'
 UNION ALL SELECT ended_at, call_id, line, agent, 'RINGNOANSWER', (ended_at - began_at) / 1000, '', 0
  FROM leg WHERE kind = 'offer' AND reason <> 'answered'
 UNION ALL SELECT ended_at, call_id, line, agent, CASE WHEN reason = 'agent hung up' THEN 'COMPLETEAGENT'
  ELSE 'COMPLETECALLER' END, 0, '', (ended_at - began_at) / 1000000 FROM leg WHERE kind = 'talk'
 ORDER BY 1;
CREATE INDEX peer_cdr_calldate ON peer_cdr (calldate);
CREATE INDEX peer_cdr_src ON peer_cdr (src);
CREATE INDEX peer_cdr_uniqueid ON peer_cdr (uniqueid);
CREATE INDEX peer_queue_log_time ON peer_queue_log (time)
"""
_SEEN = "FROM peer_queue_log WHERE time >= :since AND time < :until"
_CALLS = "FROM peer_cdr WHERE calldate >= :since / 1000000 AND calldate < :until / 1000000"
QUERIES: Mapping[str, str] = {
    "lines": f"""SELECT queuename, sum(CASE WHEN event = 'ENTERQUEUE' THEN 1 ELSE 0 END),
 sum(CASE WHEN event = 'CONNECT' THEN 1 ELSE 0 END), sum(CASE WHEN event = 'ABANDON' THEN 1 ELSE 0 END),
 sum(CASE WHEN event = 'CONNECT' AND data1 <= 20 THEN 1 ELSE 0 END),
 avg(CASE WHEN event = 'CONNECT' THEN data1 END), max(CASE WHEN event = 'CONNECT' THEN data1 END),
 avg(CASE WHEN event = 'ABANDON' THEN data1 END) {_SEEN} GROUP BY queuename""",
    "agents": f"""SELECT agent, sum(CASE WHEN event LIKE 'COMPLETE%' THEN 1 ELSE 0 END),
 sum(CASE WHEN event = 'RINGNOANSWER' THEN 1 ELSE 0 END), sum(data3), avg(CASE WHEN event LIKE 'COMPLETE%'
 THEN data3 END), max(data3) {_SEEN} AND agent <> 'NONE' GROUP BY agent""",
    "categories": f"SELECT accountcode, disposition, count(*), sum(billsec), avg(duration) {_CALLS} GROUP BY 1, 2",
}
"""By the name of our report: the statement that tells the most alike."""
OF_NUMBER = "SELECT * FROM peer_cdr WHERE src = :number ORDER BY calldate DESC LIMIT 20"


def make_peer(engine: Engine) -> None:
    """Make and fill the tables."""
    with engine.execution_options(writes=True).begin() as connection:
        for statement in _TABLES.split(";\n"):
            connection.execute(text(statement))
    if engine.dialect.name == "postgresql":
        with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text("VACUUM ANALYZE peer_cdr"))
            connection.execute(text("VACUUM ANALYZE peer_queue_log"))


def ask_peer(connection: Connection, name: str, since: int, until: int) -> int:
    """Ask for the report's alike; return how many rows came."""
    return len(connection.execute(text(QUERIES[name]), {"since": since, "until": until}).all())


def ask_peer_for_number(connection: Connection, number: str) -> int:
    """Ask for a number's latest calls; return how many came."""
    return len(connection.execute(text(OF_NUMBER), {"number": number}).all())
