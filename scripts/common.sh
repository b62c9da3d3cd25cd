# For the other scripts: where things are, and Debian packages on demand.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${BUILD_DIR:-$top/build}

die() {
    echo "$(basename "$0"): $*" >&2
    exit 1
}

# need PACKAGE ...: installs what is missing; nothing to do is fast.
need() {
    command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
        die "needs Debian 12 (or a system with its packages)"

    local missing=()
    for package; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
            missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return

    [ "$(id -u)" = 0 ] ||
        die "these packages are missing, and installing them needs root: ${missing[*]}"
    echo "installing: ${missing[*]}"

    (
        # a service that a package starts would take ports; the demo and the
        # tests start their own
        policy=/usr/sbin/policy-rc.d
        if [ ! -e $policy ]; then
            trap 'rm -f $policy' EXIT
            trap 'exit 130' INT TERM
            printf '#!/bin/sh\nexit 101\n' >$policy && chmod +x $policy
        fi
        apt-get update -qq &&
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
    ) >"${TMPDIR:-/tmp}/ngx_cdn-apt.log" 2>&1 || die "apt-get failed: see ${TMPDIR:-/tmp}/ngx_cdn-apt.log"
}

build_packages=(nginx nginx-dev g++ make cmake pkgconf libvips-dev libjpeg-dev libwebp-dev libssl-dev libpcre2-dev
    zlib1g-dev nlohmann-json3-dev libhowardhinnant-date-dev tzdata
    libhiredis-dev libxxhash-dev libcli11-dev libcurl4-openssl-dev)
test_packages=(faketime libgtest-dev libvips-tools curl openssl perl prometheus redis-server)

# build_module DIRECTORY [cmake option ...]
build_module() {
    local directory=$1
    shift
    cmake -S "$top" -B "$directory" "$@" >"$directory/cmake.log" 2>&1 ||
        { tail -n 20 "$directory/cmake.log" >&2; die "cmake failed"; }
    cmake --build "$directory" --parallel "$(nproc)" --target ${build_target:-ngx_http_cdn_module ngx-cdn}
}
