# shellcheck shell=sh
# end GROUP FOLDER: kills a server with its children, and removes its folder when none of them can write
# into it any more: a file that one of them makes meanwhile has rm fail ("Directory not empty").
# Killed, not ended: nothing of it is kept, and an orderly end can take Kamailio 60 s.
end() {
    # no `--`: dash's kill, asked by a signal's name, takes it for a process
    if writes "$1"; then kill -KILL "-$1"; fi
    while writes "$1"; do sleep 0.02; done # kill returns before its receivers are dead
    rm -rf "$2"
}

# Whether a process of the group lives. One that is a zombie has closed its files.
writes() {
    for stat in /proc/[0-9]*/stat; do
        { read -r line <"$stat"; } 2>/dev/null || continue # it ended while we looked
        # proc(5): the name is in brackets and may have any character; then state, parent, group
        # shellcheck disable=SC2086
        set -- "$1" ${line##*) }
        [ "${4:-}" = "$1" ] && [ "$2" != Z ] && return 0
    done
    return 1
}
