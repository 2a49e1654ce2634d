#!/bin/sh
# Brings the Arabic catalogue up to date with the texts of the console, and compiles it. Fails while one lacks its Arabic.
set -eu
cd "$(dirname "$0")/.."

BABEL=".venv/bin/python -m babel.messages.frontend"
CATALOGUE=edutrack/translations/ar/LC_MESSAGES/messages
TEMPLATE=$(mktemp)
trap 'rm -f "$TEMPLATE"' EXIT

$BABEL --quiet extract --mapping babel.cfg --keywords "_marked" --keywords "_" --no-location --sort-output \
    --no-wrap --output-file "$TEMPLATE" edutrack
$BABEL --quiet update --input-file "$TEMPLATE" --output-file $CATALOGUE.po --locale ar --no-fuzzy-matching \
    --ignore-obsolete --ignore-pot-creation-date --no-wrap
$BABEL --quiet compile --input-file $CATALOGUE.po --output-file $CATALOGUE.mo --locale ar
.venv/bin/python - <<'PROGRAM'
import sys
from babel.messages.pofile import read_po

with open("edutrack/translations/ar/LC_MESSAGES/messages.po", "rb") as file:
    missing = [message.id for message in read_po(file) if message.id and not message.string]
if missing:
    sys.exit("Without Arabic in edutrack/translations/ar/LC_MESSAGES/messages.po:\n  " + "\n  ".join(map(str, missing)))
PROGRAM
