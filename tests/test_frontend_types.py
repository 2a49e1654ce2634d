"""The document turns into TypeScript types, and the frontend guide's snippets compile against them."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from edutrack.core.openapi import describe

ROOT = Path(__file__).resolve().parent.parent
GUIDE = ROOT / "docs" / "frontend.md"
PACKAGES = ROOT / "docs" / "frontend"
#: Ignored by git; npm fills it once for each lock file.
CACHE = ROOT / ".cache" / "frontend"

#: What the guide takes from Next.js, as little as the snippets need of it.
NEXT = """
declare module "next/headers" {
  export function cookies(): Promise<{ toString(): string }>;
  export function headers(): Promise<Headers>;
}
declare module "next/server" {
  export interface NextRequest extends Request { cookies: { has(name: string): boolean } }
  export class NextResponse extends Response { static next(): NextResponse; static redirect(url: URL): NextResponse }
}
declare const process: { env: Record<string, string | undefined> };
"""
SETTINGS = {
    "compilerOptions": {
        "strict": True,
        "noUncheckedIndexedAccess": True,
        "exactOptionalPropertyTypes": True,
        "noEmit": True,
        "target": "ES2022",
        "module": "ESNext",
        "moduleResolution": "Bundler",
        "jsx": "preserve",
        "lib": ["ES2022", "DOM", "DOM.Iterable"],
        "types": [],
    },
    "include": ["*.ts", "*.tsx"],
}

pytestmark = pytest.mark.skipif(
    shutil.which("npm") is None and not os.environ.get("CI"), reason="Node is not installed; it is in CI."
)


def run(*command, cwd):
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=600)


@pytest.fixture(scope="module")
def packages():
    """The folder of the pinned packages, filled by `npm ci` where the lock file is another one than last time."""
    CACHE.mkdir(parents=True, exist_ok=True)
    lock = (PACKAGES / "package-lock.json").read_bytes()
    installed = CACHE / "node_modules" / "installed-lock.json"
    if not installed.is_file() or installed.read_bytes() != lock:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(PACKAGES / name, CACHE / name)
        finished = run("npm", "ci", "--no-audit", "--no-fund", cwd=CACHE)
        assert finished.returncode == 0, finished.stdout + finished.stderr
        installed.write_bytes(lock)
    return CACHE / "node_modules"


@pytest.fixture(scope="module")
def project(shared_app, packages, tmp_path_factory):
    """A folder with the generated types, and the packages beside them."""
    folder = tmp_path_factory.mktemp("frontend")
    (folder / "node_modules").symlink_to(packages)
    with shared_app.app_context():
        (folder / "openapi.json").write_text(json.dumps(describe()), encoding="utf-8")
    generated = run(packages / ".bin" / "openapi-typescript", "openapi.json", "-o", "api-types.ts", cwd=folder)
    assert generated.returncode == 0, generated.stdout + generated.stderr
    (folder / "next.d.ts").write_text(NEXT, encoding="utf-8")
    (folder / "tsconfig.json").write_text(json.dumps(SETTINGS), encoding="utf-8")
    for name, snippet in re.findall(r"^```tsx? (\S+)\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.M | re.S):
        (folder / name).write_text(snippet, encoding="utf-8")
    return folder


def compiled(project):
    return run(project / "node_modules" / ".bin" / "tsc", "--project", ".", cwd=project)


def test_the_guides_snippets_compile_against_the_generated_types(project):
    assert (project / "buy.ts").is_file()

    finished = compiled(project)

    assert finished.returncode == 0, finished.stdout


WRONG = """
import { api, type Course } from "./api";
import type { components } from "./api-types";
export const path = api.GET("/api/nowhere/", {});
export const body = api.POST("/api/purchases/", { body: { lecture: "seven" } });
export type Missing = Course["secret"];
export const amount: number = {} as components["schemas"]["Balance"]["balance"];
"""
COMPLAINTS = [
    (3, """'"/api/nowhere/"' is not assignable"""),
    (4, "Type 'string' is not assignable to type 'number'"),
    (5, "Property 'secret' does not exist"),
    (6, "Type 'string' is not assignable to type 'number'"),
]


def test_what_the_api_does_not_offer_does_not_compile(project):
    wrong = project / "wrong.ts"
    wrong.write_text(WRONG.lstrip(), encoding="utf-8")
    try:
        finished = compiled(project)
    finally:
        wrong.unlink()

    found = dict(re.findall(r"^wrong\.ts\((\d+),\d+\): (.*)$", finished.stdout, re.MULTILINE))
    assert sorted(found) == ["3", "4", "5", "6"]
    for line, complaint in COMPLAINTS:
        assert complaint in found[str(line)]
