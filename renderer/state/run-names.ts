/** Runs and arms in the words of people. */
import { armName } from '../../shared/charts/arm-style.ts';
import type { Run } from '../../shared/entities.ts';
import { counted } from '../../shared/number-format.ts';
import { pretrainingInText } from '../../shared/pretrainings.ts';

/** "Segmentation, encoder · 8 labels · seed 2", "Pretraining: segmentation · seed 2" (with its labels where it has some) */
export function runName(run: Run): string {
  const labels = run.labels === null ? '' : ` · ${counted(run.labels, 'label')}`;
  if (run.kind === 'pretrain' || run.transfer === null) {
    const name = run.pretraining === null ? '' : pretrainingInText(run.pretraining);
    return `Pretraining: ${name}${labels} · seed ${run.seed}`;
  }
  const arm = armName({ pretraining: run.pretraining, transfer: run.transfer });
  return `${arm}${labels} · seed ${run.seed}`;
}

/** Names that tell the runs of a list apart: the learning rate is said of those that were tried with several. */
export function runNames(runs: readonly Run[]): (run: Run) => string {
  const key = (run: Run) => `${run.studyId ?? ''} ${runName(run)}`;
  const tries = Map.groupBy(
    runs.filter(({ kind }) => kind === 'finetune'),
    key,
  );
  return (run) => {
    const rates = new Set(tries.get(key(run))?.map(rateOf));
    return rates.size > 1 ? `${runName(run)} · learning rate ${rateOf(run)}` : runName(run);
  };
}

const rateOf = (run: Run): number => run.config.optimisation.learningRate;
