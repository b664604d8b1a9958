"""What the connection supervisor shows of itself."""

from actors.roles.connection_state import ConnectionState
from actors.roles.link_state import NANOS_PER_MS, standing_of
from domain.maintenance import under_way
from domain.status import LinksView, SourceView, WatchedQuote
from domain.types import PPM, LinkName, UnixNanos
from domain.uptime import Standing


def watched(role: ConnectionState, symbol: str) -> WatchedQuote:
    """Give the latest quote of a symbol that has one, as it was judged."""
    known = role.instruments.get(symbol)
    quality_word = role.feed.last_verdict.get(symbol, "ok")
    refused = role.feed.refused_by_symbol.get(symbol, 0)
    return WatchedQuote(role.book.last[symbol], known.name if known else "", quality_word, refused)


def links_view(role: ConnectionState, now: UnixNanos) -> LinksView:
    """Give how both links are at a moment of system time."""
    figures, feed = role.uptime.figures(now), role.feed
    is_up = standing_of(role.links.values()) is Standing.UP
    return LinksView(
        states={name: link.state.value for name, link in role.links.items()},
        reasons={name: link.reason for name, link in role.links.items()},
        feed_age_ms=(now - feed.last_at) // NANOS_PER_MS if feed.last_at else None,
        uptime_ppm=figures.up_ppm if figures.market else PPM * is_up,
        quotes=feed.rows,
        refused=feed.refused,
        flagged=feed.flagged,
        verdicts=dict(sorted(feed.verdicts.items())),
        conflated=feed.conflated,
        unknown_limits=sum(1 for item in role.instruments.values() if item.upper_limit is None),
        symbols=len(role.instruments),
        market_ms=figures.market,
        up_ppm=figures.up_ppm,
        degraded_ppm=figures.degraded_ppm,
        down_ppm=figures.down_ppm,
        planned_ms=figures.planned,
        maintenance=_maintenance(role, now),
        quotes_source=role.sources.endpoint,
        on_backup=role.sources.on_backup,
        orders_path=role.links[LinkName.ORDERS].endpoint,
        server_kinds={name: link.server_kind for name, link in role.links.items()},
        unproved=role.subscription.unproved_view(),
        muted=tuple(role.subscription.muted),
        contradicted=role.contradicted,
        sources=tuple(
            SourceView(one.endpoint, at == role.sources.current, one.well_since > 0, one.reason)
            for at, one in enumerate(role.sources.all)
        ),
    )


def _maintenance(role: ConnectionState, now: UnixNanos) -> str:
    """Name the maintenance under way, with the links it keeps down."""
    for name, link in role.links.items():
        found = under_way(role.windows, now, link.server_kind)
        if found is not None:
            return f"{found.text} KST, {name} {link.state.value}"
    return ""
