"""What staff choose to watch, and what is remembered of each symbol."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from market.core.symbol import LONGEST, BadSymbol, normalise, read_symbol, renamed_note
from market.exchanges import EXCHANGES
from market.exchanges.base import SymbolInfo
from market.phrases import phrase

DEFAULT_EXCHANGE = "binance"
TRADING = "TRADING"
LAST_POSITION = 1_000_000
_STEP = timedelta(microseconds=1)

# What an answer of the exchange changes on a row.
INFO_FIELDS = ("base", "quote", "tick_size", "status", "verified_at")


def check_exchange(name: str) -> None:
    if name not in EXCHANGES:
        raise ValidationError(_("Known exchanges: %(names)s."), params={"names": ", ".join(EXCHANGES)})


def check_symbol(text: str) -> None:
    try:
        symbol = read_symbol(text)
    except BadSymbol as error:
        raise ValidationError(phrase(str(error))) from error
    if note := renamed_note(symbol):
        raise ValidationError(phrase(note))


class SymbolField(models.CharField):  # type: ignore[type-arg]
    """Text in the one spelling of symbols, however it was typed: in forms, in queries and in rows."""

    default_validators = [check_symbol]

    def to_python(self, value: Any) -> Any:
        return normalise(value) if isinstance(value, str) else super().to_python(value)

    def get_prep_value(self, value: Any) -> Any:
        return super().get_prep_value(self.to_python(value))

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        setattr(model_instance, self.attname, self.to_python(getattr(model_instance, self.attname)))
        return super().pre_save(model_instance, add)


class WatchedSymbols(models.QuerySet["WatchedSymbol"]):
    """Every way of changing rows moves `updated_at` on: that is how other processes notice (watchlist.py)."""

    def update(self, **fields: Any) -> int:
        fields.setdefault("updated_at", next_updated_at())
        return super().update(**fields)

    def next_position(self) -> int:
        """The place after the last one."""
        last: int | None = self.aggregate(last=models.Max("position"))["last"]
        return 0 if last is None else min(last + 1, LAST_POSITION)


class WatchedSymbol(models.Model):
    """One row of the board and one subscription of the feed. What changes with every price is not in here."""

    exchange = models.CharField(_("exchange"), max_length=32, default=DEFAULT_EXCHANGE, validators=[check_exchange])
    symbol = SymbolField(
        _("symbol"),
        max_length=LONGEST,
        help_text=_("As the exchange writes it. MATIC became POL in 2024: watch POLUSDT."),
    )
    base = models.CharField(_("base asset"), max_length=32, blank=True, default="")
    quote = models.CharField(_("quote asset"), max_length=32, blank=True, default="")
    tick_size = models.DecimalField(
        _("tick size"),
        max_digits=30,
        decimal_places=18,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal("1e-18"))],
        help_text=_("The smallest step of the price: how many digits are shown."),
    )
    position = models.PositiveIntegerField(
        _("position"),
        default=0,
        validators=[MaxValueValidator(LAST_POSITION)],
        help_text=_("Place on the board, lowest first."),
    )
    enabled = models.BooleanField(_("enabled"), default=True)
    every_trade = models.BooleanField(
        _("update speed"), default=False, choices=[(False, _("ticker, 1 s")), (True, _("every trade"))]
    )
    status = models.CharField(
        _("status"),
        max_length=32,
        blank=True,
        default="",
        editable=False,
        help_text=_("The exchange's word, such as TRADING; empty: not verified."),
    )
    verified_at = models.DateTimeField(_("verified at"), null=True, blank=True, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)

    objects: ClassVar[models.Manager["WatchedSymbol"]] = WatchedSymbols.as_manager()

    class Meta:
        verbose_name = _("watched symbol")
        verbose_name_plural = _("watched symbols")
        ordering = ["position", "symbol"]
        constraints = [
            models.UniqueConstraint(
                fields=["exchange", "symbol"],
                name="one_row_per_symbol",
                violation_error_message=_("This symbol of this exchange is watched already."),
            )
        ]

    def __str__(self) -> str:
        return self.symbol if self.exchange == DEFAULT_EXCHANGE else f"{self.exchange}:{self.symbol}"

    @property
    def halted(self) -> bool:
        """The exchange lists it but does not trade it now."""
        return self.status not in ("", TRADING)

    def take(self, info: SymbolInfo) -> bool:
        """Write what the exchange says on this row; False when it is nothing new. Saving is the caller's."""
        fresh = (info.base, info.quote, info.tick_size, info.status)
        if fresh == (self.base, self.quote, self.tick_size, self.status):
            return False
        self.base, self.quote, self.tick_size, self.status = fresh
        self.verified_at = timezone.now()
        return True

    def save(self, *, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        self.updated_at = next_updated_at()
        if update_fields is not None:
            update_fields = {*update_fields, "updated_at"}
        super().save(update_fields=update_fields, **options)


class SymbolState(models.Model):
    """When prices of a symbol came. Not in its row, so that writing it every few seconds changes no list."""

    watched = models.OneToOneField(WatchedSymbol, models.CASCADE, primary_key=True, related_name="state")
    first_seen = models.DateTimeField(null=True)
    last_seen = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.watched_id} last seen {self.last_seen}"


class DataStep(models.Model):
    """A step that is done once in the life of a database, such as filling in the first symbols."""

    name = models.CharField(max_length=64, primary_key=True)
    done_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name


def next_updated_at() -> datetime:
    """Now, but later than every row's: a change made by a machine whose clock is behind is noticed too."""
    newest: datetime | None = WatchedSymbol.objects.aggregate(newest=models.Max("updated_at"))["newest"]
    now = timezone.now()
    return now if newest is None else max(now, newest + _STEP)
