# Makes the machine ready; sourced by run.sh and test.sh. Works with bash 3.2, in any directory, and twice at once.
# shellcheck shell=bash
#
# ready LEVEL   LEVEL is "run" or "dev". Sets $root, and returns at once when nothing has changed since the last time:
#               .venv/.ready-LEVEL holds what it was made from. Everything is said on stderr, stdout stays the program's.

RUN_LIBRARIES="libportaudio2 libasound2-plugins libgl1 libegl1 libfontconfig1 libdbus-1-3 libglib2.0-0
  libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-image0 libxcb-render-util0 libxcb-xkb1
  libxcb-randr0 libxcb-shape0 fonts-dejavu-core"
TEST_LIBRARIES="pulseaudio pulseaudio-utils xvfb xdotool openbox imagemagick x11-apps"

say() { printf '%s\n' "$*" >&2; }
fail() { say "$*"; exit 2; }

find_root() {
  local here=${BASH_SOURCE[0]}
  while [[ -L $here ]]; do  # readlink -f is not everywhere
    local target; target=$(readlink "$here")
    [[ $target == /* ]] && here=$target || here=${here%/*}/$target
  done
  [[ $here == */* ]] && here=${here%/*} || here=.
  root=$(cd "$here/.." && pwd -P)
}

# Sets $key to what the environment depends on; no Python is started for it.
find_key() {
  local line home="" version="" sum
  if [[ -r $root/.venv/pyvenv.cfg ]]; then
    while IFS= read -r line; do
      case $line in
        "home = "*) home=${line#home = } ;;
        "version = "*) version=${line#version = } ;;
      esac
    done <"$root/.venv/pyvenv.cfg"
  fi
  local minor=${version#*.}
  # An upgrade of the system's Python leaves an environment behind that cannot start.
  [[ -x $home/python${version%%.*}.${minor%%.*} ]] || version=gone
  sum=$(cat "$root/pyproject.toml" "$root/packaging/constraints.txt" | cksum)
  # The path counts: the commands inside .venv hold it, so a moved or copied tree must be set up again.
  key="$sum|$version|$root"
}

holds() { # holds STAMP: whether .venv/STAMP was written for the present key
  local written=""
  [[ -r $root/.venv/$1 ]] && IFS= read -r written <"$root/.venv/$1"
  [[ -n $written && $written == "$key" ]]
}

stamp() { # never half written: a reader sees the old file or the new one
  printf '%s\n' "$key" >"$root/.venv/$1.$$" && mv -f "$root/.venv/$1.$$" "$root/.venv/$1"
}

ready() {
  local level=$1
  find_root
  find_key
  if holds ".ready-$level" && holds ".system-$level"; then return; fi
  # One set-up at a time for one tree; the others wait and then find it done.
  local lock="${TMPDIR:-/tmp}/tonewright-setup-$UID-$(printf %s "$root" | cksum | tr -d ' ').lock"
  if command -v flock >/dev/null; then
    (
      exec 9>"$lock"
      flock 9
      set_up "$level"
    )
  else
    (set_up "$level")
  fi
}

set_up() {
  local level=$1
  find_key
  install_libraries "$level"
  if ! holds ".ready-$level"; then
    # What the tests need holds all that the program does; they compile into a folder of their own.
    [[ $level == run ]] && holds .ready-dev || make_environment "$level"
    [[ $level == dev ]] || compile_voices
    find_key
    stamp ".ready-$level"
  fi
  find_key
  if ((complete)); then
    stamp ".system-$level"
  elif ((tried)); then
    stamp ".tried-$level"
  fi
}

# -- the system's libraries ---------------------------------------------------------------------------

# Prints those of the named packages that are not installed. Ubuntu 24.04 and Debian 13 renamed some to NAMEt64.
missing_of() {
  local have name
  have=$'\n'$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' 2>/dev/null)$'\n'
  for name in "$@"; do
    [[ $have == *$'\n'"installed $name"$'\n'* || $have == *$'\n'"installed ${name}t64"$'\n'* ]] || printf '%s ' "$name"
  done
}

has_apt() { command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; }

# Sets $as_root to the command that may install, or returns 1.
may_install() {
  as_root=()
  [[ $EUID -eq 0 ]] && return
  as_root=(sudo -n)
  command -v sudo >/dev/null && sudo -n true 2>/dev/null
}

apt_install() {
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300)
  local install=("${apt[@]}" install -y --no-install-recommends "$@")
  # A machine that never asked for the list of packages, or long ago, has to do that first.
  ${as_root[@]+"${as_root[@]}"} "${install[@]}" </dev/null >/dev/null 2>&1 && return
  ${as_root[@]+"${as_root[@]}"} "${apt[@]}" update </dev/null >&2 || true
  ${as_root[@]+"${as_root[@]}"} "${install[@]}" </dev/null >&2
}

# Sets $complete to whether nothing is missing afterwards, and $tried to whether an installation was attempted.
install_libraries() {
  local level=$1 missing
  complete=1 tried=0
  holds ".system-$level" && return
  has_apt || return 0  # Other systems bring these libraries along, or name them differently.
  local wanted=$RUN_LIBRARIES
  [[ $level == dev ]] && wanted="$wanted $TEST_LIBRARIES"
  # shellcheck disable=SC2086 # a list of words
  missing=$(missing_of $wanted)
  [[ -z $missing ]] && return
  # A machine without network is not asked again at each start.
  if holds ".tried-$level"; then
    tried=1
  elif may_install; then
    tried=1
    say "Installing system libraries: $missing"
    # shellcheck disable=SC2086
    apt_install $missing || say "That did not work."
    # shellcheck disable=SC2086
    missing=$(missing_of $wanted)
    [[ -z $missing ]] && return
  fi
  complete=0
  say "Missing system libraries. This line installs them:"
  say "  sudo apt-get install -y --no-install-recommends ${missing% }"
  [[ $level == dev ]] && fail "The tests need them."
  return 0
}

# -- the Python environment ---------------------------------------------------------------------------

# Sets $python to an interpreter that is new enough.
find_python() {
  local name
  for name in python3 python3.14 python3.13 python3.12 python3.11; do
    if command -v "$name" >/dev/null && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      python=$name
      return
    fi
  done
  return 1
}

can_make_environments() { "$python" -c 'import ensurepip, venv' 2>/dev/null; }

need_python() {
  if ! find_python && has_apt && may_install; then
    apt_install python3 python3-venv || true
  fi
  find_python || fail "Tonewright needs Python 3.11 or newer as python3; there is none on this machine."
  can_make_environments && return
  # Debian keeps that part of Python in a package of its own, named after the version.
  local name; name=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
  if has_apt && may_install; then
    say "Installing $name"
    apt_install "$name" || true
  fi
  can_make_environments || fail "This Python cannot make environments. This line mends it: sudo apt-get install -y $name"
}

make_environment() {
  local level=$1 what='.[priors]'
  [[ $level == dev ]] && what='.[dev,priors]'
  cd "$root"
  # From here on nothing looks finished until it is.
  rm -f .venv/.ready-*
  if ! .venv/bin/python -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    need_python
    say "Making .venv with $("$python" --version)"
    rm -rf .venv
    "$python" -m venv .venv >&2 || fail "The environment .venv could not be made."
  fi
  say "Installing what Tonewright needs into .venv (about 5 GB, a few minutes the first time)"
  local pip=(env PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 .venv/bin/python -m pip -qq --no-input
    --disable-pip-version-check install --constraint packaging/constraints.txt)
  # The build tool is installed like the rest, pinned, in place of whichever is newest on the day.
  "${pip[@]}" setuptools </dev/null >&2 && "${pip[@]}" --no-build-isolation --editable "$what" </dev/null >&2 ||
    fail "The installation did not finish; what pip says above tells why. The next try goes on from here."
  # MIDI ports need a wheel that not every system has; nothing else does, so a refusal stops nothing.
  "${pip[@]}" --only-binary :all: python-rtmidi </dev/null >/dev/null 2>&1 ||
    say "There is no ready-made python-rtmidi for this Python, so MIDI keyboards are not heard; everything else works."
}

# Nobody's first key shall wait for the compiler; where this does not work the window does it in the background.
compile_voices() {
  cd "$root"
  say "Preparing the synthesizers (half a minute the first time)"
  .venv/bin/python -m engine.warm </dev/null >/dev/null 2>&1 || say "That did not work; the first start will do it."
}
