#!/usr/bin/env bash
# Template for PBS (OpenPBS, PBS Pro). Graft's own tests try it with a stand-in alone: change what your cluster wants otherwise.
#
#   cd BUNDLE; mkdir -p logs
#   ./choose.sh --kind pretrain > pretrain.list; ./choose.sh --kind finetune > finetune.list
#   first=$(qsub -J 1-$(wc -l < pretrain.list) -v "BUNDLE=$PWD,LIST=pretrain.list" pbs.sh)
#   qsub -J 1-$(wc -l < finetune.list) -W "depend=afterok:$first" -v "BUNDLE=$PWD,LIST=finetune.list" pbs.sh
#
# (Without a pretraining: the last line alone, without -W. An array of one run is written without -J, with
# -v "…,PBS_ARRAY_INDEX=1".) Threads, memory and time as
# settings.sh had them when this folder was made; what is changed there is changed here, too:
#PBS -l select=1:ncpus=@THREADS@:mem=@MEMORY_MB@mb
#PBS -l walltime=@HOURS@
#PBS -r y
#PBS -j oe
#
# PBS sends SIGTERM before it kills (kill_delay of the queue): let that be a minute. One that ran out of its time is
# submitted again in the same way; it goes on where it was.
set -u
cd "$BUNDLE" || exit
exec ./one.sh "$(sed -n "${PBS_ARRAY_INDEX}p" "$LIST")"
