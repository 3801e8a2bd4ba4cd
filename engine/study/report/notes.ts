/**
 * What is worth knowing of a study's findings beside what weakens its verdict (cautions, shared/charts/study-words.ts):
 * what networks did not see, what label maps lack, what runs were left out.
 */
import { transparencyInText, unseenInText } from '../../../shared/channels.ts';
import { BACKGROUND, type EngineInfo, type Run, type Study } from '../../../shared/entities.ts';
import { absentClasses, foregroundObstacle } from '../../../shared/foreground.ts';
import { counted, countedWith } from '../../../shared/number-format.ts';
import { inSplits, splitOfSeed } from '../../../shared/study-splits.ts';
import { partLabels } from '../../data/label-values.ts';
import { pinnedDataset } from '../../data/pinned-dataset.ts';
import type { Project } from '../../db/project.ts';
import { sameTrainingImages } from './data-words.ts';
import { processorNotes } from './processor-notes.ts';

/** Each once, in the order of the runs; on which processors they ran is processor-notes.ts's. */
export function distinctEngines(runs: readonly Run[]): EngineInfo[] {
  const engines = new Map<string, EngineInfo>();
  for (const { engine } of runs) {
    if (engine === null) continue;
    const software = { ...engine };
    delete software.processor;
    engines.set(JSON.stringify(software), software);
  }
  return [...engines.values()];
}

/** What the network did not see of the images that the study is about. */
function unseenNotes(db: Project, study: Study): string[] {
  const ids = [study.sourceSnapshotId, study.targetSnapshotId].flatMap((snapshotId) =>
    db.snapshots.items(snapshotId).map(({ imageId }) => imageId),
  );
  const images = [...new Set(ids)].map((id) => db.datasets.image(id));
  const { sourceDatasetId, targetDatasetId, network } = study.config;
  const datasets = [sourceDatasetId, targetDatasetId].map((id) => db.datasets.get(id));
  return [
    ...unseenInText(
      images.filter((image) => image !== undefined),
      network.inputChannels,
    ),
    ...transparencyInText(datasets.filter((dataset) => dataset !== undefined)),
  ];
}

/** Snapshots of the target by the number of their split; the only one as a rule. */
function targetSnapshots({ config, targetSnapshotId }: Study, runs: readonly Run[]): number[] {
  const found = new Map([[0, targetSnapshotId]]);
  for (const run of runs) {
    if (run.kind === 'finetune') found.set(splitOfSeed(config, run.seed), run.config.snapshotId);
  }
  return [...found].toSorted(([a], [b]) => a - b).map(([, snapshotId]) => snapshotId);
}

/** What the target's label maps lack that was to be learned or scored, split by split. */
function labelNotes(db: Project, study: Study, runs: readonly Run[]): string[] {
  const target = pinnedDataset(db, study.targetSnapshotId);
  if (target === undefined) return [];
  return inSplits(
    targetSnapshots(study, runs).map((snapshotId) => {
      const labels = partLabels(db, db.snapshots.items(snapshotId));
      const obstacle = foregroundObstacle(target.name, labels, target.hasBackground);
      return obstacle === null
        ? absentClasses(target.classes, labels, target.hasBackground)
        : [obstacle];
    }),
  );
}

/** Where class 0 of the target has become something else since the study was planned. */
function backgroundNotes(db: Project, { targetSnapshotId, config }: Study): string[] {
  const [then, now] = [
    pinnedDataset(db, targetSnapshotId),
    db.datasets.get(config.targetDatasetId),
  ];
  if (then === undefined || now === undefined || then.hasBackground === now.hasBackground)
    return [];
  const name = now.classes.find(({ index }) => index === BACKGROUND)?.name ?? 'background';
  const [was, is] = then.hasBackground
    ? ['the background, which is not scored', 'a class like any other']
    : ['a class like any other, and scored', 'the background'];
  return [
    `When this study was planned, class 0 (${name}) of "${now.name}" was ${was}; now it is ${is}. All runs of the study keep to what it was; repeat the study to go by what it is.`,
  ];
}

export function reportNotes(db: Project, study: Study, runs: readonly Run[]): string[] {
  const notes = [
    ...unseenNotes(db, study),
    ...labelNotes(db, study, runs),
    ...backgroundNotes(db, study),
  ];
  const { config } = study;
  notes.push(...sameTrainingImages(db, study));
  if (config.mode === 'quick') {
    notes.push(
      `Quick mode gives up precision for time: ${counted(config.seeds, 'seed')}${config.splits === null ? '' : ' in each split'}, ${config.finetuning.steps} fine-tuning steps${config.learningRates.length > 1 ? '' : ', one learning rate'}. Run the default mode before relying on a verdict.`,
    );
  }
  if (config.extendedLabelCounts.length > 0) {
    notes.push(
      `The random start had not plateaued with ${config.extendedLabelCounts.join(', ')} labels, so all arms of these label counts went on to ${config.extension ?? 1} times their steps${config.learningRates.length > 1 ? ', each with the learning rate that validation had chosen' : ''}.`,
    );
  }
  const older = runs.filter(
    (r) => r.config.kind === 'finetune' && r.config.validationScore !== 'classes',
  );
  if (older.length > 0) {
    notes.push(
      'Planned before validation Dice was taken by class: checkpoints were chosen by the older rule, a mean over validation images in which an absent class counts as 1, and learning curves show it. Test scores are by the rule of today; repeat the study where classes are rare.',
    );
  }
  const failed = runs.filter((r) => r.status === 'failed');
  if (failed.length > 0) {
    const first = failed[0]?.error?.message ?? 'unknown';
    notes.push(
      `Of all ${runs.length} runs, pretrainings included, ${failed.length} failed; the first said: ${first}`,
    );
  }
  const open = runs.filter((r) => r.status !== 'done' && r.status !== 'failed');
  if (open.length > 0)
    notes.push(`${countedWith(open.length, 'run', 'are')} not finished: this report is partial.`);
  notes.push(...processorNotes(db, study, runs));
  return notes;
}
