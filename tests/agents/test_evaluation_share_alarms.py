"""Alarms of a share that rises: seen when it does, seldom by chance however often one looks, and never taken back."""

from __future__ import annotations

from random import Random

import pytest

from sayso.agents.evaluation.share_alarms import ShareAlarm, find_share_alarms
from sayso.tools import UsageError

SHARES = [0.0, 0.02, 0.06, 0.1, 0.2, 0.4, 0.7, 0.9, 1.0]


@pytest.mark.parametrize("share", SHARES)
def test_a_share_that_stays_as_it_is_seldom_raises_an_alarm(share: float) -> None:
    chance = Random(29)
    with_alarm = sum(bool(find_share_alarms([chance.random() < share for _ in range(1000)])) for _ in range(300))
    assert with_alarm <= 0.05 * 300  # each sequence was looked at 970 times


RISES = {
    # from, to, the cases until half of the sequences have an alarm
    "one in ten to four in ten": (0.1, 0.4, 50),
    "hardly any to a third": (0.02, 0.35, 60),
    "a fifth to a half": (0.2, 0.5, 60),
    "one in ten to all": (0.1, 1.0, 20),
}


@pytest.mark.parametrize(("before", "after", "cases"), RISES.values(), ids=RISES)
def test_a_share_that_rises_raises_an_alarm_soon(before: float, after: float, cases: int) -> None:
    chance, delays = Random(31), []
    for _ in range(101):
        hits = [chance.random() < before for _ in range(150)] + [chance.random() < after for _ in range(500)]
        delays.append(next((alarm.at - 150 for alarm in find_share_alarms(hits) if alarm.at > 150), 500))
    assert sorted(delays)[50] <= cases


def test_an_alarm_says_what_has_risen_and_since_when() -> None:
    alarms = find_share_alarms([False] * 40 + [True] * 20)
    assert alarms[0] == ShareAlarm(at=45, since=41, hits=5, usual_hits=0, usual_cases=40)
    assert str(alarms[0]) == "5 of the last 5 (100 %); before, 0 of 40 (0 %)"


def test_one_rise_is_one_alarm_until_it_has_fallen_and_rises_again() -> None:
    quiet, loud = [False] * 60, [True] * 40
    assert [alarm.since for alarm in find_share_alarms(quiet + loud)] == [61]
    assert [alarm.since for alarm in find_share_alarms(quiet + loud + quiet + loud)] == [61, 161]


def test_alarms_stay_when_others_come_after_them() -> None:
    chance = Random(37)
    hits = [chance.random() < 0.1 for _ in range(100)] + [chance.random() < 0.6 for _ in range(100)]
    whole = find_share_alarms(hits)
    assert whole
    for end in range(0, 200, 7):
        assert find_share_alarms(hits[:end]) == tuple(alarm for alarm in whole if alarm.at <= end)


@pytest.mark.parametrize("hits", [[], [True], [True] * 30, [False] * 31])
def test_too_few_cases_raise_no_alarm(hits: list[bool]) -> None:
    assert find_share_alarms(hits) == ()


def test_what_is_no_baseline() -> None:
    with pytest.raises(UsageError, match="at least one case"):
        find_share_alarms([True], baseline=0)
    with pytest.raises(UsageError, match="not every alarm is false"):
        find_share_alarms([True], false_alarm_in=1)
