/** The queue of images to label next: what there is in the project, put together for the scoring of suggest.ts. */
import type { NextQueue } from '../../shared/calls/labelling.ts';
import type { Progress } from '../../shared/api.ts';
import type { Dataset, EngineChoice } from '../../shared/entities.ts';
import { counted, verbFor } from '../../shared/number-format.ts';
import type { FeatureSource } from '../../shared/calls/labelling.ts';
import type { LabellingState } from '../db/labelling.ts';
import type { Project } from '../db/project.ts';
import { chooseSource, namedSource } from './feature-source.ts';
import { computeMissing } from './features.ts';
import { reasonOf } from './reason.ts';
import { inPieces, suggest } from './suggest.ts';

/** Newly labelled images after which one that was put off comes again. */
const PUT_OFF_FOR = 10;

/** Somebody labelled it, or brought the labels: a prediction that nobody has looked at does not count. */
export const isLabelled = ({ author }: LabellingState) => author !== null && author !== 'model';

interface NextOptions {
  readonly count: number;
  readonly features: FeatureSource | null;
  readonly mayCompute: number;
  readonly engine: EngineChoice;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

const named = ({ imageId, name }: LabellingState) => ({ imageId, name });

/** Which images are to be chosen from: those that were put off only where there are no others. */
function candidatesOf(states: readonly LabellingState[]) {
  const labelled = states.filter(isLabelled);
  const open = states.filter((state) => !isLabelled(state) && state.choice !== 'never');
  const isPutOff = ({ choice, labelledThen }: LabellingState) =>
    choice === 'later' && labelled.length - labelledThen < PUT_OFF_FOR;
  const putOff = open.filter(isPutOff);
  const ready = open.filter((state) => !isPutOff(state));
  const never = states.filter((state) => !isLabelled(state) && state.choice === 'never');
  return { labelled, open, ready: ready.length > 0 ? ready : putOff, putOff, never };
}

function notesOf(states: readonly LabellingState[], found: ReturnType<typeof candidatesOf>) {
  const { open, ready, putOff, never, labelled } = found;
  if (states.length === 0)
    return ['There is nothing to suggest: the dataset has no images, or all of them are excluded.'];
  if (open.length === 0) {
    return never.length === 0
      ? ['All images are labelled.']
      : [
          `All images are labelled but ${never.length === 1 ? 'one that is' : `the ${never.length} that are`} never suggested.`,
        ];
  }
  const notes: string[] = [];
  if (putOff.length > 0 && ready === putOff) notes.push('Nothing is left but what was put off.');
  if (!ready.some(({ uncertainty }) => uncertainty !== null) && labelled.length > 0) {
    notes.push(
      'There are no predictions of these images yet: difference alone decides. Predict them, and how unsure the network is counts as well.',
    );
  }
  return notes;
}

/** Errors: cancelled; not-found, unsupported (of `features`); those of the trainer. */
export async function nextToLabel(
  db: Project,
  dataset: Dataset,
  options: NextOptions,
): Promise<NextQueue> {
  const states = db.labelling.states(dataset.id);
  const found = candidatesOf(states);
  const { labelled, open, ready, putOff, never } = found;
  const chosen =
    options.features === null
      ? chooseSource(db, dataset)
      : namedSource(db, dataset, options.features);
  const queue = {
    candidates: open.length,
    labelled: labelled.length,
    comparedBy: chosen.words,
    putOff: ready === putOff ? [] : putOff.map(named),
    never: never.map(named),
    notes: notesOf(states, found),
    missing: 0,
    unreadable: [],
    images: [],
  };
  if (ready.length === 0) return queue;
  const { source } = chosen;
  const compared = [...labelled, ...ready];
  const known = db.labelling.features(dataset.id, source);
  const missing = compared.filter(({ imageId }) => !known.has(imageId));
  if (missing.length > options.mayCompute) return { ...queue, missing: missing.length };
  const unreadable =
    missing.length === 0
      ? new Map<number, string>()
      : await computeMissing(
          db,
          missing.map(({ imageId }) => imageId),
          { ...options, datasetId: dataset.id, source },
        );
  const features = missing.length === 0 ? known : db.labelling.features(dataset.id, source);
  const byId = new Map(states.map((state) => [state.imageId, state]));
  const suggestions = await inPieces(
    suggest({
      count: options.count,
      labelled: labelled.flatMap(({ imageId }) => features.get(imageId) ?? []),
      candidates: ready.flatMap(({ imageId, groupName, uncertainty }) => {
        const own = features.get(imageId);
        return own === undefined
          ? []
          : [{ id: imageId, group: groupName, features: own, uncertainty }];
      }),
    }),
    options.signal,
  );
  const left = unreadable.size;
  return {
    ...queue,
    notes: [
      ...queue.notes,
      ...(left === 0
        ? []
        : [`${counted(left, 'image')} cannot be read and ${verbFor(left, 'are')} left out.`]),
    ],
    unreadable: [...unreadable].map(([imageId, message]) => ({
      name: byId.get(imageId)?.name ?? '',
      message,
    })),
    images: suggestions.map((suggestion) => ({
      imageId: suggestion.id,
      name: byId.get(suggestion.id)?.name ?? '',
      why: reasonOf(suggestion),
      difference: suggestion.difference,
      uncertainty: suggestion.uncertainty,
    })),
  };
}
