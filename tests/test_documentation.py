"""The README is true: its tour runs as pasted, its settings and commands are the ones there are."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edutrack.cli import cli
from edutrack.core.settings import SETTINGS
from edutrack.core.transaction import in_transaction
from edutrack.demo.school import build_demo_school

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_tour_runs_as_pasted(served, committing_app, test_environment, tmp_path):
    # `make run`, which the tour starts with, fills a new database with the demo school.
    with committing_app.test_request_context():
        assert in_transaction(lambda: build_demo_school("a decent password"))
    blocks = re.findall(r"^```bash\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    tour = "\n".join(blocks).replace("http://127.0.0.1:8000", str(served.base_url).rstrip("/"))
    # The tour is pasted in the checkout's folder; here its cookies belong elsewhere.
    tour = tour.replace(".venv/bin/python", shlex.quote(sys.executable))
    environment = {**os.environ, **test_environment, "DATABASE_URL": committing_app.config["DATABASE_URL"]}

    finished = subprocess.run(
        [shutil.which("bash") or "bash", "-euo", "pipefail", "-c", tour],
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert finished.returncode == 0, finished.stderr
    assert "Code redeemed successfully." in finished.stdout
    assert '"is_completed":true' in finished.stdout
    assert finished.stdout.rstrip().endswith("Every invariant holds.")


def test_every_setting_is_in_the_readme_with_its_help():
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| (.*) \|$", README, re.MULTILINE))

    assert list(rows) == [setting.name for setting in SETTINGS]
    assert [name for name in rows if not rows[name].startswith(name_to_help()[name])] == []


def name_to_help():
    return {setting.name: setting.help for setting in SETTINGS}


@pytest.mark.parametrize("name", [name for name in cli.commands if name not in ("run", "shell", "routes")])
def test_every_command_is_in_the_readme(name):
    assert re.search(rf"^\| `edutrack {name}\b", README, re.MULTILINE)


def test_every_rule_that_the_code_names_is_written_down():
    headings = set(re.findall(r"^## (.+)$", (ROOT / "docs" / "rules.md").read_text(encoding="utf-8"), re.MULTILINE))
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "edutrack").rglob("*.py")]
    # A name may go on in the docstring's next line.
    named = {re.sub(r"\s+", " ", name) for source in sources for name in re.findall(r'rules\.md,\s+"([^"]+)"', source)}

    assert named
    assert named - headings == set()
