#!/usr/bin/env bash
# Prints the numbers of the runs of this bundle that have no result yet, one a line, in the order of the plan.
#
#   ./choose.sh                     all of them
#   ./choose.sh --failed            those that failed, and what waits for them
#   ./choose.sh --part 1/2          those of the first half of the seeds: arms of one seed stay together
#   ./choose.sh --kind pretrain     pretrainings, or finetune
#   ./choose.sh 17 23               of these two
set -eu
bundle=$(cd "$(dirname "$0")" && pwd)
failed=0 part=1/1 kind='' only=' '
while [ $# -gt 0 ]; do
  case $1 in
    --failed) failed=1 ;;
    --part) shift; part=${1:?--part takes K/N, as in 1/2} ;;
    --kind) shift; kind=${1:?--kind takes pretrain or finetune} ;;
    [0-9]*) only="$only$1 " ;;
    *) echo "choose.sh: $1 is not understood (--failed, --part K/N, --kind KIND, numbers of runs)" >&2; exit 2 ;;
  esac
  shift
done
k=${part%/*} n=${part#*/}
if [ "$k/$n" != "$part" ] || ! [ "$k" -ge 1 ] 2>/dev/null || ! [ "$k" -le "$n" ] 2>/dev/null; then
  echo "choose.sh: --part takes K/N, as in 1/2, K from 1 to N" >&2
  exit 2
fi
for number in $only; do
  if ! cut -f 1 "$bundle/runs.tsv" | grep -qx "$number"; then
    echo "choose.sh: there is no run $number in this bundle (runs.tsv lists them)" >&2
    exit 2
  fi
done
{
  for folder in results failed; do
    [ ! -d "$bundle/$folder" ] || ls "$bundle/$folder" | sed "s/^/$folder	/"
  done
  sed 's/^/run	/' "$bundle/runs.tsv"
} | awk -F '\t' -v failed="$failed" -v part="$part" -v kind="$kind" -v only="$only" '
  BEGIN { split(part, share, "/") }
  $1 == "results" { sub(/\.run$/, "", $2); done[$2] = 1; next }
  $1 == "failed" { sub(/\.json$/, "", $2); broke[$2] = 1; next }
  $2 ~ /^[0-9]+$/ {
    if (!($5 in seeds)) seeds[$5] = count++
    if ($2 in done) next
    if (failed && !($2 in broke) && !($4 in broke)) next
    if (kind != "" && $3 != kind) next
    if (only != " " && index(only, " " $2 " ") == 0) next
    if (seeds[$5] % share[2] != share[1] - 1) next
    print $2
  }'
