#!/bin/sh
# Inside an image build: the venv /opt/bellhop/venv with the dependencies of pyproject.toml (make.sh
# dependencies EXTRAS), later the project itself, without the network (make.sh project).
set -eu
here=$(dirname "$0")
if [ -s "$here/../ca/ca.crt" ]; then
  PIP_CERT=$here/../ca/ca.crt
  export PIP_CERT
fi
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_NO_CACHE_DIR=1

case $1 in
  dependencies)
    python3 -m venv /opt/build
    python3 -m venv /opt/bellhop/venv
    python3 "$here/requirements.py" build >/tmp/build.txt
    python3 "$here/requirements.py" "$2" >/tmp/run.txt
    /opt/build/bin/pip install -q -r /tmp/build.txt
    /opt/bellhop/venv/bin/pip install -q -r /tmp/run.txt
    ;;
  project)
    /opt/build/bin/pip wheel -q --no-deps --no-build-isolation -w /tmp/wheel .
    /opt/bellhop/venv/bin/pip install -q --no-deps --no-index /tmp/wheel/*.whl
    /opt/bellhop/venv/bin/pip uninstall -q -y pip
    ;;
esac
