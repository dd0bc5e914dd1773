#!/bin/sh
# The servers the tests run against, from Debian's packages: Prometheus, and Chromium for the page.
set -eu
missing=
command -v prometheus >/dev/null || missing="$missing prometheus"
command -v chromium >/dev/null || missing="$missing chromium"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "not installed:$missing: the tests that need them will say so and fail. Debian: apt-get install$missing" >&2
    exit 0
fi
echo "[env] installing$missing ..."
apt-get update -qq
# Without its init script: the tests start their own server.
DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends $missing >/dev/null
