/** What images of a dataset are compared by: a network of the project where one fits them, else the pictures themselves. */
import type { FeatureSource } from '../../shared/calls/labelling.ts';
import { channelConversion } from '../../shared/channels.ts';
import type { Dataset, NetworkConfig, Run } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { counted } from '../../shared/number-format.ts';
import { capitalised } from '../../shared/sentences.ts';
import type { Project } from '../db/project.ts';

export interface ChosenSource {
  readonly source: FeatureSource;
  readonly words: string;
}

const PICTURE: ChosenSource = {
  source: { kind: 'picture' },
  words:
    'colours, coarse pixels and fineness of the pictures, since no network of this project fits these images; one that is pretrained on them compares better',
};

const sees = (dataset: Dataset, { inputChannels }: NetworkConfig) =>
  dataset.channels.every(({ channels }) => channelConversion(channels, inputChannels) !== null);

const isOf = (db: Project, run: Run, dataset: Dataset) =>
  db.snapshots.get(run.config.snapshotId)?.datasetId === dataset.id;

/**
 * An encoder that was pretrained on these images, else the newest network that was trained on them, else any other encoder, the
 * newest first; of those whose weights are there and that take the channels of the images.
 */
export function chooseSource(db: Project, dataset: Dataset): ChosenSource {
  const runs = new Map(db.runs.list().map((run) => [run.id, run]));
  const encoders = db.encoders
    .list()
    .reverse()
    .flatMap((encoder) => {
      const run = encoder.runId === null ? null : runs.get(encoder.runId);
      if (run === undefined || !sees(dataset, encoder.network)) return [];
      if (run !== null && (run.status !== 'done' || !db.runs.hasCheckpoint(run.id))) return [];
      return [{ encoder, isOwn: run !== null && isOf(db, run, dataset) }];
    });
  const own = encoders.find(({ isOwn }) => isOwn)?.encoder;
  if (own !== undefined) return ofEncoder(own.id, `${own.name}, pretrained on this dataset`);
  const network = [...runs.values()]
    .reverse()
    .find(
      (run) =>
        run.kind === 'finetune' &&
        run.status === 'done' &&
        sees(dataset, run.config.network) &&
        isOf(db, run, dataset) &&
        db.runs.hasCheckpoint(run.id),
    );
  if (network !== undefined) {
    return {
      source: { kind: 'run', runId: network.id },
      words: `what ${networkName(db, network.id)}, trained on this dataset, sees in them`,
    };
  }
  const other = encoders[0]?.encoder;
  return other === undefined ? PICTURE : ofEncoder(other.id, other.name);
}

/** As people call it. */
function networkName(db: Project, runId: number): string {
  const model = db.models.list().find((one) => one.runId === runId);
  return model === undefined ? `the network of run ${runId}` : `the model "${model.name}"`;
}

const ofEncoder = (encoderId: number, name: string): ChosenSource => ({
  source: { kind: 'encoder', encoderId },
  words: `what the encoder ${name} sees in them`,
});

/** Errors: not-found; unsupported, where the network does not take the channels of the images. */
export function namedSource(db: Project, dataset: Dataset, source: FeatureSource): ChosenSource {
  if (source.kind === 'picture') {
    return { source, words: 'colours, coarse pixels and fineness of the pictures' };
  }
  const encoder = source.kind === 'encoder' ? db.encoders.get(source.encoderId) : undefined;
  const network =
    source.kind === 'encoder' ? encoder?.network : db.runs.get(source.runId)?.config.network;
  if (network === undefined) {
    throw new AppError(
      'not-found',
      'There is no such network in this project. Choose another one.',
    );
  }
  if (!sees(dataset, network)) {
    throw new AppError(
      'unsupported',
      `That network takes ${counted(network.inputChannels, 'channel')}, which "${dataset.name}" does not have. Choose another one, or compare the pictures themselves.`,
    );
  }
  if (source.kind === 'encoder') return ofEncoder(source.encoderId, encoder?.name ?? '');
  const name = networkName(db, source.runId);
  if (!db.runs.hasCheckpoint(source.runId)) {
    throw new AppError(
      'conflict',
      `${capitalised(name)} has no weights yet. Wait until it is trained, or choose another network.`,
    );
  }
  return { source, words: `what ${name} sees in them` };
}
