"""The page of a rule: what it asks, says and refuses."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from market.models import AlertRule, Recipient, RuleState, WatchedSymbol
from tests.admin.alert_pages import ADD, LIST, make_rule, page_of, send, tell_price, text_of


def fields(client: Client, url: str) -> set[str]:
    form = client.get(url).context["adminform"].form
    return set(form.fields)


def test_a_rule_is_made_and_belongs_to_who_made_it(chief: Client, bitcoin: WatchedSymbol) -> None:
    page = send(chief, ADD, watched=bitcoin.pk, note="sell some", threshold="95000.50")

    rule = AlertRule.objects.get()
    assert "was added successfully" in page
    assert (rule.threshold, rule.note, rule.condition) == (Decimal("95000.5"), "sell some", "above")
    assert rule.owner == User.objects.get(username="chief")
    assert (rule.rearm, rule.rearm_unit, rule.version) == (Decimal("0.1"), "percent", 1)


def test_it_keeps_its_owner_when_another_changes_it(chief: Client, bitcoin: WatchedSymbol) -> None:
    owner = User.objects.create_user("owner")
    rule = make_rule(bitcoin, owner=owner)

    send(chief, page_of(rule), watched=bitcoin.pk, threshold="96000")

    rule.refresh_from_db()
    assert (rule.owner, rule.threshold, rule.version) == (owner, Decimal(96000), 2)


@pytest.mark.parametrize(
    ("condition", "shown", "hidden"),
    [
        ("above", {"threshold", "fire_if_holds"}, {"upper", "window_seconds"}),
        ("cross", {"threshold"}, {"upper", "window_seconds", "fire_if_holds"}),
        ("moved", {"threshold", "window_seconds"}, {"upper", "fire_if_holds"}),
        ("leaves", {"threshold", "upper", "fire_if_holds"}, {"window_seconds"}),
    ],
)
def test_only_what_the_condition_needs_is_asked(
    chief: Client, bitcoin: WatchedSymbol, condition: str, shown: set[str], hidden: set[str]
) -> None:
    asked = fields(chief, f"{ADD}?condition={condition}")

    assert shown <= asked
    assert not hidden & asked


def test_percent_has_no_ticks(chief: Client) -> None:
    form = chief.get(f"{ADD}?condition=change_above").context["adminform"].form

    assert list(form.fields["rearm_unit"].choices) == [("percent", "percent points")]
    assert form.fields["threshold"].label == "Percent"


def test_another_condition_asks_for_what_it_needs_before_it_saves(chief: Client, bitcoin: WatchedSymbol) -> None:
    rule = make_rule(bitcoin)

    page = send(chief, page_of(rule), watched=bitcoin.pk, condition="moved", threshold="3")
    assert "A move needs a window of 1 to 86400 seconds." in page
    assert "Within" in page or "window" in page.lower()

    send(chief, page_of(rule), watched=bitcoin.pk, condition="moved", threshold="3", window_seconds="60")
    rule.refresh_from_db()
    assert (rule.condition, rule.window_seconds) == ("moved", 60)


def test_what_the_new_condition_does_not_need_is_emptied(chief: Client, bitcoin: WatchedSymbol) -> None:
    rule = make_rule(bitcoin, condition="enters", upper=Decimal(96000), fire_if_holds=True)

    send(chief, page_of(rule), watched=bitcoin.pk, condition="cross")

    rule.refresh_from_db()
    assert (rule.condition, rule.upper, rule.fire_if_holds) == ("cross", None, False)


def test_all_symbols_can_move(chief: Client) -> None:
    send(chief, ADD, watched="", condition="moved", threshold="3", window_seconds="60")

    assert str(AlertRule.objects.get()) == "All symbols moved by 3 % within 60 s"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"threshold": "0"}, "A price is more than 0."),
        ({"threshold": "-5"}, "A price is more than 0."),
        ({"threshold": "95000.005"}, "take 95000 or 95000.01"),
        ({"threshold": ""}, "This field is required."),
        ({"threshold": "NaN"}, "Enter a number."),
        ({"threshold": "1e30"}, "Ensure that there are no more than"),
        ({"watched": ""}, "This field is required."),
        ({"condition": "moved", "window_seconds": "0"}, "A move needs a window"),
        ({"condition": "enters", "upper": "95000"}, "has to be above 95000"),
        ({"condition": "enters", "upper": ""}, "needs an upper end"),
        ({"condition": "nonsense"}, "Select a valid choice."),
        ({"frequency": "interval", "interval_seconds": "0"}, "At most once per how many seconds"),
        ({"rearm": "-1"}, "A distance is not negative."),
        ({"time_zone": "Mars/Olympus"}, "Mars/Olympus is no time zone"),
        ({"active_from": "09:00"}, "Active hours have both ends."),
        ({"expires_at_0": "2020-01-01", "expires_at_1": "00:00"}, "This is in the past"),
    ],
)
def test_an_impossible_rule_is_refused(
    chief: Client, bitcoin: WatchedSymbol, change: dict[str, str], reason: str
) -> None:
    page = send(chief, ADD, **{"watched": bitcoin.pk, **change})

    assert reason in page
    assert not AlertRule.objects.exists()


def test_it_says_price_distance_and_whether_it_would_fire(chief: Client, bitcoin: WatchedSymbol) -> None:
    tell_price(bitcoin, "94990")

    page = send(chief, ADD, watched=bitcoin.pk, _preview="1", fire_if_holds="on", threshold="94000")

    assert "Price now: 94990 at 2026-01-12 12:00:00.000 UTC, simulator" in page
    assert "Distance: 990 (1.042 %) above 94000" in page
    assert "Would fire at once: yes" in page
    assert "Nothing is saved yet" in page
    assert not AlertRule.objects.exists()


def test_it_says_the_price_before_anything_is_typed(chief: Client, bitcoin: WatchedSymbol) -> None:
    tell_price(bitcoin, "94990")

    assert "Price now: 94990 at" in text_of(chief.get(f"{ADD}?watched={bitcoin.pk}"))


def test_without_a_price_it_says_so(chief: Client, bitcoin: WatchedSymbol) -> None:
    page = text_of(chief.get(page_of(make_rule(bitcoin))))

    assert "Price now: This process has no price of it." in page
    assert "Would fire at once: unknown" in page


def test_after_saving_it_says_what_will_happen(chief: Client, bitcoin: WatchedSymbol) -> None:
    tell_price(bitcoin, "94990")

    page = send(chief, ADD, watched=bitcoin.pk)

    assert "Distance: 10 (0.011 %) below 95000. Would fire at once: no: the condition does not hold now." in page


def test_a_symbol_that_is_not_watched_is_told(chief: Client, bitcoin: WatchedSymbol) -> None:
    WatchedSymbol.objects.update(enabled=False)

    assert "BTCUSDT is not watched now" in send(chief, ADD, watched=bitcoin.pk)


def test_recipients_audience_and_severity_are_chosen(chief: Client, bitcoin: WatchedSymbol) -> None:
    desk = Recipient.objects.create(name="desk", kind="email", address="desk@example.com")
    gone = Recipient.objects.create(
        name="gone", kind="webhook", address="https://x.example", enabled=False, disabled_reason="It answered 410."
    )

    page = send(chief, ADD, watched=bitcoin.pk, recipients=[desk.pk, gone.pk], audience="owner", severity="critical")

    rule = AlertRule.objects.get()
    assert (rule.audience, rule.severity) == ("owner", "critical")
    assert set(rule.recipients.all()) == {desk, gone}
    assert "Gone is disabled and will not be told. It answered 410." in page
    assert "desk@example.com" not in page


def test_active_days_are_kept_and_shown(chief: Client, bitcoin: WatchedSymbol) -> None:
    send(chief, ADD, watched=bitcoin.pk, active_days=["4", "0"], active_from="09:00", active_until="17:00")

    rule = AlertRule.objects.get()
    form = chief.get(page_of(rule)).context["adminform"].form
    assert rule.active_days == "04"
    assert form.initial["active_days"] == ["0", "4"]

    send(chief, page_of(rule), watched=bitcoin.pk, active_days=[str(day) for day in range(7)])
    rule.refresh_from_db()
    assert rule.active_days == ""


def test_an_expired_rule_can_still_be_switched_off(chief: Client, bitcoin: WatchedSymbol) -> None:
    past = timezone.now().replace(microsecond=0) - timedelta(days=1)
    rule = make_rule(bitcoin, expires_at=past)

    expiry = {"expires_at_0": f"{past:%Y-%m-%d}", "expires_at_1": f"{past:%H:%M:%S}"}
    send(chief, page_of(rule), watched=bitcoin.pk, enabled="", **expiry)

    rule.refresh_from_db()
    assert not rule.enabled


def test_its_page_says_why_it_did_not_fire(chief: Client, bitcoin: WatchedSymbol) -> None:
    rule = make_rule(bitcoin, frequency="interval", interval_seconds=60)
    RuleState.objects.create(
        rule=rule,
        watched=bitcoin,
        version=1,
        phase="inactive",
        fires=1,
        since_ms=1_768_219_180_000,
        fired_ms=1_768_219_170_000,
    )
    tell_price(bitcoin, "94990")

    page = text_of(chief.get(page_of(rule)))

    assert "Why did it not fire?" in page
    assert "It fired less than its interval ago: 30 s left. Nothing was crossed: 10 (0.011 %) below 95000." in page
    assert "the condition does not hold" in page
    assert "inactive since 2026-01-12 11:59:40.000 UTC 1 time, last 2026-01-12 11:59:30.000 UTC 30 s left" in page


def test_a_rule_of_all_symbols_says_it_for_each(chief: Client, bitcoin: WatchedSymbol) -> None:
    WatchedSymbol.objects.create(symbol="ETHUSDT")
    rule = make_rule(None, condition="moved", threshold=Decimal(3), window_seconds=60)

    answer = chief.get(page_of(rule))

    assert [standing.symbol for standing in answer.context["standings"]] == ["BTCUSDT", "ETHUSDT"]


def test_its_history_says_who_changed_what(chief: Client, bitcoin: WatchedSymbol) -> None:
    desk = Recipient.objects.create(name="desk", kind="email", address="desk@example.com")
    send(chief, ADD, watched=bitcoin.pk)
    rule = AlertRule.objects.get()
    send(chief, page_of(rule), watched=bitcoin.pk, threshold="96000", recipients=[desk.pk])

    page = text_of(chief.get(f"{LIST}{rule.pk}/history/"))

    assert "Threshold: 95000" in page
    assert "96000" in page
    assert "chief" in page
    assert [version.history_user.username for version in rule.history.all()] == ["chief"] * rule.history.count()


def test_nobody_goes_back_to_an_older_version(chief: Client, bitcoin: WatchedSymbol) -> None:
    rule = make_rule(bitcoin)
    version = rule.history.get().pk

    for method in (chief.get, chief.post):
        assert method(f"{LIST}{rule.pk}/history/{version}/").status_code == 403


def test_readers_do_not_see_rules(reader: Client, bitcoin: WatchedSymbol) -> None:
    rule = make_rule(bitcoin)

    assert [reader.get(url).status_code for url in (LIST, ADD, page_of(rule))] == [403, 403, 403]


def test_a_rule_is_deleted_by_somebody(chief: Client, bitcoin: WatchedSymbol) -> None:
    rule = make_rule(bitcoin)
    RuleState.objects.create(rule=rule, watched=bitcoin, version=1, phase="inactive")

    chief.post(f"{LIST}{rule.pk}/delete/", {"post": "yes"})

    assert not AlertRule.objects.exists()
    last: Any = AlertRule.history.first()
    assert (last.history_type, last.history_user.username) == ("-", "chief")
