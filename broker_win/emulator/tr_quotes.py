"""TRs about prices: opt10001, opt10003, opt10004, optkwfid, opt10054 (kiwoom.md 3).

Unknown codes give blanks, and so does everything the venue does not tell (balance sheets, strength of trades).
"""

from collections.abc import Sequence
from typing import Final

from broker_win.emulator.masters import SHARES
from broker_win.emulator.texts import change, clock, day, direction, number, percent, signed, text
from broker_win.emulator.tr_case import CODE, Case, Row, Sheet, Tr
from domain.instruments import Instrument
from domain.quotes import Quote

LEVELS: Final = 10
MILLION: Final = 1_000_000
UPPER, UP, LEVEL, LOWER, DOWN = "1", "2", "3", "4", "5"


def basics(case: Case) -> Sheet:
    """Answer opt10001."""
    one = case.instrument
    if one is None:
        return Sheet({})
    quote, base = case.quotes.get(one.symbol), one.base_price
    price = last_price(quote, one)
    opened, high, low = _range(case, quote)
    return Sheet(
        {
            CODE: text(one.symbol),
            "종목명": text(one.name, 40),
            "상장주식": number(SHARES[one.symbol] // 1_000) if one.symbol in SHARES else "",
            "시가": signed(opened, base),
            "고가": signed(high, base),
            "저가": signed(low, base),
            "상한가": signed(one.upper_limit or 0, base),
            "하한가": signed(one.lower_limit or 0, base),
            "기준가": number(base),
            "현재가": signed(price, base),
            "대비기호": text(sign_of(price, one)),
            "전일대비": change(_diff(price, base)),
            "등락율": percent(_diff(price, base), base),
            "거래량": number(quote.cumulative_volume if quote else 0),
        }
    )


def last_trades(case: Case) -> Sheet:
    """Answer opt10003 with the trades that were heard of, or the latest alone."""
    one = case.instrument
    if one is None:
        return Sheet()
    latest = case.quotes.get(one.symbol)
    trades = case.tape.trades(one.symbol) or ([latest] if latest and latest.price > 0 else [])
    return Sheet(rows=[Row(_trade_key(quote), _trade(quote, one)) for quote in trades])


def order_book(case: Case) -> Sheet:
    """Answer opt10004 from the book that was heard of, or the best prices alone."""
    one = case.instrument
    if one is None:
        return Sheet()
    quote, depth, base = case.quotes.get(one.symbol), case.tape.depths.get(one.symbol), one.base_price
    asks: Sequence[tuple[int, int]]
    bids: Sequence[tuple[int, int]]
    if depth is not None and (quote is None or depth.venue_time >= quote.venue_time):
        time, asks, bids = depth.venue_time, depth.asks, depth.bids
    elif quote is not None:
        time, asks, bids = (
            quote.venue_time,
            _best(quote.ask_price, quote.ask_qty),
            _best(quote.bid_price, quote.bid_qty),
        )
    else:
        time, asks, bids = case.now, (), ()
    fields = {"호가잔량기준시간": text(clock(time))}
    for side, levels in (("매도", asks), ("매수", bids)):
        for level in range(1, LEVELS + 1):
            price, quantity = levels[level - 1] if level <= len(levels) else (0, 0)
            price_name, quantity_name, change_name = _names(side, level)
            fields |= {price_name: signed(price, base), quantity_name: number(quantity), change_name: number(0)}
        fields[f"총{side}잔량"] = number(sum(quantity for _, quantity in levels[:LEVELS]))
        fields[f"총{side}잔량직전대비"] = number(0)
        fields |= {f"시간외{side}잔량": number(0), f"시간외{side}잔량대비": number(0)}
    return Sheet(rows=[Row("", fields)])


def watch_list(case: Case) -> Sheet:
    """Answer optkwfid: one row per known code, in the order asked for."""
    quotes = case.quotes
    known = [code for code in case.codes if code in case.instruments]
    rows = [Row(code, _watched(case, quotes.get(code), case.instruments[code])) for code in known]
    return Sheet(rows=rows)


def interruptions(case: Case) -> Sheet:
    """Answer opt10054: the venue behind the emulator interrupts nothing."""
    del case
    return Sheet()


def last_price(quote: Quote | None, one: Instrument) -> int:
    """Give the last price (KRW), the base price before the first trade, 0 when neither is known."""
    return quote.price if quote and quote.price > 0 else one.base_price or 0


def sign_of(price: int, one: Instrument) -> str:
    """Give FID 25: 1 upper limit, 2 up, 3 level, 4 lower limit, 5 down."""
    if price and price == one.upper_limit:
        return UPPER
    if price and price == one.lower_limit:
        return LOWER
    return {"+": UP, "-": DOWN}.get(direction(price, one.base_price), LEVEL)


def _diff(price: int, base: int | None) -> int:
    return price - base if base and price else 0


def _range(case: Case, quote: Quote | None) -> tuple[int, int, int]:
    """Give open, high and low of the day from its bars and the last price; 0 before the first trade."""
    today = day(case.now)
    bars = [bar for bar in case.rows("candles") if day(bar.start) == today]
    traded = [quote.price] if quote and quote.price > 0 else []
    if not bars and not traded:
        return 0, 0, 0
    opened = bars[0].open if bars else traded[0]
    return opened, max([*(bar.high for bar in bars), *traded]), min([*(bar.low for bar in bars), *traded])


def _trade_key(quote: Quote) -> str:
    return f"{quote.venue_time}/{quote.cumulative_volume}"


def _trade(quote: Quote, one: Instrument) -> dict[str, str]:
    base = one.base_price
    return {
        "시간": text(clock(quote.venue_time)),
        "현재가": signed(quote.price, base),
        "전일대비": change(_diff(quote.price, base)),
        "대비율": percent(_diff(quote.price, base), base),
        "우선매도호가단위": signed(quote.ask_price, base),
        "우선매수호가단위": signed(quote.bid_price, base),
        "체결거래량": change(-quote.last_qty if quote.price == quote.bid_price else quote.last_qty),
        "sign": text(sign_of(quote.price, one)),
        "누적거래량": number(quote.cumulative_volume),
        "누적거래대금": number(quote.cumulative_volume * quote.price // MILLION),
    }


def _best(price: int, quantity: int) -> tuple[tuple[int, int], ...]:
    return ((price, quantity),) if price else ()


def _names(side: str, level: int) -> tuple[str, str, str]:
    """Give the field names of a level, irregular as the definition has them."""
    deltas = f"{side}{level}차선잔량대비"
    if level == 1:
        return f"{side}최우선호가", f"{side}최우선잔량", deltas
    if level == 6:
        return f"{side}6{'차선' if side == '매도' else '우선'}호가", f"{side}6우선잔량", deltas
    return f"{side}{level}차선호가", f"{side}{level}차선잔량", deltas


def _watched(case: Case, quote: Quote | None, one: Instrument) -> dict[str, str]:
    base, price = one.base_price, last_price(quote, one)
    depth = case.tape.depths.get(one.symbol)
    ask, bid = (quote.ask_price, quote.bid_price) if quote else (0, 0)
    fields = {
        CODE: text(one.symbol),
        "종목명": text(one.name, 40),
        "현재가": signed(price, base),
        "기준가": number(base),
        "전일대비": change(_diff(price, base)),
        "전일대비기호": text(sign_of(price, one)),
        "등락율": percent(_diff(price, base), base),
        "거래량": number(quote.cumulative_volume if quote else 0),
        "거래대금": number(quote.cumulative_volume * price // MILLION if quote else 0),
        "체결량": number(quote.last_qty if quote else 0),
        "매도호가": signed(ask, base),
        "매수호가": signed(bid, base),
        "상한가": signed(one.upper_limit or 0, base),
        "하한가": signed(one.lower_limit or 0, base),
        "체결시간": text(clock(quote.venue_time) if quote and quote.price > 0 else ""),
        "호가시간": text(clock(quote.venue_time) if quote else ""),
        "일자": text(day(case.now)),
        "우선매도잔량": number(quote.ask_qty if quote else 0),
        "우선매수잔량": number(quote.bid_qty if quote else 0),
    }
    for side, levels in (("매도", depth.asks if depth else ()), ("매수", depth.bids if depth else ())):
        for level in range(1, 6):
            fields[f"{side}{level}차호가"] = signed(levels[level - 1][0] if level <= len(levels) else 0, base)
        fields[f"총{side}잔량"] = number(sum(quantity for _, quantity in levels))
    return fields


QUOTE_TRS: Final = {
    "opt10001": Tr(basics, ("quotes", "candles"), registers=True),
    "opt10003": Tr(last_trades, ("quotes",), registers=True),
    "opt10004": Tr(order_book, ("quotes",), registers=True),
    "optkwfid": Tr(watch_list, ("quotes",), registers=True),
    "opt10054": Tr(interruptions),
}
