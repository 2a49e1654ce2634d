"""What the operator's documents, the image and the deployment file name is what there is."""

import re
from pathlib import Path

import pytest
import yaml
from flask_migrate.cli import db as migration_commands

from edutrack.cli import cli
from edutrack.core import metrics
from edutrack.core.settings import SETTINGS
from tests.core.test_metrics import read
from tests.trial import trial_application

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = {name: (ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("operations.md", "scaling.md")}
KNOWN = {setting.name for setting in SETTINGS}
#: In capitals, and none of ours.
ELSEWHERE = {"SIGTERM", "POSTGRES_PASSWORD", "LOCAL", "LISTEN", "REVISION", "FILE", "VALUE"}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_that_is_named_is_there(name):
    named = set(re.findall(r"\bedutrack ((?:db )?[a-z][a-z-]+)", code_of(DOCUMENTS[name])))
    known = set(cli.commands) | {f"db {command}" for command in migration_commands.commands}

    assert named
    assert named - known == set()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_make_target_that_is_named_is_there(name):
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))

    assert set(re.findall(r"\bmake ([a-z]+)", code_of(DOCUMENTS[name]))) - targets == set()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_setting_that_is_named_is_there(name):
    named = set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", code_of(DOCUMENTS[name])))

    assert named - ELSEWHERE - KNOWN == set()


def code_of(document):
    """Return what stands between backticks, in lines and in blocks."""
    return "\n".join(re.findall(r"`+([^`]+)`+", document))


def test_every_metric_is_explained(make_database, test_environment):
    explained = set(re.findall(r"^\| `(edutrack_\w+)` \|", DOCUMENTS["operations.md"], re.MULTILINE))
    environment = {**test_environment, "DATABASE_URL": make_database(), "METRICS_ENABLED": "true"}
    with trial_application(environment) as app, app.app_context():
        found = {re.sub(r"(_count|_sum|_bucket|_created)?(\{.*)?$", "", name) for name in read(app)}
        found |= {measure.name for measure in metrics._measures}

    assert found | {"edutrack_deeds_total", "edutrack_requests_total", "edutrack_request_seconds"} == explained


def test_the_readme_leads_there():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert [name for name in DOCUMENTS if f"docs/{name}" not in readme] == []


class TestDeployment:
    def test_the_image_runs_as_an_ordinary_user_on_pinned_packages(self):
        lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
        users = [line.split()[1] for line in lines if line.startswith("USER ")]
        installs = [line for line in lines if "pip install" in line]

        assert users[-1] not in ("root", "0")
        assert installs
        assert all("--constraint requirements.lock" in line for line in installs)
        assert any(line.startswith("HEALTHCHECK ") for line in lines)

    def test_what_the_image_takes_is_there(self):
        copied = re.findall(r"^COPY (.+) \S+$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
        names = [name for line in copied for name in line.split()]
        let_in = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()

        assert all((ROOT / name).exists() for name in names)
        assert {f"!{name}" for name in names} == {line for line in let_in if line.startswith("!")}

    def test_the_image_and_the_services_hold_no_secret(self):
        secrets = {setting.name for setting in SETTINGS if setting.secret}
        for service in compose()["services"].values():
            for name, value in service.get("environment", {}).items():
                assert name not in secrets
                assert "PASSWORD" not in name or str(value).startswith("${POSTGRES_PASSWORD:?"), name
        assert not secrets & set(re.findall(r"\b[A-Z_]+\b", (ROOT / "Dockerfile").read_text(encoding="utf-8")))

    def test_the_services_name_settings_and_commands_that_there_are(self):
        services = compose()["services"]

        assert set(services) == {"database", "pgbouncer", "redis", "migrate", "application"}
        for name in ("application", "migrate"):
            assert set(services[name]["environment"]) - KNOWN == set()
            assert services[name]["command"][0] in {*cli.commands, "db"}
            assert services[name]["env_file"] == ".env"
        assert all("healthcheck" in services[name] for name in ("database", "pgbouncer", "redis"))

    def test_the_example_of_the_environment_names_settings(self):
        example = (ROOT / ".env.example").read_text(encoding="utf-8")

        assert set(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE)) - KNOWN == {"POSTGRES_PASSWORD"}


def compose():
    return yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
