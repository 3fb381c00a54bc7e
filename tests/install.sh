#!/usr/bin/env bash
# What the test suite needs beyond Python: PostgreSQL, Redis, Chromium and docker-compose from Debian's packages,
# and, where npm is, a client of the Selling Partner API for Node (its test is skipped elsewhere).
set -euo pipefail
clients=$(dirname "$0")/conformance/foreign_clients
if command -v npm >/dev/null && [ ! "$clients/node_modules/.package-lock.json" -nt "$clients/package-lock.json" ]; then
  echo "Installing for the tests: amazon-sp-api, for Node"
  npm ci --silent --no-audit --no-fund --prefix "$clients" || echo "It could not be installed; its test is skipped"
fi
missing=()
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing+=(postgresql)
command -v redis-server >/dev/null || missing+=(redis-server)
command -v chromium >/dev/null || missing+=(chromium)
command -v docker-compose >/dev/null || missing+=(docker-compose)
[ ${#missing[@]} -eq 0 ] && exit 0
echo "Installing for the tests: ${missing[*]}"
sudo=""
[ "$(id -u)" -eq 0 ] || sudo="sudo"
$sudo apt-get update -qq
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
