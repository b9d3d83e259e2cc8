"""What staff want to hear of."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import cache
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.db import models, transaction
from django.db.models import F
from django.db.models.signals import m2m_changed
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from market.core.rule import Condition, Frequency, Rule
from market.models.exact import ExactDecimalField
from market.models.history import HistoryWithMany
from market.models.recipient import Recipient
from market.models.symbol import WatchedSymbol
from market.phrases import phrase

_STEP = timedelta(microseconds=1)

# In English: a rule is written into each of its alerts, for whoever will read it (phrases.py).
CONDITIONS = {
    Condition.ABOVE: gettext_noop("crosses above"),
    Condition.BELOW: gettext_noop("crosses below"),
    Condition.CROSS: gettext_noop("crosses either way"),
    Condition.CHANGE_ABOVE: gettext_noop("24 h change above %"),
    Condition.CHANGE_BELOW: gettext_noop("24 h change below %"),
    Condition.MOVED: gettext_noop("moved by % within a window"),
    Condition.ENTERS: gettext_noop("enters a range"),
    Condition.LEAVES: gettext_noop("leaves a range"),
}
FREQUENCIES = {
    Frequency.ONCE: _("once"),
    Frequency.EVERY: _("at every crossing"),
    Frequency.INTERVAL: _("at most once per interval"),
}
PERCENT = frozenset({Condition.CHANGE_ABOVE, Condition.CHANGE_BELOW, Condition.MOVED})
RANGES = frozenset({Condition.ENTERS, Condition.LEAVES})
DAYS = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))

# A change of these is another rule: its version counts up, and it begins anew with the first tick.
DECIDING = (
    *("watched", "condition", "threshold", "upper", "rearm", "rearm_unit", "window_seconds"),
    *("hold_seconds", "frequency", "interval_seconds", "fire_if_holds", "active_from"),
    *("active_until", "active_days", "time_zone", "expires_at", "enabled", "paused_until"),
)


class RearmUnit(models.TextChoices):
    PERCENT = "percent", _("percent")
    TICKS = "ticks", _("ticks")


class Severity(models.TextChoices):
    INFO = "info", _("info")
    WARNING = "warning", _("warning")
    CRITICAL = "critical", _("critical")


class Audience(models.TextChoices):
    EVERYONE = "everyone", _("everyone")
    SIGNED_IN = "signed_in", _("who is signed in")
    STAFF = "staff", _("staff")
    OWNER = "owner", _("the owner")


class AlertRules(models.QuerySet["AlertRule"]):
    """Every way of changing rows moves `updated_at` on, and `version` where deciding changes."""

    def update(self, **fields: Any) -> int:
        fields.setdefault("updated_at", next_rule_update())
        if any(field.removesuffix("_id") in DECIDING for field in fields):
            fields.setdefault("version", F("version") + 1)
        return super().update(**fields)


class AlertRule(models.Model):
    """A threshold on one watched symbol, or on all (`watched` empty).

    `threshold` is a price, or percent for 24 h changes and moves; `upper` is the top of a range. `rearm` is how far
    back the value has to go before it may fire again: percent of the threshold (percent points where that is in
    percent) or ticks. `active_days` are digits, Monday is 0; empty: every day. An active time that ends before it
    begins goes over midnight and belongs to the day it began on.
    """

    watched = models.ForeignKey(
        WatchedSymbol,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="alert_rules",
        verbose_name=_("symbol"),
        help_text=_("Empty: all watched symbols."),
    )
    condition = models.CharField(
        _("condition"), max_length=16, choices=[(value.value, _(words)) for value, words in CONDITIONS.items()]
    )
    threshold = ExactDecimalField(_("threshold"), max_digits=30, decimal_places=18)
    upper = ExactDecimalField(
        _("upper end"),
        max_digits=30,
        decimal_places=18,
        null=True,
        blank=True,
        help_text=_("Ranges only: the upper end."),
    )
    rearm = ExactDecimalField(
        _("re-arm distance"),
        max_digits=30,
        decimal_places=18,
        default=Decimal("0.1"),
        help_text=_("How far back before it may fire again: a trembling price fires once."),
    )
    rearm_unit = models.CharField(_("unit"), max_length=8, choices=RearmUnit, default=RearmUnit.PERCENT)
    window_seconds = models.PositiveIntegerField(
        _("window in seconds"), null=True, blank=True, help_text=_("Moves only: within this time, 1 s to 24 h (86400).")
    )
    hold_seconds = models.PositiveIntegerField(
        _("for"), default=0, help_text=_("Seconds that it must hold before it fires, in the exchange's time.")
    )
    frequency = models.CharField(
        _("frequency"),
        max_length=16,
        choices=[(value.value, words) for value, words in FREQUENCIES.items()],
        default=Frequency.EVERY.value,
    )
    interval_seconds = models.PositiveIntegerField(
        _("interval in seconds"), null=True, blank=True, help_text=_("At most once per interval only: seconds.")
    )
    fire_if_holds = models.BooleanField(
        _("fire at once"), default=False, help_text=_("Fire with the first price if the condition holds already.")
    )
    active_from = models.TimeField(_("active from"), null=True, blank=True)
    active_until = models.TimeField(_("active until"), null=True, blank=True)
    active_days = models.CharField(_("active days"), max_length=7, blank=True, default="")
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="UTC", help_text=_("Of the active hours, such as Europe/Berlin.")
    )
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True, help_text=_("Empty: never."))
    severity = models.CharField(_("severity"), max_length=16, choices=Severity, default=Severity.WARNING)
    note = models.CharField(_("note"), max_length=500, blank=True, default="", help_text=_("Sent with each alert."))
    recipients = models.ManyToManyField(Recipient, blank=True, related_name="rules", verbose_name=_("recipients"))
    audience = models.CharField(
        _("seen by"),
        max_length=16,
        choices=Audience,
        default=Audience.STAFF,
        help_text=_("Who sees its alerts on the page."),
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="alert_rules",
        verbose_name=_("owner"),
    )
    enabled = models.BooleanField(_("enabled"), default=True)
    paused_until = models.DateTimeField(
        _("paused until"), null=True, blank=True, help_text=_("Judges nothing until then.")
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)

    _change_reason: str  # read by the history
    history = HistoryWithMany(m2m_fields=["recipients"], excluded_fields=["updated_at"])

    objects: ClassVar[models.Manager["AlertRule"]] = AlertRules.as_manager()

    class Meta:
        verbose_name = _("alert rule")
        verbose_name_plural = _("alert rules")
        ordering = ["watched__position", "watched__symbol", "id"]

    def __str__(self) -> str:
        return f"{self.watched or _('All symbols')} {phrase(self.words)}"

    @property
    def words(self) -> str:
        """`crosses above 95000`: the condition without the symbol."""
        low, high = plain(self.threshold), plain(self.upper)
        match Condition(self.condition):
            case Condition.CHANGE_ABOVE | Condition.CHANGE_BELOW as condition:
                return f"{CONDITIONS[condition].removesuffix(' %')} {low} %"
            case Condition.MOVED:
                return f"moved by {low} % within {self.window_seconds} s"
            case Condition.ENTERS | Condition.LEAVES as condition:
                return f"{condition.value} {low} to {high}"
            case condition:
                return f"{CONDITIONS[condition]} {low}"

    def rearm_distance(self, tick_size: Decimal | None) -> Decimal:
        """`rearm` in units of the watched value. Ticks of a symbol whose tick size is not known are of no help: 0."""
        if self.rearm_unit == RearmUnit.TICKS:
            return Decimal(self.rearm * (tick_size or 0))
        return Decimal(self.rearm if self.condition in PERCENT else abs(self.threshold) * self.rearm / 100)

    def rule_for(self, watched: WatchedSymbol) -> Rule:
        """What is judged for `watched`: the row's symbol, or any where it speaks of all; `rearm` as a distance."""
        return Rule(
            id=self.pk or 0,
            version=self.version,
            exchange=watched.exchange,
            symbol=watched.symbol,
            condition=Condition(self.condition),
            threshold=self.threshold.normalize(),
            upper=None if self.upper is None else self.upper.normalize(),
            rearm=self.rearm_distance(watched.tick_size),
            window_ms=(self.window_seconds or 0) * 1000,
            hold_ms=self.hold_seconds * 1000,
            frequency=Frequency(self.frequency),
            interval_ms=(self.interval_seconds or 0) * 1000,
            fire_if_holds=self.fire_if_holds,
        )

    def paused_at(self, moment: datetime) -> bool:
        return self.paused_until is not None and moment < self.paused_until

    def expired_at(self, moment: datetime) -> bool:
        return self.expires_at is not None and moment >= self.expires_at

    def active_at(self, moment: datetime) -> bool:
        """Whether `moment` (aware) is within the active hours and days, on the clock of `time_zone`.

        A time zone that this machine does not know (the form refuses it) counts as UTC: judging goes on.
        """
        local = moment.astimezone(_zone(self.time_zone))
        day, now = local.weekday(), local.time()
        if self.active_from is not None and self.active_until is not None:
            over_midnight = self.active_until <= self.active_from
            late, early = now >= self.active_from, now < self.active_until
            if not (late or early if over_midnight else late and early):
                return False
            if over_midnight and early:
                day = (day - 1) % len(DAYS)
        return not self.active_days or str(day) in self.active_days

    def save(self, *, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        with transaction.atomic():
            if not self._state.adding:
                self._count_version(DECIDING if update_fields is None else update_fields)
            self.updated_at = next_rule_update()
            if update_fields is not None:
                update_fields = {*update_fields, "version", "updated_at"}
            super().save(update_fields=update_fields, **options)

    def _count_version(self, written: Iterable[str]) -> None:
        """One more than what is stored, if what will be written differs from it where deciding looks."""
        stored = AlertRule.objects.select_for_update(of=("self",)).filter(pk=self.pk).order_by().first()
        if stored is None:
            return
        names = [name for name in DECIDING if {name, f"{name}_id"} & set(written)]
        attributes = ["watched_id" if name == "watched" else name for name in names]
        changed = any(getattr(stored, name) != getattr(self, name) for name in attributes)
        self.version = stored.version + 1 if changed else stored.version


@receiver(m2m_changed, sender=AlertRule.recipients.through)
def note_recipients(*, instance: models.Model, action: str, pk_set: set[int] | None, **options: Any) -> None:
    """Who is told is part of the rule: other processes have to notice."""
    if action in ("post_add", "post_remove", "pre_clear"):
        changed = {"pk": instance.pk} if isinstance(instance, AlertRule) else {"recipients": instance.pk}
        if isinstance(instance, Recipient) and pk_set:
            changed = {"pk__in": pk_set}
        AlertRule.objects.filter(**changed).order_by().update()


def next_rule_update() -> datetime:
    """Now, but later than every rule's: a change made by a machine whose clock is behind is noticed too."""
    newest: datetime | None = AlertRule.objects.order_by().aggregate(newest=models.Max("updated_at"))["newest"]
    now = timezone.now()
    return now if newest is None else max(now, newest + _STEP)


@cache
def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # unknown, unreadable, a folder of zones
        return UTC


def plain(number: Decimal | None) -> str:
    """The number without an exponent and without zeros at its end; empty for none."""
    return "" if number is None else f"{number.normalize():f}"
