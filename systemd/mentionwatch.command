#!/bin/sh
# The command of an installed mentionwatch: the right configuration, and never as root.
# A database that root had opened would be closed to the service, so root becomes the service's user
# for everything but `init`, which writes the configuration.
set -eu

here=$(readlink -f "$0")
root=${here%/usr/local/bin/mentionwatch}
program=$root/opt/mentionwatch/current/bin/mentionwatch
MENTIONWATCH_CONFIG=${MENTIONWATCH_CONFIG:-$root/etc/mentionwatch}
export MENTIONWATCH_CONFIG

if [ "$(id -u)" = 0 ] && [ -z "$root" ]; then
    if [ "${1:-}" = init ]; then
        umask 027 # the group reads it: that is the service
    else
        umask 077
        # its own home: libraries that look for one must not find root's
        exec env HOME=/var/lib/mentionwatch setpriv --reuid=mentionwatch --regid=mentionwatch --init-groups \
            "$program" "$@"
    fi
elif [ -z "$root" ] && [ ! -r "$MENTIONWATCH_CONFIG" ]; then
    case " $* " in
        *" --config"* | *" --help "*) ;;
        *" check "* | *" run "* | *" step "* | *" ingest "* | *" report "* | *" cases "* | *" show "* | *" health "*)
            echo "mentionwatch: $MENTIONWATCH_CONFIG is closed to you; try: sudo mentionwatch $*" >&2
            exit 2
            ;;
    esac
fi
exec "$program" "$@"
