"""The admin forms of a rule: only what its condition needs, and nothing impossible."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from market.core.rule import Condition
from market.dry_run import AT_FIRST, DryRun, dry_run, not_run
from market.dry_run import DAYS as DAYS_TRIED
from market.models import AlertRule, RearmUnit, WatchedSymbol
from market.models.alert_rule import CONDITIONS, DAYS, PERCENT, RANGES, plain
from market.newest import newest_quote
from market.rule_limits import refusals
from market.standing import Standing, standing, tick_words
from market.zone import zone_words

DAY_CHOICES = [(str(number), day) for number, day in enumerate(DAYS)]
MOMENTS = ("paused_until", "expires_at")
PREVIEW, DRY_RUN, DRY_RUN_DAYS = "_preview", "_dry_run", "_dry_run_days"
LABELS = {
    **dict.fromkeys(PERCENT, _("Percent")),
    **dict.fromkeys(RANGES, _("Lower end")),
}


def chosen_condition(values: Mapping[str, Any], row: AlertRule | None, name: str = "condition") -> Condition:
    """What was asked for, else the row's; the first of all where neither is one."""
    text = values.get(name) or (row.condition if row else "")
    return Condition(text) if text in CONDITIONS else Condition.ABOVE


def fields_of(condition: Condition) -> list[str | Sequence[str]]:
    """The fields that say what the rule waits for, in the order of the form."""
    names: list[str | Sequence[str]] = ["watched", "condition", "threshold"]
    if condition in RANGES:
        names.append("upper")
    if condition == Condition.MOVED:
        names.append("window_seconds")
    names += [("rearm", "rearm_unit"), "hold_seconds", ("frequency", "interval_seconds")]
    if condition not in (Condition.CROSS, Condition.MOVED):
        names.append("fire_if_holds")
    return names


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """Any fields of a rule. What its condition has no use for and the form does not show is emptied."""

    class Meta:
        model = AlertRule
        fields = ["watched", "condition", "threshold", "upper", "window_seconds", "frequency", "severity", "enabled"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in ("threshold", "upper", "rearm"):
            if name in self.fields:
                self.fields[name].widget = forms.TextInput(attrs={"inputmode": "decimal", "size": 12})
                if isinstance(number := self.initial.get(name), Decimal):
                    self.initial[name] = plain(number)

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        self._empty_what_is_hidden()
        if not self.errors:
            for name, words in refusals(self.instance, timezone.now()):
                self.add_error(name if name in self.fields else None, words)

    def _empty_what_is_hidden(self) -> None:
        row = self.instance
        if row.condition not in RANGES and "upper" not in self.fields:
            row.upper = None
        if row.condition != Condition.MOVED and "window_seconds" not in self.fields:
            row.window_seconds = None
        if row.condition in (Condition.CROSS, Condition.MOVED):
            row.fire_if_holds = False


class AlertRuleForm(RuleForm):
    """The rule's own page. `market_now` says what the rule would do at the current price."""

    active_days = forms.MultipleChoiceField(
        label=_("Active days"),
        choices=DAY_CHOICES,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None: every day."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if "active_days" in self.fields:
            self.initial["active_days"] = list(self.initial.get("active_days") or "")
        for name in self.fields.keys() & MOMENTS:
            self.fields[name].help_text = f"{self.fields[name].help_text} {zone_words()}"
        condition = chosen_condition(self.data or self.initial, self.instance)
        if "threshold" in self.fields:
            self.fields["threshold"].label = LABELS.get(condition, _("Price"))
        if "watched" in self.fields and condition not in PERCENT:
            self._narrow_to_prices()
        if "rearm_unit" in self.fields and condition in PERCENT:
            self.fields["rearm_unit"].choices = [(RearmUnit.PERCENT.value, gettext("percent points"))]  # type: ignore[attr-defined]

    def _narrow_to_prices(self) -> None:
        field = self.fields["watched"]
        field.required = True
        field.help_text = gettext("A price is of one symbol; changes and moves in percent can be of all.")

    def clean_active_days(self) -> str:
        days = sorted(self.cleaned_data["active_days"])
        return "" if len(days) == len(DAYS) else "".join(days)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        self._keep_what_comes_twice()
        if PREVIEW in self.data:
            words = gettext("Nothing is saved yet: see what it would do now, above.")
            raise forms.ValidationError(words, code="preview")
        if DRY_RUN in self.data:
            words = gettext("Nothing is saved yet: see what it would have done, above.")
            raise forms.ValidationError(words, code="preview")
        return cleaned

    def _keep_what_comes_twice(self) -> None:
        """A time of the hour that comes twice when clocks go back cannot be read; one that nobody touched stays."""
        for name in self.errors.keys() & MOMENTS:
            field = self[name]
            if field.initial and field.data == _as_shown(field):
                del self.errors[name]
                self.cleaned_data[name] = self.initial[name]

    def market_now(self) -> list[tuple[str, str]]:
        """Price, distance and whether it would fire, in words; as far as the form is filled in."""
        watched, name = self._watched(), gettext("Price now")
        if watched is None:
            return [(name, gettext("It speaks of all watched symbols: choose one to see its price."))]
        quote = newest_quote(watched)
        row = self.instance
        complete = row.threshold is not None and not self._misses("threshold", "upper", "condition", "watched")
        if not complete:
            return [(name, tick_words(quote))]
        now: Standing = standing(row, watched, state=None, quote=quote, now=timezone.now())
        at_once = (gettext("Would fire at once"), now.fires_at_once)
        return [(name, now.last_tick), (gettext("Distance"), now.distance), at_once]

    def dry_run(self) -> DryRun | None:
        """What the rule would have done on stored candles, if that was asked; else None."""
        if DRY_RUN not in self.data:
            return None
        row, watched = self.instance, self._watched()
        if watched is None:
            return not_run(gettext("It speaks of all watched symbols: choose one to try it on."))
        if row.threshold is None or len(self.errors) > 1 or NON_FIELD_ERRORS not in self.errors:
            return not_run(gettext("Correct the fields below first."))
        if reasons := [str(words) for _, words in refusals(row, timezone.now())]:
            return not_run(" ".join(reasons))
        quote, days = newest_quote(watched), self.data.get(DRY_RUN_DAYS, "")
        return dry_run(
            row,
            watched,
            days=int(days) if days in map(str, DAYS_TRIED) else AT_FIRST,
            source=quote.source if quote else "",
            now_ms=int(timezone.now().timestamp() * 1000),
        )

    def _watched(self) -> WatchedSymbol | None:
        if self.instance.watched_id is not None:
            watched: WatchedSymbol | None = self.instance.watched
            return watched
        asked = str(self.initial.get("watched") or "")
        return WatchedSymbol.objects.filter(pk=asked).first() if asked.isdigit() else None

    def _misses(self, *names: str) -> bool:
        return self.is_bound and any(name in self.errors for name in names)


def _as_shown(field: forms.BoundField) -> list[str]:
    """The texts of date and time, as the page had them."""
    widget: Any = field.field.widget
    return [
        part.format_value(value) for part, value in zip(widget.widgets, widget.decompress(field.initial), strict=True)
    ]


def request_values(request: HttpRequest) -> Mapping[str, Any]:
    return request.POST if request.method == "POST" else request.GET
