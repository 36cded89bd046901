#!/usr/bin/env bash
# Starts Tonewright, or passes its arguments to the command line: run.sh [FILE...], run.sh info FILE, run.sh --version
# The first run sets everything up; later ones only start.
set -euo pipefail
here=${BASH_SOURCE[0]}
[[ $here == */* ]] && here=${here%/*} || here=.
. "$here/setup.sh"
ready run
exec "$root/.venv/bin/tonewright" "$@"
