#!/usr/bin/env bash
# Computes the runs of this bundle on this computer, without a scheduler: first pretrainings, then what starts from them.
# Takes what ./choose.sh takes: nothing for all that have no result, --failed, --part 1/2 (for two computers), numbers.
# JOBS=4 ./run-all.sh computes four side by side; with JOBS=parallel, GNU parallel decides and may use other computers
# (PARALLEL_OPTIONS in settings.sh). Ctrl+C lets each run keep what it has; the next call goes on.
set -u
bundle=$(cd "$(dirname "$0")" && pwd)
. "$bundle/settings.sh"
mkdir -p "$bundle/logs" || exit
case "$*" in *--failed*) ;; *)
  "${GRAFT[@]}" study status --bundle "$bundle" --check || exit ;;
esac
# Both are chosen before anything runs: what waits for a pretraining that failed is known by that failure, which goes.
pretrain=$("$bundle/choose.sh" --kind pretrain "$@") || exit
finetune=$("$bundle/choose.sh" --kind finetune "$@") || exit
broken=0
for kind in pretrain finetune; do
  # Another computer may have done some meanwhile.
  runs=$(echo "${!kind}" | while read -r run; do [ -e "$bundle/results/$run.run" ] || echo "$run"; done)
  [ -n "$runs" ] || continue
  echo "$(echo "$runs" | wc -l | tr -d ' ') runs to $kind"
  if [ "$JOBS" = parallel ]; then
    echo "$runs" | parallel --quote "${PARALLEL_OPTIONS[@]}" --joblog "$bundle/logs/parallel.log" \
      "$bundle/one.sh" --or-leave || broken=1
  else
    echo "$runs" | xargs -P "$JOBS" -n 1 "$bundle/one.sh" --or-leave || broken=1
  fi
done
"${GRAFT[@]}" study status --bundle "$bundle"
exit "$broken"
