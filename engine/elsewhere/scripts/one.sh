#!/usr/bin/env bash
# Computes one run of this bundle and writes what it says into logs/: ./one.sh 17
# ./one.sh --or-leave 17: one that another computer computes is left to it, and that is no failure.
set -u
bundle=$(cd "$(dirname "$0")" && pwd)
. "$bundle/settings.sh"
leave=
if [ "${1:-}" = --or-leave ]; then leave=1; shift; fi
run=${1:?which run?}
log=$bundle/logs/$run.log
if ! { mkdir -p "$bundle/logs" && : >>"$log"; } 2>/dev/null; then
  echo "run $run: $log cannot be written. Whoever computes needs to write into this folder: ask for permission, or copy it" >&2
  exit 3
fi
printf '\n%s %s %s run %s\n' "$(date '+%Y-%m-%d %H:%M:%S')" "$(hostname)" "${SLURM_JOB_ID:-}" "$run" >>"$log"
# A scheduler may signal this shell alone: the run is told, and waited for.
"${GRAFT[@]}" run-one "$bundle" "$run" --threads "$THREADS" >>"$log" 2>&1 &
pid=$!
trap 'kill -TERM "$pid" 2>/dev/null' TERM INT
wait "$pid"
while kill -0 "$pid" 2>/dev/null; do wait "$pid"; done
wait "$pid"
status=$?
if [ "$status" = 0 ]; then echo "run $run: done"; else echo "run $run: $(tail -n 1 "$log")"; fi
[ "$status" != 4 ] || [ -z "$leave" ] || exit 0
exit "$status"
