/** Time spent in Annotate: what a dataset took. */
import type { LabellingTime } from '../../shared/labelling-progress.ts';
import { median } from '../../shared/median.ts';
import type { TimeSlot } from '../db/labelling.ts';
import type { Project } from '../db/project.ts';
import { isLabelled } from './next.ts';

/** Images that were worked on for less say nothing of how long one takes. */
const LEAST_SECONDS = 1;

export function timeOfDataset(
  db: Project,
  datasetId: number,
  { isMeasured }: { readonly isMeasured: boolean },
): LabellingTime {
  const labelled = db.labelling.states(datasetId).filter(isLabelled);
  return labellingTime(db.labelling.time(datasetId), {
    isMeasured,
    labelled: new Set(labelled.map(({ imageId }) => imageId)),
  });
}

export function labellingTime(
  slots: readonly TimeSlot[],
  {
    isMeasured,
    labelled,
  }: { readonly isMeasured: boolean; readonly labelled: ReadonlySet<number> },
): LabellingTime {
  const byImage = new Map<number, number>();
  for (const { imageId, seconds } of slots) {
    byImage.set(imageId, (byImage.get(imageId) ?? 0) + seconds);
  }
  const seconds = [...byImage.values()].reduce((sum, one) => sum + one, 0);
  const done = [...byImage].filter(([id, spent]) => labelled.has(id) && spent >= LEAST_SECONDS);
  return {
    isMeasured,
    seconds,
    images: byImage.size,
    medianSeconds: median(done.map(([, spent]) => spent)),
    imagesAnHour: done.length === 0 ? null : done.length / (seconds / 3600),
    ofImages: [...byImage]
      .map(([imageId, spent]) => ({ imageId, seconds: spent }))
      .sort((one, other) => other.seconds - one.seconds || one.imageId - other.imageId),
  };
}
