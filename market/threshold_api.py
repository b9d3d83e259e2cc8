"""`/api/thresholds`: the prices that rules of a symbol watch, and how staff move them from the chart.

Who moves one says which version of the rule they saw: two people never overwrite each other unknowingly.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, localcontext
from typing import Any

from django.contrib.auth import get_user_model
from django.core.handlers.asgi import ASGIRequest
from django.db import transaction
from django.http import HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from market.audit import note_change
from market.candle_rows import Key, apart
from market.core.request import BadField, read_names, read_number
from market.core.viewer import Viewer, alert_channel
from market.endpoint import endpoint, read_object, require_csrf
from market.json_error import Refused
from market.models import AlertRule
from market.models.alert_rule import PERCENT, plain
from market.phrases import phrase
from market.relay import current
from market.rule_limits import refusals
from market.viewer import session_of

RIGHT = "market.change_alertrule"
LONGEST_BODY = 4096  # bytes
LONGEST_PRICE = 40  # characters
DIGITS = 60
ENDS = ("threshold", "upper")


@dataclass(frozen=True, slots=True)
class Shown:
    """One enabled rule of a symbol. `threshold` and `upper` are decimal text: prices, or percent if `in_percent`."""

    id: int
    version: int
    condition: str
    text: str
    severity: str
    threshold: str
    upper: str | None
    in_percent: bool

    def fields(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, slots=True)
class Move:
    """New ends of rule `number`, as they were seen in `version`."""

    number: int
    version: int
    ends: Mapping[str, Decimal]


@endpoint("GET", "HEAD")
async def thresholds(request: ASGIRequest) -> HttpResponse:
    """`{"thresholds":[…],"may_change":bool}` of `symbol`, as far as whoever asks may see them. Errors: 400."""
    relay = current()
    await relay.ready()
    keys, unknown = relay.hub.names.resolve(_names(request))
    if unknown or not keys:
        raise Refused(400, "unknown_symbol", f"{next(iter(unknown), 'it')} is not watched")
    viewer = await relay.viewers.at_once(session_of(request.scope))
    lines, may_change = await apart(seen_by, viewer, next(iter(keys)))
    words = {"thresholds": [line.fields() for line in lines], "may_change": may_change}
    return JsonResponse(words, headers={"Cache-Control": "private, no-store"})


@endpoint("POST")
async def move(request: ASGIRequest, number: int) -> HttpResponse:
    """`{"version":3,"threshold":"95000.5"}`, `"upper"` for a range -> `{"threshold":{…},"before":{…}}`.

    Prices go to the nearest tick. Errors: 400 bad_field, refused (why); 403 csrf_failed, forbidden; 404; 409
    changed_meanwhile, by whom.
    """
    require_csrf(request)
    viewer = await current().viewers.at_once(session_of(request.scope))
    fields = read_object(request, longest=LONGEST_BODY)
    try:
        wanted = Move(number, read_number(fields, "version"), read_ends(fields))
    except BadField as error:
        raise Refused(400, error.code, str(error)) from error
    return JsonResponse(await apart(moved, viewer, wanted))


def seen_by(viewer: Viewer, key: Key) -> tuple[list[Shown], bool]:
    """The enabled rules of one symbol that `viewer` may see, and whether they may move them. Synchronous."""
    now = timezone.now()
    exchange, symbol = key
    rows = AlertRule.objects.filter(enabled=True, watched__exchange=exchange, watched__symbol=symbol).order_by("id")
    seen = [row for row in rows if _sees(viewer, row) and not row.expired_at(now)]
    return [shown(row) for row in seen], may_change(viewer)


def may_change(viewer: Viewer) -> bool:
    return _editor(viewer) is not None


def shown(row: AlertRule) -> Shown:
    return Shown(
        id=row.pk,
        version=row.version,
        condition=row.condition,
        text=row.words,
        severity=row.severity,
        threshold=plain(row.threshold),
        upper=None if row.upper is None else plain(row.upper),
        in_percent=row.condition in PERCENT,
    )


def moved(viewer: Viewer, wanted: Move) -> dict[str, Any]:
    """The rule as it is now, and its ends before. Synchronous. Raises Refused."""
    user = _editor(viewer)
    if user is None:
        raise Refused(403, "forbidden", _("Only staff who may change alert rules can move a threshold."))
    with transaction.atomic():
        row = AlertRule.objects.select_for_update(of=("self",)).filter(pk=wanted.number).first()
        if row is None or not _sees(viewer, row):
            raise Refused(404, "not_found", _("This rule does not exist any more."))
        before = {name: getattr(row, name) for name in ENDS}
        _move(row, wanted)
        if before != {name: getattr(row, name) for name in ENDS}:
            row._change_reason = "Moved in the chart"
            row._history_user = user  # type: ignore[attr-defined]
            row.save(update_fields=list(ENDS))
            note_change(user.pk, [row], f"Moved in the chart: {row.words}.")
    return {"threshold": shown(row).fields(), "before": {name: plain(value) or None for name, value in before.items()}}


def read_ends(fields: Mapping[str, Any]) -> dict[str, Decimal]:
    """The prices that are given. Raises BadField."""
    ends = {name: _price(name, fields[name]) for name in ENDS if fields.get(name) not in (None, "")}
    if not ends:
        raise BadField("threshold is the new price, as text")
    return ends


def snapped(price: Decimal, tick: Decimal | None) -> Decimal:
    """The nearest price that there is."""
    if not tick:
        return price
    with localcontext(prec=DIGITS):
        return ((price / tick).quantize(Decimal(1), rounding=ROUND_HALF_UP) * tick).normalize()


def _move(row: AlertRule, wanted: Move) -> None:
    if row.condition in PERCENT:
        raise Refused(400, "refused", _("This rule watches a percentage: change it in the administration."))
    if row.version != wanted.version:
        raise Refused(409, "changed_meanwhile", _changed(row, timezone.now()))
    for name, price in wanted.ends.items():
        setattr(row, name, snapped(price, row.watched.tick_size if row.watched else None))
    if reasons := [words for _, words in refusals(row, timezone.now())]:
        raise Refused(400, "refused", " ".join(map(str, reasons)))


def _changed(row: AlertRule, now: datetime) -> str:
    """Who did it, as far as that is known."""
    last = row.history.select_related("history_user").first()
    words = {"rule": phrase(row.words), "seconds": 0, "name": ""}
    if last is not None:
        by = last.history_user
        words |= {"seconds": int((now - last.history_date).total_seconds()), "name": by.get_username() if by else ""}
    if words["name"]:
        return _("%(name)s changed it %(seconds)s s ago: it %(rule)s now. Yours was not saved.") % words
    return _("Somebody changed it meanwhile: it %(rule)s now. Yours was not saved.") % words


def _editor(viewer: Viewer) -> Any:
    """The user behind a viewer who may change rules, as of now; None for all others."""
    if viewer.user_id is None or not viewer.is_staff:
        return None
    user = get_user_model()._default_manager.filter(pk=viewer.user_id, is_active=True).first()
    return user if user is not None and user.has_perm(RIGHT) else None


def _sees(viewer: Viewer, row: AlertRule) -> bool:
    return alert_channel(row.audience, row.owner_id) in viewer.channels


def _names(request: ASGIRequest) -> tuple[str, ...]:
    try:
        return read_names([request.GET.get("symbol", "")], most=1)
    except BadField as error:
        raise Refused(400, error.code, str(error)) from error


def _price(name: str, value: Any) -> Decimal:
    try:
        if not isinstance(value, str) or len(value) > LONGEST_PRICE:
            raise InvalidOperation(value)
        price = Decimal(value.replace(",", ".").strip())
    except InvalidOperation:
        raise BadField(_("%(name)s is a price, like 95000.50") % {"name": name}) from None
    if not price.is_finite() or abs(price) >= Decimal(10) ** 12:
        raise BadField(_("%(name)s is a price, like 95000.50") % {"name": name})
    return price
