"""Chores go on by themselves, also after they failed."""

import threading

from edutrack.core.chores import start_chore


def test_a_chore_goes_on_after_it_failed(app, capsys):
    done, calls = threading.Event(), []

    def work():
        calls.append(threading.current_thread().name)
        if len(calls) == 1:
            raise RuntimeError("the database is away")
        done.set()
        # For good, as far as this test goes.
        threading.Event().wait()

    start_chore(app, "sweeping the yard", work, every=0.01)

    assert done.wait(5)
    assert calls == ["sweeping the yard"] * 2
    assert "chore_failed" in capsys.readouterr().out
