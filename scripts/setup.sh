# Set-up of a checkout, sourced by ./run, ./test and ./bench. Safe to run again, and by several at once.
#
#   setup run    .venv with wherry in it, and the machine's packages it needs
#   setup test   the same, and what the tests need
#   setup bench  the same, and what the benchmarks compare with
#
# Nothing is installed into the system's Python. WHERRY_PYTHON chooses the interpreter (3.11 or later).
# shellcheck shell=bash

RUN_PACKAGES="busybox-static tini libnftables1 nftables iproute2 procps"
TEST_PACKAGES="runc skopeo qemu-system-x86 cpio curl strace podman docker-registry openssl git openssh-client e2fsprogs libfaketime"
BENCH_PACKAGES="runc skopeo docker-registry buildah curl wrk"

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
fail() {
    printf 'set-up: %s\n' "$*" >&2
    exit 1
}

setup() {
    local kind=$1
    mkdir -p .wherry
    exec 8>.wherry/setup.lock
    flock 8 # another set-up of this checkout goes first
    case $kind in
    run)
        ensure_packages $RUN_PACKAGES
        ensure_kubectl
        ;;
    test)
        ensure_packages $RUN_PACKAGES $TEST_PACKAGES
        ensure_docker_cli
        ensure_etcd
        ;;
    bench)
        ensure_packages $RUN_PACKAGES $BENCH_PACKAGES
        ensure_docker_cli
        ensure_etcd
        ensure_dockerd
        ;;
    *) fail "unknown kind $kind" ;;
    esac
    ensure_venv
    ensure_python_packages "$kind"
    exec 8>&-
}

# --- the machine's packages ---------------------------------------------------------------------------------------

ensure_packages() {
    local package missing=()
    for package in "$@"; do
        dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] || apt_install "${missing[@]}"
}

apt_install() {
    [ "$(id -u)" = 0 ] || fail "these packages are missing, and installing them needs root: $*"
    command -v apt-get >/dev/null || fail "no apt-get here; please install: $*"
    say "installing $*"
    # Wait for another apt that holds the lock; a network may fail once.
    local attempt
    for attempt in 1 2 3; do
        if DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 update >.wherry/apt.log 2>&1 &&
            DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 \
                --no-install-recommends install "$@" >>.wherry/apt.log 2>&1; then
            return
        fi
        sleep $((attempt * 3))
    done
    tail -20 .wherry/apt.log >&2
    fail "apt-get could not install $*"
}

# kubectl is what ./run shows the cluster with. Debian 12 has an old one, later ones none; any that is there is right.
ensure_kubectl() {
    command -v kubectl >/dev/null && return
    if apt-cache show kubernetes-client >/dev/null 2>&1; then ensure_packages kubernetes-client; fi
}

# Tests and benchmarks start their own; Debian's package would start one for the machine.
ensure_etcd() {
    command -v etcd >/dev/null || without_services etcd-server
}

# The docker command is a client of ours in the tests. Debian has it alone (docker-cli) or with its daemon (docker.io).
ensure_docker_cli() {
    command -v docker >/dev/null && return
    if apt-cache show docker-cli >/dev/null 2>&1; then
        without_services docker-cli
    else
        without_services docker.io
    fi
}

# Debian's daemon is a peer in the benchmarks, which can do without and then say so.
ensure_dockerd() {
    command -v dockerd >/dev/null || without_services docker.io || say "no dockerd to compare with: docker.io does not install"
}

# Install packages whose services must not be started by that: policy-rc.d says so meanwhile (invoke-rc.d(8)).
without_services() (
    policy=/usr/sbin/policy-rc.d
    if [ ! -e $policy ]; then
        trap 'rm -f $policy' EXIT
        printf '#!/bin/sh\nexit 101\n' >$policy
        chmod 755 $policy
    fi
    apt_install "$@"
)

# --- Python ---------------------------------------------------------------------------------------------------------

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

# A distribution builds its Python with profile-guided optimisation; one that was compiled by hand or by pyenv mostly is
# not, and all of Wherry is then a fifth to a quarter slower.
find_python() {
    local candidate
    for candidate in ${WHERRY_PYTHON:-} /usr/bin/python3 python3 python3.13 python3.12 python3.11; do
        if command -v "$candidate" >/dev/null && is_new_enough "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    fail "no Python 3.11 or later found; name one with WHERRY_PYTHON=/path/to/python3"
}

ensure_venv() {
    # A checkout that was moved or copied has a .venv that points elsewhere.
    if [ -x .venv/bin/python ] && is_new_enough .venv/bin/python &&
        [ "$(.venv/bin/python -c 'import sys; print(sys.prefix)' 2>/dev/null)" = "$PWD/.venv" ] &&
        .venv/bin/python -m pip --version >/dev/null 2>&1; then
        return
    fi
    local python
    python=$(find_python)
    # Debian splits venv from python3, and ensurepip from venv.
    "$python" -c 'import ensurepip, venv' 2>/dev/null || apt_install python3-venv
    "$python" -c 'import ensurepip, venv' 2>/dev/null || fail "$python has no venv module; please install it"
    say "making .venv with $python"
    rm -rf .venv
    "$python" -m venv .venv
}

ensure_python_packages() {
    local kind=$1 stamp wanted
    stamp=.venv/.wherry-$kind
    wanted=$(cat pyproject.toml hatch_build.py src/wherry/__init__.py scripts/setup.sh | sha256sum)
    # What the build extracts lies in the checkout: another one's .venv alone is not enough.
    local extracted=src/wherry/kube/machinery/schema/data/structure.json
    [ -e $extracted ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && return
    say "installing Python packages into .venv"
    local more=()
    if [ "$kind" != run ]; then
        # pip knows dependency groups from 25.1 on; Debian 12 has 23.
        mapfile -t more < <(.venv/bin/python -c '
import tomllib
print("\n".join(tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["dev"]))')
    fi
    local attempt
    for attempt in 1 2 3; do
        if .venv/bin/python -m pip install --quiet --disable-pip-version-check --editable . "${more[@]}" \
            >.wherry/pip.log 2>&1; then
            # What is compiled now need not be at the first `wherry up`.
            .venv/bin/python -m compileall -q -j 0 src .venv/lib >/dev/null 2>&1 || true
            printf '%s' "$wanted" >"$stamp"
            return
        fi
        sleep $((attempt * 3))
    done
    tail -20 .wherry/pip.log >&2
    fail "pip could not install the Python packages"
}
