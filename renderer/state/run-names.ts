/** Runs and arms in the words of people. */
import { armName } from '../../shared/charts/arm-style.ts';
import type { Run } from '../../shared/entities.ts';
import { counted } from '../../shared/number-format.ts';
import { pretrainingInText } from '../../shared/pretrainings.ts';

/** "Segmentation, encoder · 8 labels · seed 2", "Pretraining: segmentation · seed 2" */
export function runName(run: Run): string {
  if (run.kind === 'pretrain' || run.transfer === null) {
    const name = run.pretraining === null ? '' : pretrainingInText(run.pretraining);
    return `Pretraining: ${name} · seed ${run.seed}`;
  }
  const arm = armName({ pretraining: run.pretraining, transfer: run.transfer });
  return `${arm} · ${counted(run.labels ?? 0, 'label')} · seed ${run.seed}`;
}
