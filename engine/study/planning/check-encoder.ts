/** Whether the arms of an encoder that was there before can be compared with the others of a study. */
import { AppError } from '../../../shared/errors.ts';
import type { Encoder, ReadyPretraining, StudyConfig } from '../../../shared/entities.ts';
import { transferObstacle } from '../../../shared/pretraining-tasks.ts';
import type { Project } from '../../db/project.ts';
import { transfersGroup } from '../../training/network/transfer.ts';
import { checkLeaks, type TargetPart } from './check-leaks.ts';
import { refuse } from './refuse.ts';

/** Settings that a network shares with the encoder that it takes over; of the decoder all of them. */
const ENCODER_SETTINGS = [
  'encoder',
  'encoderWidth',
  'inputChannels',
  'norm',
  'encoderEpsilon',
  'padding',
  'preprocessing',
] as const;
const PLAIN_SETTINGS = ['depth', 'base', 'bottleneck'] as const;
const DECODER_SETTINGS = [...PLAIN_SETTINGS, 'skips'] as const;

/** Arms of an encoder that was there before can be compared with the others only where nothing but its weights differs. */
export function checkEncoder(
  project: Project,
  config: StudyConfig,
  plan: ReadyPretraining,
  target: TargetPart,
): void {
  const encoder = project.encoders.get(plan.encoderId);
  if (encoder === undefined) {
    throw new AppError(
      'not-found',
      `There is no encoder ${plan.encoderId} in this project. Choose one that "Encoders" lists.`,
    );
  }
  const { name } = encoder;
  const takesDecoder = plan.transfers.some((transfer) => transfer.includes('decoder'));
  const settings = [
    ...ENCODER_SETTINGS,
    ...(encoder.network.encoder === 'plain' ? PLAIN_SETTINGS : []),
    ...(takesDecoder ? DECODER_SETTINGS : []),
  ];
  for (const setting of new Set(settings)) {
    const [had, wanted] = [encoder.network, config.network].map((n) => JSON.stringify(n[setting]));
    if (had !== wanted) {
      refuse(
        `The encoder "${name}" does not fit this study: its ${setting} is ${had ?? 'unknown'}, that of the study's network ${wanted ?? 'unknown'}. Choose the network of the encoder, or leave the encoder out.`,
        setting,
      );
    }
  }
  const task = encoder.task;
  if (takesDecoder && task !== null) {
    for (const transfer of plan.transfers) {
      const obstacle = transferObstacle(task, transfer, config.network.skips);
      if (obstacle !== null) refuse(`${name} → ${transfer}: ${obstacle} Leave that arm out.`, name);
    }
  }
  checkHeldLayers(encoder, plan);
  const run = encoder.runId === null ? undefined : project.runs.get(encoder.runId);
  if (run === undefined) return;
  for (const setting of ['sizePx', 'mode'] as const) {
    const [had, wanted] = [run.config.sampling[setting], config.sampling[setting]];
    if (had !== wanted) {
      refuse(
        `The encoder "${name}" was pretrained with ${setting} ${had}, and this study has ${wanted}: its arms could not be compared with those of encoders that the study pretrains. Choose ${setting} ${had}, or pretrain another.`,
        setting,
      );
    }
  }
  const seen = project.snapshots.items(run.config.snapshotId);
  const images = seen.flatMap((item) => project.datasets.image(item.imageId) ?? []);
  checkLeaks(images, target);
}

/** A file may hold an encoder alone: better refused now than by the first run of that arm. */
function checkHeldLayers({ name, file }: Encoder, { transfers }: ReadyPretraining): void {
  for (const transfer of transfers) {
    const lacking = file?.layers.find(
      ({ group, state }) => state !== 'loaded' && transfersGroup(transfer, group),
    );
    if (lacking === undefined) continue;
    const { layer, group, problem } = lacking;
    refuse(
      `${name} → ${transfer}: the file of "${name}" does not hold ${layer}${problem === null ? '' : ` (${problem})`}. Leave that arm out; arms without the ${group} are possible.`,
      layer,
    );
  }
}
