/** What a training of a dataset could start from, and which of it is recommended, with the reason. */
import type { ModelStart, OfferedStart } from '../../shared/api.ts';
import { cellAdvice } from '../../shared/advice.ts';
import type { Dataset, Encoder, Model, Study } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { counted, signed, signedInterval } from '../../shared/number-format.ts';
import { isTaskPretraining, pretrainingKey } from '../../shared/pretrainings.ts';
import type { Project } from '../db/project.ts';
import { analyseStoredStudy } from '../study/report/gather.ts';
import { partsOfLabelled } from './kept-parts.ts';
import { labelledByPeople } from './labelled.ts';
import { seenByStart, seenInWords, startOf } from './start.ts';

/** What a study says of the encoders for a dataset. */
interface StudyAdvice {
  readonly study: string;
  /** null: of what it compared, nothing helps or it is open. */
  readonly best: { readonly encoderId: number; readonly withDecoder: boolean } | null;
  readonly words: string;
}

/** The newest finished study of the dataset that compared encoders; null: there is none. */
function adviceFor(db: Project, dataset: Dataset, labels: number): StudyAdvice | null {
  const study = db.studies
    .list()
    .findLast(
      ({ status, config }) =>
        status === 'done' &&
        config.targetDatasetId === dataset.id &&
        config.pretrainings.length > 0,
    );
  if (study === undefined) return null;
  const { comparisons, delta } = analyseStoredStudy(db, study).analysis;
  const counts = [...new Set(comparisons.map((one) => one.labels))];
  const distance = (count: number) => Math.abs(Math.log(count / Math.max(1, labels)));
  const nearest = counts.toSorted((a, b) => distance(a) - distance(b))[0];
  if (nearest === undefined) return null;
  const cells = [
    ...Map.groupBy(
      comparisons.filter((one) => one.labels === nearest),
      ({ pretraining }) => pretraining,
    ),
  ].map(([pretraining, rows]) => ({
    pretraining,
    advice: cellAdvice(rows, delta),
    encoder: rows.find(({ comparison }) => comparison === 'encoder − random'),
  }));
  const [best] = cells
    .filter(({ advice }) => advice.encoder === 'gains')
    .toSorted((a, b) => (b.encoder?.effect ?? 0) - (a.encoder?.effect ?? 0));
  const encoderId = best && encoderOf(db, study, { key: best.pretraining, labels: nearest });
  if (best === undefined || encoderId === undefined) {
    return {
      study: study.name,
      best: null,
      words: `The study "${study.name}" shows of no encoder that it helps with ${counted(nearest, 'label')}.`,
    };
  }
  const { encoder, advice } = best;
  return {
    study: study.name,
    best: { encoderId, withDecoder: advice.decoder === 'gains' },
    words: `The study "${study.name}" says, with ${counted(nearest, 'label')}: ${advice.words}${
      encoder === undefined
        ? ''
        : ` (${signed(encoder.effect)} Dice ${signedInterval(encoder.together?.ci95 ?? encoder.ci95)} over a random start)`
    }.`,
  };
}

/** The encoder of a study's pretraining: of its first seed; of those by label count, of the nearest that was compared. */
function encoderOf(
  db: Project,
  study: Study,
  { key, labels }: { readonly key: string; readonly labels: number },
): number | undefined {
  const plan = study.config.pretrainings.find((one) => pretrainingKey(one) === key);
  if (plan !== undefined && !isTaskPretraining(plan)) return plan.encoderId;
  const runs = db.runs
    .ofStudy(study.id)
    .filter((run) => run.kind === 'pretrain' && run.pretraining === key && run.status === 'done');
  const run = runs.find((one) => one.labels === labels) ?? runs.find((one) => one.labels === null);
  return db.encoders.list().find(({ runId }) => runId === run?.id)?.id;
}

const where = ({ task, file }: Encoder) =>
  file === null ? `Pretrained here${task === null ? '' : ` (${task})`}.` : `From ${file.file}.`;

/** Random first, then models, those of the dataset before others and the newest first, then encoders. */
export function offeredStarts(db: Project, dataset: Dataset): OfferedStart[] {
  const labelled = labelledByPeople(db, dataset.id);
  const { parts } = partsOfLabelled(db, labelled, { datasetId: dataset.id, splitId: null });
  const train = labelled.filter(({ id }) => parts.get(id) === 'train').length;
  const advice = adviceFor(db, dataset, train);
  const offer = (from: ModelStart, title: string, why: string): OfferedStart => {
    const seen = seenByStart(db, from, {
      datasetId: dataset.id,
      labelled,
      partOf: ({ id }) => parts.get(id) ?? 'train',
    });
    const { obstacle, warning } = seenInWords(seen);
    return {
      ...{ from, title, why, warning },
      isRecommended: false,
      obstacle: obstacle ?? obstacleOf(db, from, dataset),
    };
  };
  const done = db.models
    .list()
    .filter(({ status }) => status === 'done')
    .reverse();
  const isOwn = ({ datasetId }: Model) => datasetId === dataset.id;
  const models = [...done.filter(isOwn), ...done.filter((model) => !isOwn(model))];
  const best = advice?.best ?? null;
  const offers = [
    offer(
      'random',
      'Random weights',
      best === null && advice !== null
        ? advice.words
        : 'Nothing is taken over; no finished study of this dataset says what helps.',
    ),
    ...models.map((model) =>
      offer(
        { modelId: model.id },
        `Go on from "${model.name}"${isOwn(model) ? '' : ` (of "${db.datasets.get(model.datasetId)?.name ?? ''}")`}`,
        isOwn(model)
          ? 'Keeps what it has learned: the quickest where a few labels came or were corrected.'
          : 'Keeps its encoder and decoder; its output layer begins anew, since it learned the classes of another dataset.',
      ),
    ),
    ...db.encoders.list().map((encoder) => {
      const isBest = encoder.id === best?.encoderId;
      const from = {
        encoderId: encoder.id,
        ...(isBest && best.withDecoder ? { withDecoder: true } : {}),
      };
      return offer(
        from,
        `The encoder "${encoder.name}"`,
        isBest ? (advice?.words ?? '') : where(encoder),
      );
    }),
  ];
  const recommended =
    offers.find(
      ({ from, obstacle }) =>
        obstacle === null &&
        from !== 'random' &&
        'encoderId' in from &&
        from.encoderId === best?.encoderId,
    ) ?? offers[0];
  return offers.map((one) => ({ ...one, isRecommended: one === recommended }));
}

/** Why it cannot be started from, apart from what it has seen. */
function obstacleOf(db: Project, from: ModelStart, dataset: Dataset): string | null {
  try {
    startOf(db, from, dataset.id);
    return null;
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
}
