"""What the desk tells of the trader comes from the views of its roles."""

from dataclasses import replace

from actors.roles.connection_supervisor import ConnectionSupervisor
from actors.roles.portfolio import Portfolio
from actors.roles.risk_manager import RiskManager
from actors.roles.trading_day import TradingDay
from broker.translate import desk as wire
from domain.status import DayQuery, LinksQuery
from domain.types import LinkName, UnixNanos
from domain.views import CashQuery, RiskQuery


def test_given_counts_by_quality_rule_when_the_status_is_written_then_it_has_them() -> None:
    links = ConnectionSupervisor().view(LinksQuery(UnixNanos(1)))
    assert links.verdicts == {}
    links = replace(links, verdicts={"off_tick": 2, "stale": 1})
    day, cash, risk = TradingDay().view(DayQuery()), Portfolio().view(CashQuery()), RiskManager().view(RiskQuery())
    status = wire.write_status(day, links, cash, risk, 0, 0)
    assert dict(status.quality_verdicts) == {"off_tick": 2, "stale": 1}


def test_given_links_that_are_not_up_when_the_status_is_written_then_it_says_why_without_secrets() -> None:
    links = ConnectionSupervisor().view(LinksQuery(UnixNanos(1)))
    up, down = LinkName.ORDERS, LinkName.QUOTES
    links = replace(
        links,
        states={up: "READY", down: "BACKING_OFF"},
        reasons={up: "books agree", down: "log-in did not succeed: account 8012345611"},
    )
    day, cash, risk = TradingDay().view(DayQuery()), Portfolio().view(CashQuery()), RiskManager().view(RiskQuery())
    status = wire.write_status(day, links, cash, risk, 0, 0)
    assert dict(status.link_reasons) == {"quotes": "log-in did not succeed: account ***5611"}
