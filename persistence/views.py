"""SQL views over the log: the usual questions answered in `sqlite3`, Datasette or any tool that speaks SQL.

They are part of the file from schema 2 on; `hantrade log views --sql` prints them for older files, as temporary views.
A view costs the writer nothing: no trigger, no index. Each repeats the condition of the partial indexes, so it reads
only the rare events (orders, money, links), never the quotes; the views in SCANS are the exception and say so.

Only what SQLite 3.25 (2018: window functions) knows is used: `json_extract` rather than `->>`, which needs 3.38.
Times come twice: `…_kst` as ISO text in Korean time to the millisecond, and UTC ns. Money is whole won.
"""

import sqlite3
from dataclasses import dataclass
from functools import cache

RARE = "stream NOT IN ('quotes', 'clock')"  # condition of the partial indexes; a query must repeat it to use them
SCANS = ("quality",)  # read every event: what they tell is in the stream `quotes`, which has no index


@dataclass(frozen=True, slots=True)
class View:
    """One view of the log."""

    name: str
    says: str  # one line for people; also the comment inside its SQL
    select: str  # the query, with {…} for the phrases below


def _kst(ns: str) -> str:
    """Give SQL for UTC ns as ISO text in KST; null stays null."""
    return (
        f"strftime('%Y-%m-%dT%H:%M:%S', {ns} / 1000000000, 'unixepoch', '+9 hours')"
        f" || printf('.%03d+09:00', {ns} / 1000000 % 1000)"
    )


def _get(*names: str, of: str = "e.payload") -> str:
    """Give SQL for fields of a payload as columns of the same names."""
    return ", ".join(f"json_extract({of}, '$.{name}') AS {name}" for name in names)


def _type(kind: str, alias: str = "e") -> str:
    """Give the condition for one rare type, in the words that let SQLite use the index."""
    return f"{alias}.type = '{kind}' AND {alias}.{RARE}"


def _types(*kinds: str, alias: str = "e") -> str:
    """Give the condition for any of these rare types, likewise."""
    names = ", ".join(f"'{kind}'" for kind in kinds)
    return f"{alias}.type IN ({names}) AND {alias}.{RARE}"


def _rare(alias: str) -> str:
    """Give the condition of the partial indexes."""
    return f"{alias}.{RARE}"


_AT = f"{_kst('e.venue_time')} AS venue_kst, e.venue_time, {_kst('e.recorded_at')} AS recorded_kst, e.recorded_at"

_ORDERS = f"""
SELECT d.client_order_id, d.symbol, d.side, d.kind, d.purpose, d.quantity, d.limit_price, d.origin,
       {_kst("coalesce(d.venue_time, d.recorded_at)")} AS decided_kst, d.venue_time AS decided_at, d.decided_seq,
       CASE WHEN d.type = 'OrderDenied' THEN 'DENIED' ELSE coalesce(json_extract(l.payload, '$.to_status'), 'NEW') END
         AS status,
       coalesce(json_extract(l.payload, '$.filled_qty'), 0) AS filled_qty,
       round(f.notional * 1.0 / f.quantity, 2) AS average_price,
       f.notional, f.commission + f.tax AS costs, f.realized_pnl,
       d.denial_code, d.denial, nullif(json_extract(l.payload, '$.reason'), '') AS last_reason, d.rationale
FROM (
  SELECT e.seq AS decided_seq, e.type, e.stream, e.venue_time, e.recorded_at,
         {_get("client_order_id", "symbol", "side", "kind", "purpose", "quantity", "limit_price", "origin")},
         {_get("rationale")},
         json_extract(e.payload, '$.reason') AS denial_code, json_extract(e.payload, '$.message') AS denial
  FROM events e WHERE e.type IN ('OrderApproved', 'OrderDenied') AND {_rare("e")}
) d
LEFT JOIN events l ON l.seq = (
  SELECT max(s.seq) FROM events s WHERE s.stream = d.stream AND +s.type = 'OrderStateChanged' AND {_rare("s")})
LEFT JOIN (
  SELECT json_extract(e.payload, '$.client_order_id') AS client_order_id,
         sum(json_extract(e.payload, '$.last_qty')) AS quantity, sum(json_extract(e.payload, '$.notional')) AS notional,
         sum(json_extract(e.payload, '$.commission')) AS commission, sum(json_extract(e.payload, '$.tax')) AS tax,
         sum(json_extract(e.payload, '$.realized_pnl')) AS realized_pnl
  FROM events e WHERE {_types("FillBooked", "FillRevised")} GROUP BY 1  -- a revision has no last_qty of its own
) f ON f.client_order_id = d.client_order_id
ORDER BY d.decided_seq"""

_ORDER_EVENTS = f"""
SELECT o.client_order_id, e.seq, {_AT}, e.type, e.role, e.causation_seq,
       json_extract(e.payload, '$.to_status') AS status, e.payload
FROM (
  SELECT e.seq, substr(e.stream, 7) AS client_order_id FROM events e
  WHERE e.stream >= 'order/' AND e.stream < 'order0' AND {_rare("e")}
  UNION  -- what asked for it: a signal, a person's command, the rule that closes a position
  SELECT e.causation_seq, substr(e.stream, 7) FROM events e
  WHERE e.type IN ('OrderApproved', 'OrderDenied') AND {_rare("e")}
  UNION
  SELECT e.seq, json_extract(e.payload, '$.client_order_id') FROM events e
  WHERE e.type IN ('FillBooked', 'FillRevised', 'CommandAnswered', 'ManualModifyRequested', 'ManualCancelRequested',
                   'ReleaseRequested') AND {_rare("e")}
    AND json_extract(e.payload, '$.client_order_id') <> ''
) o JOIN events e ON e.seq = o.seq
ORDER BY o.client_order_id, e.seq"""

_FILLS = f"""
SELECT e.seq, {_AT},
       {_get("client_order_id", "trade_id", "symbol", "side", "last_qty", "last_px", "notional", "commission", "tax")},
       json_extract(e.payload, '$.commission') + json_extract(e.payload, '$.tax') AS costs,
       {_get("realized_pnl", "position_qty", "cost_basis", "cash")},
       CASE WHEN e.type = 'FillRevised' THEN 'revision'
            WHEN json_extract(e.payload, '$.trade_id') LIKE 'inferred:%' THEN 'inferred' ELSE 'execution' END
         AS booked_as
FROM events e WHERE {_types("FillBooked", "FillRevised")}
  AND NOT (e.type = 'FillRevised' AND json_extract(e.payload, '$.trade_id') LIKE 'inferred:%')  -- changes nothing
ORDER BY e.seq"""

_DENIALS = f"""
SELECT e.seq, {_AT},
       {_get("client_order_id", "symbol", "side", "purpose", "quantity", "limit_price", "reason", "message", "origin")},
       {_get("rationale")}
FROM events e WHERE {_type("OrderDenied")} ORDER BY e.seq"""

_DENIALS_BY_REASON = f"""
SELECT json_extract(e.payload, '$.reason') AS reason, count(*) AS denials,
       count(DISTINCT json_extract(e.payload, '$.symbol')) AS symbols,
       {_kst("min(e.venue_time)")} AS first_kst, {_kst("max(e.venue_time)")} AS last_kst,
       max(e.seq) AS last_seq, json_extract(e.payload, '$.message') AS last_message
FROM events e WHERE {_type("OrderDenied")} GROUP BY 1 ORDER BY 2 DESC, 1"""

_SIGNALS = f"""
SELECT e.seq, {_kst("e.venue_time")} AS venue_kst, e.venue_time,
       {_get("strategy", "symbol", "side", "purpose", "strength", "confidence", "attention", "horizon_s")},
       {_get("reference_price", "limit_price")},
       (SELECT group_concat(json_extract(i.value, '$.name') || ' ' || json_extract(i.value, '$.verdict')
          || coalesce(printf(' %.4g', json_extract(i.value, '$.value')), ''), '; ')
        FROM json_each(e.payload, '$.inputs') i) AS inputs,
       substr(d.stream, 7) AS client_order_id,
       CASE d.type WHEN 'OrderDenied' THEN 'DENIED' WHEN 'OrderApproved' THEN coalesce(json_extract(
         (SELECT l.payload FROM events l WHERE l.seq = (SELECT max(s.seq) FROM events s
            WHERE s.stream = d.stream AND +s.type = 'OrderStateChanged' AND {_rare("s")})), '$.to_status'), 'NEW')
       ELSE 'no order' END AS became,
       json_extract(d.payload, '$.message') AS denial,
       CASE json_extract(s.payload, '$.won') WHEN 1 THEN 'right' WHEN 0 THEN 'wrong'
         ELSE CASE WHEN s.seq IS NULL THEN 'open' ELSE 'not scored' END END AS outcome,
       CASE WHEN json_extract(s.payload, '$.won') IS NOT NULL THEN
         round((json_extract(s.payload, '$.gross_ppm') - json_extract(s.payload, '$.cost_ppm')) / 100.0, 2)
       END AS net_bps,
       {_get("horizon_sessions", "regime", "quality", "rationale")}
FROM events e LEFT JOIN (  -- grouped, so that SQLite looks every signal up instead of reading all orders for each
  SELECT d.causation_seq, min(d.seq), d.type, d.stream, d.payload FROM events d
  WHERE d.type IN ('OrderApproved', 'OrderDenied') AND {_rare("d")} GROUP BY d.causation_seq
) d ON d.causation_seq = e.seq
LEFT JOIN events s ON s.stream = e.stream AND {_rare("s")} AND +s.type = 'SignalScored' AND s.seq > e.seq
  AND json_extract(s.payload, '$.signal_seq') = e.seq
WHERE {_type("SignalFormed")} ORDER BY e.seq"""

_SIGNAL_SCORES = f"""
SELECT e.seq, {_get("signal_seq", "strategy", "symbol", "side", "purpose", "confidence", "regime", "attention")},
       {_kst("json_extract(e.payload, '$.formed_at')")} AS formed_kst,
       {_kst("json_extract(e.payload, '$.due_at')")} AS due_kst, {_get("horizon_s", "horizon_sessions")},
       {_get("entry_price", "exit_price", "gross_ppm", "cost_ppm", "won", "reason")}
FROM events e WHERE {_type("SignalScored")} ORDER BY e.seq"""

# A baseline is told once a date; after a restart of the same date again, and the newest counts.
_BASELINES = f"""
SELECT max(e.seq) AS seq, {_get("symbol", "trading_date", "horizon_s", "horizon_sessions", "entries", "wins")},
       round(json_extract(e.payload, '$.wins') * 1.0 / json_extract(e.payload, '$.entries'), 4) AS precision,
       {_get("gross_ppm_sum", "cost_ppm_sum")}
FROM events e WHERE {_type("BaselineScored")} GROUP BY 2, 3, 4, 5 ORDER BY seq"""

# What has no score has no return. Always being in is a buy: it says nothing beside exits, nor where an entry has none.
_ACCURACY = """
SELECT s.strategy, s.purpose, count(*) AS signals, sum(s.won) AS wins, round(avg(s.won), 4) AS precision,
       CASE WHEN s.purpose = 'ENTRY' AND count(s.won) = sum(s.won IS NOT NULL AND b.precision IS NOT NULL)
         THEN round(avg(CASE WHEN s.won IS NOT NULL THEN b.precision END), 4) END AS always_in,
       round(avg(CASE WHEN s.won IS NOT NULL THEN s.gross_ppm - s.cost_ppm END) / 100.0, 2) AS net_bps,
       sum(s.won IS NULL) AS unscored
FROM signal_scores s LEFT JOIN baselines b ON b.symbol = s.symbol AND b.trading_date = substr(s.formed_kst, 1, 10)
  AND b.horizon_s = s.horizon_s AND b.horizon_sessions = s.horizon_sessions
GROUP BY s.strategy, s.purpose ORDER BY s.strategy, s.purpose"""

_EQUITY = f"""
SELECT e.seq, {_kst("e.venue_time")} AS venue_kst, e.venue_time,
       {_get("cash", "equity", "unrealized_pnl", "realized_pnl", "costs", "positions")}
FROM events e WHERE {_type("EquityMarked")} ORDER BY e.seq"""

# What changes shares moves a trip on; a revision changes money only, of the trip that runs or was closed last.
_ROUND_TRIPS = f"""
SELECT symbol, trip, {_kst("min(moved_at)")} AS opened_kst,
       CASE WHEN is_closed THEN {_kst("max(moved_at)")} END AS closed_kst,
       CASE WHEN is_closed THEN (max(moved_at) - min(moved_at)) / 1000000000 END AS held_s,
       sum(CASE side WHEN 'BUY' THEN last_qty ELSE 0 END) AS bought_qty,
       sum(CASE side WHEN 'SELL' THEN last_qty ELSE 0 END) AS sold_qty,
       sum(CASE side WHEN 'BUY' THEN notional ELSE 0 END) AS paid,
       sum(CASE side WHEN 'SELL' THEN notional ELSE 0 END) AS received,
       sum(commission + tax) AS costs, sum(realized_pnl) AS realized_pnl, is_closed, min(seq) AS first_seq,
       max(seq) AS last_seq
FROM (
  SELECT *, min(position_qty) OVER (PARTITION BY symbol, trip) = 0 AS is_closed
  FROM (
    SELECT seq, moved_at, symbol, side, last_qty, notional, commission, tax, realized_pnl, position_qty,
           1 + coalesce(sum(position_qty = 0) OVER (
             PARTITION BY symbol ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)
             - (moved_at IS NULL AND held = 0) AS trip
    FROM (
      SELECT e.seq, CASE WHEN e.type <> 'FillRevised' THEN e.venue_time END AS moved_at,
             {_get("symbol", "side", "last_qty", "notional", "commission", "tax", "realized_pnl", "position_qty")},
             CASE WHEN e.type = 'FillRevised' THEN coalesce((
               SELECT json_extract(p.payload, '$.position_qty') FROM events p
               WHERE p.stream = e.stream AND p.seq < e.seq AND +p.type IN ('FillBooked', 'AdjustmentBooked')
                 AND {_rare("p")} ORDER BY p.seq DESC LIMIT 1), 1) END AS held
      FROM events e WHERE {_types("FillBooked", "FillRevised", "AdjustmentBooked")}
        AND (e.type <> 'AdjustmentBooked'
             OR json_extract(e.payload, '$.position_qty') <> json_extract(e.payload, '$.quantity_before')))))
GROUP BY symbol, trip, is_closed ORDER BY first_seq"""

_NOTICES = f"""
SELECT e.seq, {_kst("e.recorded_at")} AS recorded_kst, e.recorded_at, {_get("severity", "topic", "text")}
FROM events e WHERE {_type("NoticeRaised")} ORDER BY e.seq"""

# A run has no row of its own end when it was cut off: it ends right before the next RunStarted, or at the log's end.
_RUN_SPANS = f"""
  SELECT e.seq AS first_seq, e.recorded_at AS started_at, json_extract(e.payload, '$.run_id') AS run_id, e.payload,
         coalesce(lead(e.seq) OVER (ORDER BY e.seq) - 1, (SELECT max(seq) FROM events)) AS last_seq
  FROM events e WHERE {_type("RunStarted")}"""

_RUNS = f"""
SELECT r.run_id, json_extract(r.payload, '$.version') AS version, json_extract(r.payload, '$.config.mode') AS mode,
       json_extract(r.payload, '$.config.server_kind') AS server_kind,
       {_kst("r.started_at")} AS started_kst, r.started_at,
       {_kst("z.recorded_at")} AS last_kst, z.recorded_at AS last_at,
       round((z.recorded_at - r.started_at) / 1e9, 3) AS seconds, r.first_seq, r.last_seq,
       r.last_seq - r.first_seq + 1 AS events,
       coalesce(json_extract(x.payload, '$.reason'), 'running or cut off') AS ended
FROM ({_RUN_SPANS}
) r JOIN events z ON z.seq = r.last_seq
LEFT JOIN events x ON {_type("RunEnded", "x")} AND x.run_id = r.run_id
ORDER BY r.first_seq"""

_CONNECTIONS = f"""
SELECT c.seq, c.run_id, c.link, c.from_state, c.state, c.trigger, c.reason, {_kst("c.at")} AS since_kst, c.at AS since,
       round((coalesce(c.next_at, max(z.recorded_at, c.at)) - c.at) / 1e9, 3) AS seconds, c.next_at IS NULL AS is_last
FROM (
  SELECT e.seq, e.run_id, {_get("link", "from_state", "trigger", "reason")},
         json_extract(e.payload, '$.to_state') AS state, json_extract(e.payload, '$.system_time') AS at,
         lead(json_extract(e.payload, '$.system_time')) OVER (
           PARTITION BY e.run_id, json_extract(e.payload, '$.link') ORDER BY e.seq) AS next_at
  FROM events e WHERE {_type("ConnectionChanged")}
) c LEFT JOIN ({_RUN_SPANS}
) r ON r.run_id = c.run_id LEFT JOIN events z ON z.seq = r.last_seq
ORDER BY c.seq"""

_LINK_TIME = """
SELECT run_id, link, state, count(*) AS times, round(sum(seconds), 3) AS seconds,
       state NOT IN ('READY', 'DEGRADED') AS is_down
FROM connections GROUP BY run_id, link, state ORDER BY min(seq)"""

_DAY_CHANGES = f"""
SELECT e.seq, {_AT}, {_get("from_state", "to_state", "trigger", "reason")}
FROM events e WHERE {_type("DayChanged")} ORDER BY e.seq"""

_GATE_CHANGES = f"""
SELECT e.seq, {_kst("e.recorded_at")} AS recorded_kst, e.recorded_at, {_get("level", "reason")}, e.causation_seq
FROM events e WHERE {_type("GateChanged")} ORDER BY e.seq"""

_COMMANDS = f"""
SELECT e.seq, {_kst("e.recorded_at")} AS recorded_kst, e.recorded_at, replace(e.type, 'Requested', '') AS command,
       {_get("caller", "command_id", "symbol", "side", "kind", "quantity", "limit_price")},
       nullif(coalesce(json_extract(e.payload, '$.note'), json_extract(e.payload, '$.reason')), '') AS note,
       json_extract(a.payload, '$.accepted') AS accepted, nullif(json_extract(a.payload, '$.code'), '') AS code,
       json_extract(a.payload, '$.text') AS answer,
       nullif(coalesce(nullif(json_extract(a.payload, '$.client_order_id'), ''),
         json_extract(e.payload, '$.client_order_id')), '') AS client_order_id,
       round((a.recorded_at - e.recorded_at) / 1e6, 3) AS answer_ms
FROM events e LEFT JOIN events a ON a.stream = 'operator' AND {_rare("a")} AND +a.type = 'CommandAnswered'
  AND json_extract(a.payload, '$.command_id') = json_extract(e.payload, '$.command_id')
WHERE e.stream = 'operator' AND {_rare("e")} AND +e.type <> 'CommandAnswered'
ORDER BY e.seq"""

_CAUSES = f"""
WITH RECURSIVE up(seq, step, cause_seq) AS (
  SELECT e.seq, 1, e.causation_seq FROM events e WHERE {_rare("e")} AND e.causation_seq > 0
  UNION ALL
  SELECT up.seq, up.step + 1, c.causation_seq FROM up JOIN events c ON c.seq = up.cause_seq
  WHERE c.causation_seq > 0 AND c.causation_seq < c.seq)
SELECT up.seq, up.step, up.cause_seq, c.type AS cause_type, c.stream AS cause_stream, c.role AS cause_role,
       {_kst("c.recorded_at")} AS cause_recorded_kst, c.payload AS cause_payload
FROM up JOIN events c ON c.seq = up.cause_seq
ORDER BY up.seq, up.step"""

_LATENCIES = f"""
SELECT substr(i.stream, 7) AS client_order_id, json_extract(i.payload, '$.symbol') AS symbol, i.seq AS intent_seq,
       {_kst("i.recorded_at")} AS asked_kst, i.recorded_at AS asked_at,
       round((min(CASE e.type WHEN 'RequestAnswered' THEN e.recorded_at END) - i.recorded_at) / 1e6, 3) AS answered_ms,
       round((min(CASE e.type WHEN 'OrderAccepted' THEN e.recorded_at END) - i.recorded_at) / 1e6, 3) AS accepted_ms,
       round((min(CASE e.type WHEN 'OrderFilled' THEN e.recorded_at END) - i.recorded_at) / 1e6, 3) AS first_fill_ms,
       round((max(CASE e.type WHEN 'OrderFilled' THEN e.recorded_at END) - i.recorded_at) / 1e6, 3) AS last_fill_ms,
       round((min(CASE e.type WHEN 'OrderFilled' THEN e.venue_time END) - a.venue_time) / 1e9, 3) AS venue_fill_s
FROM events i
LEFT JOIN events a ON a.seq = i.causation_seq
LEFT JOIN events e ON e.stream = i.stream AND {_rare("e")} AND e.seq > i.seq
WHERE {_type("SubmitOrder", "i")} GROUP BY i.seq ORDER BY i.seq"""

_TRENDS = f"""
SELECT e.seq, {_get("symbol", "source", "keyword_version")},
       {_kst("json_extract(e.payload, '$.fetched_at')")} AS fetched_kst,
       json_array_length(e.payload, '$.points') AS points, json_extract(e.payload, '$.points[0].day') AS first_day,
       (SELECT max(json_extract(p.value, '$.day')) FROM json_each(e.payload, '$.points') p) AS last_day,
       (SELECT json_extract(p.value, '$.ratio') FROM json_each(e.payload, '$.points') p ORDER BY p.key DESC LIMIT 1)
         AS last_ratio
FROM events e WHERE {_type("TrendReceived")} ORDER BY e.seq"""

_ATTENTION = f"""
SELECT e.seq, {_kst("e.recorded_at")} AS recorded_kst,
       {_get("symbol", "source", "as_of", "asvi", "z", "reason", "quality")}
FROM events e WHERE {_type("AttentionMeasured")} ORDER BY e.seq"""

_QUALITY = f"""
SELECT json_extract(v.value, '$.symbol') AS symbol, json_extract(v.value, '$.rule') AS rule,
       json_extract(v.value, '$.refused') AS refused, count(*) AS quotes,
       {_kst("min(e.venue_time)")} AS first_kst, {_kst("max(e.venue_time)")} AS last_kst, min(e.seq) AS first_seq,
       min(json_extract(v.value, '$.detail')) AS example
FROM events e, json_each(e.payload, '$.verdicts') v
WHERE e.type = 'QuotesJudged' AND e.stream = 'quotes' GROUP BY 1, 2, 3 ORDER BY quotes DESC, 1, 2"""

VIEWS = tuple(
    View(name, says, select.strip())
    for name, says, select in (
        ("orders", "one row per client order: what was decided, what became of it, fills and money", _ORDERS),
        ("order_events", "everything about an order in time, from what asked for it to the books", _ORDER_EVENTS),
        ("fills", "one row per fill in the books, and per revision of one by its execution; money in KRW", _FILLS),
        ("denials", "orders that risk refused, with value, limit and distance in words", _DENIALS),
        ("denials_by_reason", "how often risk refused for which reason", _DENIALS_BY_REASON),
        (
            "signals",
            "signals with attention, confidence, inputs, what became of each and whether it was right",
            _SIGNALS,
        ),
        ("signal_scores", "signals whose horizon has passed: prices, return, costs, right or wrong", _SIGNAL_SCORES),
        ("baselines", "what always being in won, per symbol, date and horizon", _BASELINES),
        (
            "accuracy",
            "precision per strategy beside always being in; no test of luck, see `hantrade signals`",
            _ACCURACY,
        ),
        ("equity", "the equity curve at mark, in KRW", _EQUITY),
        ("round_trips", "a holding from the first share to the last, with costs and realised P&L", _ROUND_TRIPS),
        ("notices", "what people were told, with severity", _NOTICES),
        ("connections", "each state of each link with how long it lasted, in system time", _CONNECTIONS),
        ("link_time", "seconds per run, link and state; is_down is 1 where no order may go", _LINK_TIME),
        ("day_changes", "moves of the trading-day machine", _DAY_CHANGES),
        ("gate_changes", "levels of the wire gate and why", _GATE_CHANGES),
        ("commands", "what people commanded, with the answers", _COMMANDS),
        ("runs", "runs of the trader: when, which mode, how they ended", _RUNS),
        ("causes", "what led to an event (quotes and clock left out), step by step up to the input", _CAUSES),
        ("latencies", "per order: ms from its intent to answer, acceptance and fills, in system time", _LATENCIES),
        ("trends", "search series as they came", _TRENDS),
        ("attention", "attention per symbol, and why it is unknown where it is", _ATTENTION),
        ("quality", "quotes refused or flagged per symbol and rule; reads every event of the log", _QUALITY),
    )
)


def statement(view: View, *, temporary: bool = False) -> str:
    """Give the SQL that makes one view. Its comment is kept by SQLite: `.schema` shows it."""
    kind = "TEMP VIEW" if temporary else "VIEW"
    return f"CREATE {kind} {view.name} AS -- {view.says}\n{view.select}"


def replace(conn: sqlite3.Connection) -> None:
    """Make all views, also where older ones stand. Every migration that changes a view calls this."""
    for view in VIEWS:
        conn.execute(f"DROP VIEW IF EXISTS {view.name}")
        conn.execute(statement(view))


def creating(*, temporary: bool) -> tuple[str, ...]:
    """Give the statements that make today's views."""
    return tuple(statement(view, temporary=temporary) for view in VIEWS)


def temporary() -> tuple[str, ...]:
    """Give statements that make the views for one connection anew: an old log has none, a reader may not add them."""
    drops = (f"DROP VIEW IF EXISTS temp.{view.name}" for view in VIEWS)
    return (*drops, *creating(temporary=True))


@cache
def columns() -> dict[str, tuple[str, ...]]:
    """Give the columns of every view."""
    from persistence import schema

    conn = sqlite3.connect(":memory:", isolation_level=None)
    try:
        schema.create(conn, dict.fromkeys(schema.META_KEYS, "0"))
        return {view.name: tuple(row[1] for row in conn.execute(f"PRAGMA table_info({view.name})")) for view in VIEWS}
    finally:
        conn.close()
