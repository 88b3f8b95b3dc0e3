#!/usr/bin/env bash
# Builds Gradescope's container. Upload a zip of this project with setup.sh and run_autograder of
# this folder at its top; Gradescope runs this file once, as root, with the project in
# /autograder/source.
set -euo pipefail

source_folder="${AUTOGRADER_ROOT:-/autograder}/source"
environment="${AUTOGRADER_ROOT:-/autograder}/venv"

# The image's own Python may be too old.
apt-get update
for version in 3.13 3.12 3.11; do
    if apt-get install -y --no-install-recommends "python$version" "python$version-venv"; then
        break
    fi
done

"python$version" -m venv "$environment"
# The CPU build of torch: without this option pip takes the one for CUDA, which is ten times larger.
"$environment/bin/pip" install --no-cache-dir -c "$source_folder/constraints.txt" \
    --index-url https://download.pytorch.org/whl/cpu torch
"$environment/bin/pip" install --no-cache-dir -c "$source_folder/constraints.txt" "$source_folder"
chmod +x "${AUTOGRADER_ROOT:-/autograder}/run_autograder" || true
