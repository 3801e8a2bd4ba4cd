/** The weights of an encoder of a project, whether a run made it or a file brought it. */
import type { NetworkConfig, SamplingConfig } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import type { Project } from '../../db/project.ts';
import { checkpointWeights, decodeCheckpoint } from '../checkpoint.ts';
import type { NetworkSpec, Weights } from '../network/parameters.ts';
import { decodeNetwork } from './network-file.ts';

export interface PretrainedNetwork {
  /** As it was pretrained: an autoencoder has no skips, whatever it was made for. */
  readonly network: NetworkConfig;
  /** null where it was not trained here. */
  readonly sampling: SamplingConfig | null;
  /** Every layer that has weights, heads of the pretraining included. */
  readonly spec: NetworkSpec;
  readonly weights: Weights;
}

/** Of a run: its best checkpoint where one was chosen, as of models, else its last. Errors: not-found, corrupt, newer-version. */
export function runWeights(project: Project, runId: number): PretrainedNetwork {
  const stored = project.runs.checkpoint(runId, 'best') ?? project.runs.checkpoint(runId, 'last');
  if (stored === undefined) {
    const isDone = project.runs.get(runId)?.status === 'done';
    throw new AppError(
      'not-found',
      isDone
        ? `The pretraining (run ${runId}) is finished, but its weights are not kept in this project. Pretrain again.`
        : `The pretrained network (run ${runId}) has no checkpoint. Run the pretraining first.`,
    );
  }
  const checkpoint = decodeCheckpoint(stored.bytes);
  const { network, sampling } = checkpoint.header;
  return { network, sampling, ...checkpointWeights(checkpoint) };
}

/** Errors: not-found, corrupt, newer-version. */
export function encoderWeights(project: Project, encoderId: number): PretrainedNetwork {
  const encoder = project.encoders.get(encoderId);
  if (encoder === undefined) {
    throw new AppError('not-found', `There is no encoder ${encoderId} in this project.`);
  }
  if (encoder.runId !== null) return runWeights(project, encoder.runId);
  const bytes = project.encoders.importedWeights(encoderId);
  if (bytes === undefined) throw new Error(`encoder ${encoderId} has neither run nor weights`);
  return decodeNetwork(bytes, `Encoder ${encoderId} (${encoder.name})`);
}

/** Settings without a shape of their own: weights would fit, and mean something else. */
const VIEW_SETTINGS = ['encoder', 'norm', 'encoderEpsilon', 'padding', 'preprocessing'] as const;

/**
 * Refuses a network that would see images otherwise than its pretrained weights did. Errors: invalid-input, with the
 * setting.
 */
export function assertSameView(network: NetworkConfig, pretrained: NetworkConfig): void {
  for (const setting of VIEW_SETTINGS) {
    if (setting === 'padding' && network.encoder === 'plain') continue; // nothing strided
    const [wanted, had] = [network[setting], pretrained[setting]].map((v) => JSON.stringify(v));
    if (wanted === had) continue;
    throw new AppError(
      'invalid-input',
      `The pretrained network does not fit: its ${setting} is ${String(had)}, that of the network to be trained ${String(wanted)}. Train with the pretrained network's own ${setting}.`,
      { subject: setting },
    );
  }
}
