#!/bin/sh
# Make .venv ready: find a Python that is new enough, and let setup/environment.py do the rest with it.
cd "$(dirname "$0")/.." || exit 2
for python in ${PYTHON:+"$PYTHON"} python3.11 python3.12 python3.13 python3; do
    # A name on PATH may be a shim for a version that is not there: only one that runs counts.
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        exec "$python" -B setup/environment.py "$@"
    fi
done
echo "The front desk needs Python 3.11 or later, and there is none on PATH." >&2
echo "Install it (Debian 12 and later: apt-get install python3), or name one: make run PYTHON=/path/to/python3" >&2
exit 2
