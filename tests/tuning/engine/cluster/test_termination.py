import signal

import pytest

from tuning.engine.cluster.termination import ending_in_order, holding_signals

ENDING = pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)


@pytest.fixture(autouse=True)
def handlers_as_before():
    numbers = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@ENDING
def test_a_signal_that_ends_a_study_is_one_ctrl_c_however_often_it_comes(number):
    with ending_in_order():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
        signal.raise_signal(number)


def test_a_hangup_that_nohup_has_ignored_stays_ignored():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with ending_in_order():
        with holding_signals(hastening=True):
            signal.raise_signal(signal.SIGHUP)
        signal.raise_signal(signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def held(*numbers, hastening=False):
    """Send signals where they are held, and return what was reached before they were heard."""
    reached = []

    def work():
        with holding_signals(hastening=hastening):
            for number in numbers:
                signal.raise_signal(number)
                reached.append(number)
        reached.append("more")

    with ending_in_order(), pytest.raises(KeyboardInterrupt):
        work()
    return reached


@ENDING
def test_a_signal_is_heard_when_what_must_not_be_broken_off_has_ended(number):
    assert held(number) == [number]


def test_a_terminal_that_closes_sends_more_than_one_hangup_and_hastens_nothing():
    assert held(signal.SIGHUP, signal.SIGHUP, hastening=True) == [signal.SIGHUP, signal.SIGHUP]


def test_a_second_ctrl_c_hastens():
    assert held(signal.SIGHUP, signal.SIGINT, hastening=True) == [signal.SIGHUP]
