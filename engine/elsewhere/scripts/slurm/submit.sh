#!/usr/bin/env bash
# Gives the runs of this bundle to Slurm, and prints every call of sbatch. Nothing else here calls it.
# Takes what ../choose.sh takes: nothing for all that have no result, --failed, --part 1/2, numbers of single runs.
# DRY_RUN=1 prints and does nothing. What is asked for is in ../settings.sh.
set -eu
bundle=$(cd "$(dirname "$0")/.." && pwd)
. "$bundle/settings.sh"
"${GRAFT[@]}" study status --bundle "$bundle" --check || exit

lists=$bundle/slurm/lists/$(date +%Y%m%d-%H%M%S)-$$
mkdir -p "$lists" "$bundle/logs"
"$bundle/choose.sh" --kind pretrain "$@" >"$lists/pretrain"
"$bundle/choose.sh" --kind finetune "$@" >"$lists/finetune"
# Slurm takes arrays up to a size.
most=$(scontrol show config 2>/dev/null | awk '$1 == "MaxArraySize" { print $3 - 1 }')
most=${most:-1000}

common=(--nodes=1 --ntasks=1 "--cpus-per-task=$THREADS" "--mem=${MEMORY_MB}M" --requeue --open-mode=append
  "--signal=TERM@$TERM_SECONDS" "--chdir=$bundle" "--output=${bundle//%/%%}/logs/slurm-%A.log")

job=0
# submit NAME MINUTES LIST [OPTION…]: an array over the lines of a list; one that begins with - holds no run.
submit() {
  local name=$1 minutes=$2 list=$3
  shift 3
  local lines
  lines=$(awk '$1 != "-" { printf "%s%d", n++ ? "," : "", NR }' "$list")
  local call=(sbatch --parsable "--job-name=$name" "--time=$minutes" "--array=$lines%$MAX_AT_ONCE" "${common[@]}"
    ${SLURM_OPTIONS[@]+"${SLURM_OPTIONS[@]}"} "$@" "$bundle/slurm/run.sbatch" "$bundle" "$list")
  printf '+'
  printf ' %q' "${call[@]}"
  printf '\n'
  if [ -n "${DRY_RUN:-}" ]; then job=$((job + 1)); return; fi
  job=$("${call[@]}")
  job=${job%%;*}
  echo "  job $job: $(grep -cv '^-' "$list") runs"
}

# Pretrainings first: others wait for them.
split -l "$most" -a 4 "$lists/pretrain" "$lists/pretrain-"
pretrainings=()
for list in "$lists"/pretrain-*; do
  [ -s "$list" ] || continue
  submit pretrain "$MINUTES_PRETRAIN" "$list"
  pretrainings+=("$job")
  cp "$list" "$lists/after-$job"
done

# Those that start from nothing that is still to be pretrained here.
awk -F '\t' 'FILENAME == ARGV[1] { todo[$1] = 1; next } FILENAME == ARGV[2] { mine[$1] = 1; next }
  ($1 in mine) && !($3 in todo) { print $1 }' "$lists/pretrain" "$lists/finetune" "$bundle/runs.tsv" >"$lists/ready"
split -l "$most" -a 4 "$lists/ready" "$lists/ready-"
for list in "$lists"/ready-*; do
  [ ! -s "$list" ] || submit finetune "$MINUTES_FINETUNE" "$list"
done

# For each array of pretrainings arrays of what starts from them: in the n-th, the line of a pretraining holds the n-th
# run that starts from it. So Slurm lets each begin when its own pretraining is done (aftercorr).
for pretraining in ${pretrainings[@]+"${pretrainings[@]}"}; do
  list=$lists/after-$pretraining
  awk -F '\t' -v to="$list-then-" '
    FILENAME == ARGV[1] { line[$1] = ++lines; next }
    FILENAME == ARGV[2] { mine[$1] = 1; next }
    ($1 in mine) && ($3 in line) { n = ++after[$3]; run[n, line[$3]] = $1; if (n > most) most = n }
    END {
      for (n = 1; n <= most; n++) {
        file = sprintf("%s%04d", to, n)
        for (l = 1; l <= lines; l++) print ((n, l) in run) ? run[n, l] : "-" > file
        close(file)
      }
    }' "$list" "$lists/finetune" "$bundle/runs.tsv"
  for then in "$list"-then-*; do
    [ -s "$then" ] || continue
    submit finetune "$MINUTES_FINETUNE" "$then" "--dependency=aftercorr:$pretraining" --kill-on-invalid-dep=yes
  done
done
[ "$job" != 0 ] || echo 'There is nothing to run.'
