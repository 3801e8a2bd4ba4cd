#!/usr/bin/env bash
# Computes one run of this bundle and writes what it says into logs/: ./one.sh 17
set -u
bundle=$(cd "$(dirname "$0")" && pwd)
. "$bundle/settings.sh"
run=${1:?which run?}
mkdir -p "$bundle/logs"
printf '\n%s %s %s run %s\n' "$(date '+%Y-%m-%d %H:%M:%S')" "$(hostname)" "${SLURM_JOB_ID:-}" "$run" \
  >>"$bundle/logs/$run.log"
# A scheduler may signal this shell alone: the run is told, and waited for.
"${GRAFT[@]}" run-one "$bundle" "$run" --threads "$THREADS" >>"$bundle/logs/$run.log" 2>&1 &
pid=$!
trap 'kill -TERM "$pid" 2>/dev/null' TERM INT
wait "$pid"
while kill -0 "$pid" 2>/dev/null; do wait "$pid"; done
wait "$pid"
status=$?
if [ "$status" = 0 ]; then echo "run $run: done"; else echo "run $run: $(tail -n 1 "$bundle/logs/$run.log")"; fi
exit "$status"
