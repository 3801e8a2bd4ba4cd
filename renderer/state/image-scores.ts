/** A study's test images with the Dice of every arm: what the per-image table shows. */
import type { StudyResults } from '../../shared/api.ts';
import { armName } from '../../shared/charts/arm-style.ts';
import type { PretrainingKey, Run, Transfer } from '../../shared/entities.ts';

export interface ImageArm {
  readonly key: string;
  readonly name: string;
  readonly pretraining: PretrainingKey | null;
  readonly transfer: Transfer;
  /** Finished runs at the shown label count, by seed. */
  readonly runs: readonly Run[];
}

export interface ImageRow {
  readonly imageId: number;
  readonly name: string;
  readonly labelMapId: number | null;
  /** In the order of the arms; mean over the chosen seeds, null where nothing was scored. */
  readonly dice: readonly (number | null)[];
}

/** Arms that have finished runs at this label count, in the order of the study. */
export function armsAt(runs: readonly Run[], labels: number): ImageArm[] {
  const own = runs.filter(
    (run) => run.kind === 'finetune' && run.status === 'done' && run.labels === labels,
  );
  const arms = Map.groupBy(own, (run) => `${run.pretraining ?? ''} ${run.transfer ?? ''}`);
  return [...arms].flatMap(([key, [first, ...others]]) =>
    first === undefined || first.transfer === null
      ? []
      : [
          {
            key,
            name: armName({ pretraining: first.pretraining, transfer: first.transfer }),
            pretraining: first.pretraining,
            transfer: first.transfer,
            runs: [first, ...others].toSorted((a, b) => a.seed - b.seed),
          },
        ],
  );
}

/** The first run of an arm that was tested on an image; of several splits not all are. */
export function testedRun(
  results: StudyResults,
  runs: readonly Run[],
  imageId: number,
): Run | undefined {
  const at = results.images.findIndex((image) => image.imageId === imageId);
  const diceOf = new Map(results.runs.map(({ runId, dice }) => [runId, dice[at]]));
  return runs.find(({ id }) => (diceOf.get(id) ?? null) !== null);
}

/** `seed` null: mean over all seeds. */
export function imageRows(
  results: StudyResults,
  arms: readonly ImageArm[],
  seed: number | null,
): ImageRow[] {
  const diceOf = new Map(results.runs.map(({ runId, dice }) => [runId, dice]));
  return results.images.map(({ imageId, name, labelMapId }, at) => ({
    imageId,
    name,
    labelMapId,
    dice: arms.map(({ runs }) => {
      const values = runs
        .filter((run) => seed === null || run.seed === seed)
        .flatMap((run) => diceOf.get(run.id)?.[at] ?? []);
      return values.length === 0 ? null : values.reduce((sum, v) => sum + v, 0) / values.length;
    }),
  }));
}
