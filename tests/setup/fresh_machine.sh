#!/usr/bin/env bash
# Walk a newcomer's way on an empty Debian 12, by hand and as root:
#
#     tests/setup/fresh_machine.sh [FOLDER]
#
# A bare Debian (python3, make, git, ca-certificates; no pip, no venv, no package lists) is made in FOLDER, outside the
# repository, and an ordinary user in it clones the committed state into a path with a space and runs the two commands.
# How packages are reached (apt's and pip's set-up, certificates, proxies) is carried over from this machine. Each step's
# time is printed. Needs debootstrap; keeps the bare Debian for the next run, and nothing else.
#
#     SHIFT=700        ports of the desk inside: the network is this machine's
#     STEPS="…"        which steps to take, of: environment asterisk run again check
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=${1:-/var/tmp/fresh-machine}
shift_by=${SHIFT:-700}
steps=${STEPS:-environment asterisk run again}
[ "$(id -u)" = 0 ] || { echo "This needs root: it makes a root folder." >&2; exit 2; }
command -v debootstrap >/dev/null || { echo "This needs debootstrap: apt-get install debootstrap" >&2; exit 2; }

bare=$folder/bare root=$folder/root
if [ ! -e "$folder/complete" ]; then
    rm -rf "$bare"
    mkdir -p "$bare"
    mirror=$(apt-get update --print-uris -q | sed -n "s#^'\(.*\)/dists/bookworm/.*#\1#p" | head -n 1)
    debootstrap --variant=minbase --include=python3,make,git,ca-certificates bookworm "$bare" ${mirror:+"$mirror"} >"$folder/debootstrap.log"
    rm -rf "$bare"/var/lib/apt/lists/* "$bare"/var/cache/apt/archives/*.deb
    touch "$folder/complete"
fi
rm -rf "$root"
trap 'rm -rf "$root"' EXIT
cp -a "$bare" "$root"

# The way to the packages.
rm -rf "$root/etc/apt/sources.list" "$root/etc/apt/sources.list.d"
cp -a /etc/apt/sources.list.d "$root/etc/apt/"
for file in /etc/apt/sources.list /etc/apt/auth.conf /etc/pip.conf /etc/resolv.conf /etc/hosts /etc/ssl/certs/ca-certificates.crt; do
    [ ! -e "$file" ] || cp -L "$file" "$root$file"
done
{ grep -rlisE '^acquire::[a-z]*::?proxy' /etc/apt/apt.conf /etc/apt/apt.conf.d || true; } | while read -r file; do cp "$file" "$root$file"; done
mkdir -p "$root/source" "$root/dev/shm"
git -C "$here" bundle create -q "$root/source/desk.bundle" HEAD
chroot "$root" useradd --create-home newcomer
{ # pip's own settings, and the folders that they name
    env | grep -E '^(PIP_|[a-z_]*_proxy=|[A-Z_]*_PROXY=|SSL_CERT)' | sed "s/^\([^=]*\)=\(.*\)/export \1='\2'/" || true
} >"$root/source/environment"
[ ! -e "${HOME:-/root}/.config/pip/pip.conf" ] || install -D -m 644 "${HOME:-/root}/.config/pip/pip.conf" "$root/home/newcomer/.config/pip/pip.conf"
named=$({ cat /etc/pip.conf "${HOME:-/root}/.config/pip/pip.conf" 2>/dev/null || true; env | grep '^PIP_' || true; } |
    grep -oE '(^|[ =]|file://)/[^ ]+' | sed -E 's#^[ =]?(file://)?##; s#/simple$##' | sort -u)

cat >"$root/source/walk.sh" <<'WALK'
set -eu
. /source/environment
export HOME=/home/newcomer IVR_SHIFT=$SHIFT_BY LANG=C.UTF-8
unset XDG_CACHE_HOME
cd "$HOME"
step() {
    name=$1; shift
    began=$(date +%s.%N)
    "$@" || { echo "FAILED: $name" >&2; exit 1; }
    printf '== %-12s %6.1f s\n' "$name" "$(echo "$(date +%s.%N) $began" | awk '{print $1 - $2}')"
}
desk() { # start, wait until a call can be placed, place one, stop as Ctrl-C does
    make run >"$HOME/desk.log" 2>&1 &
    until [ -e var/run.json ] && .venv/bin/ivr status >/dev/null 2>&1; do
        kill -0 $! 2>/dev/null || { cat "$HOME/desk.log" >&2; return 1; }
        sleep 0.2
    done
    printf '   ready after  %6.1f s\n' "$(echo "$(date +%s.%N) $began" | awk '{print $1 - $2}')"
    .venv/bin/ivr call 100 --keys 2
    # Ctrl-C reaches the whole group of the terminal; here the desk alone, which is make's only child.
    kill -INT "$(python3 -c 'import json; print(json.load(open("var/run.json"))["pid"])')"
    wait $! || true
    tail -n 5 "$HOME/desk.log"
    if [ -e var/run.json ]; then echo "the desk left var/run.json behind" >&2; return 1; fi
}
step clone git -c advice.detachedHead=false clone -q /source/desk.bundle "a path with a space"
cd "a path with a space"
for name in $STEPS; do
    case $name in
        environment) step environment sh setup/environment.sh; step "and again" sh setup/environment.sh ;;
        asterisk) step asterisk .venv/bin/python -c 'import sys
from ivr.asterisk.private import find_asterisk
print(find_asterisk(lambda line: print("  ", line, flush=True)).command[-1])' ;;
        run) step run desk ;;
        again) step "run again" desk ;;
        check) step check make check ;;
    esac
done
WALK

export root named shift_by steps
# A mount and a process space of its own: whatever is left in there ends and goes with it.
unshare --mount --pid --fork --kill-child bash -euc '
    mount -t proc proc "$root/proc"
    for node in null zero full random urandom tty; do touch "$root/dev/$node"; mount --bind "/dev/$node" "$root/dev/$node"; done
    mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
    ln -sfn /proc/self/fd "$root/dev/fd"
    for place in $named; do [ ! -d "$place" ] || { mkdir -p "$root$place"; mount --bind "$place" "$root$place"; }; done
    exec chroot --userspec=newcomer:newcomer "$root" env -i PATH=/usr/bin:/bin SHIFT_BY="$shift_by" STEPS="$steps" sh /source/walk.sh
'
