"""Turns: one at a time, given up while waiting, and taken up again without waiting."""

import threading
import time

from edutrack.core.turns import Turns, stepping_aside


def started(work):
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    time.sleep(0.05)
    return thread


def test_requests_run_one_at_a_time():
    turns, running, most = Turns(1), [], []

    def request():
        with turns.turn():
            running.append(1)
            most.append(len(running))
            time.sleep(0.01)
            running.pop()

    for thread in [started(request) for _ in range(4)]:
        thread.join(5)

    assert most == [1, 1, 1, 1]


def test_a_request_that_fails_gives_its_turn_up():
    turns = Turns(1)

    def fail():
        with turns.turn():
            raise ValueError

    try:
        fail()
    except ValueError:
        next_one = started(lambda: turns.turn().__enter__())

    next_one.join(5)
    assert not next_one.is_alive()


def test_who_steps_aside_lets_the_next_run_and_goes_on_without_waiting_for_it():
    turns, done = Turns(1), []
    other_runs, back = threading.Event(), threading.Event()

    def other():
        with turns.turn():
            other_runs.set()
            # As if it waited for a row that the first one has locked.
            done.append(back.wait(5))

    with turns.turn():
        thread = started(other)
        assert not other_runs.is_set()
        with stepping_aside():
            assert other_runs.wait(5)
        back.set()
        thread.join(5)

    assert done == [True]


def test_no_more_step_aside_with_a_connection_than_there_are_connections_for():
    turns, runs = Turns(1), []

    def second():
        with turns.turn(), stepping_aside():
            runs.append("second")
            third = started(lambda: turns.turn().__enter__())
            time.sleep(0.05)
            runs.append("third" if not third.is_alive() else "third waits")

    with turns.turn(), stepping_aside():
        started(second).join(5)

    assert runs == ["second", "third waits"]


def test_any_number_step_aside_with_empty_hands():
    turns, runs = Turns(0), []

    with turns.turn(), stepping_aside(empty_handed=True):
        thread = started(lambda: runs.append(turns.turn().__enter__()))
        thread.join(5)

    assert runs == [None]


def test_without_turns_stepping_aside_does_nothing():
    with stepping_aside():
        done = True

    assert done
