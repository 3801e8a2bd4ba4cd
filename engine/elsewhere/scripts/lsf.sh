#!/usr/bin/env bash
# Template for IBM Spectrum LSF. Graft's own tests try it with a stand-in alone: change what your cluster wants otherwise.
#
#   cd BUNDLE; mkdir -p logs
#   ./choose.sh --kind pretrain > pretrain.list; ./choose.sh --kind finetune > finetune.list
#   LIST=pretrain.list bsub -J "pretrain[1-$(wc -l < pretrain.list)]" < lsf.sh
#   LIST=finetune.list bsub -J "finetune[1-$(wc -l < finetune.list)]" -w 'done("pretrain")' < lsf.sh
#
# (Without a pretraining: the last line alone, without -w.) Threads, memory and time as
# settings.sh had them when this folder was made; what is changed there is changed here, too:
#BSUB -n @THREADS@
#BSUB -R "span[hosts=1]"
#BSUB -M @MEMORY_MB@MB
#BSUB -W @MINUTES@
#BSUB -r
#BSUB -Q "130"
#BSUB -wa TERM -wt 2
#BSUB -o logs/lsf-%J-%I.log
#
# -wa TERM -wt 2: two minutes before its time is up a run is told and keeps its state; -Q 130: it is queued again then.
set -u
exec ./one.sh "$(sed -n "${LSB_JOBINDEX}p" "$LIST")"
