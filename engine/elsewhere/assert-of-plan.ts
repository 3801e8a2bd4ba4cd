/**
 * Whether a file of a run says what that run was planned to find out, and all of it: it was computed elsewhere, and its
 * checksum says only that it came as it was written.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Dataset, ImageRecord, Run } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { labelMapSize, readLabelMapRuns } from '../../shared/label-map.ts';
import { pinnedDataset } from '../data/pinned-dataset.ts';
import type { Project } from '../db/project.ts';
import { decodeCheckpoint } from '../training/checkpoint.ts';
import { assertCheckpointOf } from '../training/checkpoint-of-run.ts';
import type { TrainerEvent } from '../training/protocol.ts';
import { checkpointsOf } from './journal.ts';
import { planHash } from './plan-hash.ts';
import type { RunFile } from './run-file.ts';

export interface ResultFile {
  /** Its name, for words. */
  readonly name: string;
  readonly sha256: string;
  readonly file: RunFile;
}

/** What a trainer sends of a run that it ends well, before it says so; logs are kept apart. */
const SENT: ReadonlySet<TrainerEvent['type']> = new Set([
  'started',
  'progress',
  'metrics',
  'checkpoint',
  'result',
  'example',
]);
const TESTED = ['best', 'last'] as const;

type Result = Extract<TrainerEvent, { type: 'result' }>;

/** The images of a run by id, and those of them that it is tested on. */
function imagesOf(project: Project, { kind, config }: Run) {
  const items = project.snapshots.items(config.snapshotId);
  const images = new Map(
    items.flatMap(({ imageId }) => {
      const image = project.datasets.image(imageId);
      return image === undefined ? [] : [[imageId, image] as const];
    }),
  );
  const tested = items.filter(({ part, labelMapId }) => part === 'test' && labelMapId !== null);
  return { images, tested: kind === 'finetune' ? tested.map(({ imageId }) => imageId) : [] };
}

/** What is wrong with the score and the prediction of an image; null: nothing. */
function problemOf(
  { result, prediction }: Result,
  { name, widthPx, heightPx }: ImageRecord,
  { classes }: Pick<Dataset, 'classes'>,
): string | null {
  const known = new Set(classes.map(({ index }) => index));
  const pixels = widthPx * heightPx;
  for (const { classIndex, predictedPx, truePx, bothPx } of result.classes) {
    if (!known.has(classIndex)) return `it scores class ${classIndex}, which there is not`;
    const most = Math.min(predictedPx, truePx);
    if (Math.max(predictedPx, truePx) > pixels || bothPx > most)
      return `it counts more pixels of ${name} than there are`;
  }
  if (prediction === null) return null;
  const { width, height } = labelMapSize(prediction);
  if (width !== widthPx || height !== heightPx)
    return `its prediction of ${name} is not as large as the image`;
  readLabelMapRuns(prediction, () => undefined);
  return null;
}

/** Errors: conflict; corrupt, where predictions or weights are not sound, or are of another network. */
export function assertOfPlan(project: Project, run: Run, { name, file }: ResultFile): void {
  const refuse = (why: string) => new AppError('conflict', `${name}: ${why}`);
  if (planHash(project, run) !== file.planned) {
    throw refuse(
      `it is of another plan: run ${run.id} of this study computes something else. It was left where it is.`,
    );
  }
  const sent = file.events.slice(0, -1);
  if (file.state !== 'done' || file.events.at(-1)?.type !== 'done') {
    throw refuse('it is not finished. Run it again there: graft run-one BUNDLE RUN');
  }
  const foreign = sent.find(({ type }) => !SENT.has(type));
  if (foreign !== undefined) {
    throw refuse(`it holds "${foreign.type}", which no run that is done says.`);
  }
  const { steps } = run.config.optimisation;
  const points = sent.flatMap((event) => (event.type === 'metrics' ? event.points : []));
  const stepsTold = [
    ...points.map(({ step }) => step),
    ...sent.flatMap((event) => ('step' in event ? [event.step] : [])),
  ];
  if (stepsTold.some((step) => step < 0 || step > steps)) {
    throw refuse(`it tells of steps that run ${run.id} does not have: it has ${steps}.`);
  }
  const { images, tested } = imagesOf(project, run);
  const image = (imageId: number) => {
    const found = images.get(imageId);
    if (found === undefined) {
      throw refuse(`it scores image ${imageId}, which the study does not have.`);
    }
    return found;
  };
  for (const event of sent) if (event.type === 'example') image(event.example.imageId);
  const results = sent.filter((event) => event.type === 'result');
  const dataset = pinnedDataset(project, run.config.snapshotId) ?? { classes: [] };
  for (const result of results) {
    const problem = problemOf(result, image(result.result.imageId), dataset);
    if (problem !== null) throw refuse(`${problem}.`);
  }
  const scored = results.map(({ result }) => `${result.checkpoint} ${result.imageId}`);
  const wanted = TESTED.flatMap((kind) => tested.map((imageId) => `${kind} ${imageId}`));
  if (!isDeepStrictEqual(scored.toSorted(), wanted.toSorted())) {
    throw refuse(
      `it has ${scored.length} scores, and its run is tested on ${tested.length} images, with its best and its last weights. Run it again there.`,
    );
  }
  const checkpoints = checkpointsOf(file);
  if (!checkpoints.some(({ kind }) => kind === 'last')) throw refuse('it holds no weights.');
  for (const { bytes } of checkpoints) assertCheckpointOf(run, decodeCheckpoint(bytes));
}
