#!/usr/bin/env bash
# Writes the lock files. Local packages are left out: the Makefile installs them from their folders.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=${UV:-.venv/bin/uv}
compile() {
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --no-emit-package openvod --no-emit-package openvod-sdk --no-header --no-annotate --output-file "$@"
}
compile requirements/runtime.txt requirements/runtime.in
compile requirements/dev.txt requirements/dev.in --group pyproject.toml:dev
compile requirements/node.txt requirements/node.in
# Tools that tests of clients drive, in an environment of their own.
compile tests/clients/tools.txt tests/clients/tools.in
