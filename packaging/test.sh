#!/usr/bin/env bash
# Checks everything: format, lint, types, the architecture, and all tests against a real (null) sound server and a real
# (virtual) X display, both its own. Arguments go to pytest: test.sh tests/engine -k envelope
set -euo pipefail
here=${BASH_SOURCE[0]}
[[ $here == */* ]] && here=${here%/*} || here=.
. "$here/setup.sh"
ready dev
cd "$root"

# The picture and the sound shall not depend on the person's session.
unset DISPLAY WAYLAND_DISPLAY PULSE_SINK PULSE_SOURCE QT_SCALE_FACTOR QT_STYLE_OVERRIDE QT_QPA_PLATFORMTHEME
export LC_ALL=C.UTF-8 QT_QPA_PLATFORM=offscreen JACK_NO_START_SERVER=1
# Two spinning OpenMP threads on a busy machine of two cores were measured ten times slower than one.
export OMP_WAIT_POLICY=PASSIVE OMP_NUM_THREADS=1
# Many tests start the program, and none of them shall read its sources anew.
unset PYTHONDONTWRITEBYTECODE

scratch=$(mktemp -d /tmp/tonewright-test.XXXXXX) # short: a socket's path may have 107 letters
chmod 700 "$scratch"
servers=()
compiler=""
clean_up() {
  local status=$?
  trap - EXIT
  [[ -z $compiler ]] || kill "$compiler" 2>/dev/null || true
  # Xvfb goes last, the window manager would complain.
  local i
  for ((i = ${#servers[@]} - 1; i >= 0; i--)); do
    kill "${servers[i]}" 2>/dev/null || true
    wait "${servers[i]}" 2>/dev/null || true
  done
  rm -rf "$scratch"
  exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

until_true() { # until_true COMMAND...: waits for it up to 20 s
  local tries=0
  until "$@" >/dev/null 2>&1; do
    ((++tries < 200)) || return 1
    sleep 0.1
  done
}

start_sound() {
  mkdir -m 700 "$scratch/sound"
  export XDG_RUNTIME_DIR=$scratch/sound PULSE_RUNTIME_PATH=$scratch/sound
  export PULSE_SERVER=unix:$scratch/sound/native PULSE_COOKIE=$scratch/sound/cookie TONEWRIGHT_TEST_SINK=ci
  # Without norewinds the null sink sleeps for up to 2 s and playback stalls.
  HOME=$scratch pulseaudio -n --daemonize=no --exit-idle-time=-1 --disallow-exit=1 --use-pid-file=no --log-level=error \
    -L "module-native-protocol-unix auth-anonymous=1 socket=$scratch/sound/native" \
    -L "module-null-sink sink_name=ci rate=48000 channels=2 format=float32le norewinds=1" \
    </dev/null >"$scratch/sound.log" 2>&1 &
  servers+=($!)
  until_true pactl info || { cat "$scratch/sound.log" >&2; fail "The sound server for the tests did not start."; }
}

start_screen() {
  Xvfb -displayfd 5 -screen 0 1920x1080x24 -noreset -nolisten tcp 5>"$scratch/display" \
    </dev/null >"$scratch/screen.log" 2>&1 &
  servers+=($!)
  until_true test -s "$scratch/display" || { cat "$scratch/screen.log" >&2; fail "The display for the tests did not start."; }
  TONEWRIGHT_TEST_DISPLAY=:$(cat "$scratch/display")
  export TONEWRIGHT_TEST_DISPLAY
  # Moving and raising windows, and a real drag and drop, want a window manager.
  HOME=$scratch XDG_CACHE_HOME=$scratch XDG_CONFIG_HOME=$scratch DISPLAY=$TONEWRIGHT_TEST_DISPLAY \
    openbox --sm-disable </dev/null >"$scratch/manager.log" 2>&1 &
  servers+=($!)
  until_true env DISPLAY="$TONEWRIGHT_TEST_DISPLAY" xdotool get_num_desktops ||
    { cat "$scratch/manager.log" >&2; fail "The window manager for the tests did not start."; }
}

failed=""
check() { # check NAME COMMAND...
  local name=$1
  shift
  printf '== %s\n' "$name"
  "$@" </dev/null || failed="$failed $name"
}

bin=$root/.venv/bin

# The tests share one cache of compiled code, which is not the person's own; no test waits for the compiler, which needs
# as long as the types do.
export NUMBA_CACHE_DIR=${NUMBA_CACHE_DIR:-${TMPDIR:-/tmp}/tonewright-tests-numba}
"$bin/python" -m engine.warm </dev/null >"$scratch/compiler.log" 2>&1 &
compiler=$!

compiled() {
  local status=0
  wait "$compiler" || status=$?
  compiler=""
  ((status == 0)) || cat "$scratch/compiler.log" >&2
  return "$status"
}

check format "$bin/ruff" format --check .
check lint "$bin/ruff" check .
check types "$bin/mypy"
check imports "$bin/lint-imports"

# Elsewhere than on Linux the tests that need them are skipped.
if [[ $(uname) == Linux ]]; then
  start_sound
  start_screen
fi

check compiled compiled

status=0
# What plays goes before whatever else the machine does, where that is allowed, as the sound server itself does.
first=()
(($(nice -n -10 nice 2>/dev/null) < $(nice))) && first=(nice -n -10)
pytest=("$bin/python" -m pytest)
tests() { # tests WHAT COMMAND...
  printf '== %s\n' "$1"
  "${@:2}" </dev/null || status=$?
}
if (($# == 0)); then
  # What is played, and what takes the mouse, wants the machine for itself; all the rest shares nothing.
  tests "tests, two at a time" "${pytest[@]}" -q -n 2 --dist loadfile -m "not alone"
  tests "tests that play and point" ${first[@]+"${first[@]}"} "${pytest[@]}" -q -m alone
else
  tests tests "${pytest[@]}" "$@"
fi
[[ -z $failed ]] || say "These checks failed before the tests:$failed"
if ((status == 0)) && [[ -n $failed ]]; then status=1; fi
exit "$status"
