/** Steps that no memory of this computer can hold are refused before anything is computed. */
import { totalmem } from 'node:os';
import type { NetworkConfig, Precision } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import { imageWork, weightCount } from './step-work.ts';

/** A weight, its gradient and two averages of it. */
const BYTES_PER_WEIGHT = 4 * 4;

/** Less than any engine takes: what is sure not to fit is refused, and no more than that. */
const leastBytes = (
  network: NetworkConfig,
  {
    sizePx,
    batch,
    precision,
  }: { readonly sizePx: number; readonly batch: number; readonly precision: Precision },
): number =>
  BYTES_PER_WEIGHT * weightCount(network) +
  batch * imageWork(network, sizePx).outputs * (precision === 'float32' ? 4 : 2);

const inGB = (bytes: number) => `${(bytes / 1e9).toFixed(bytes < 1e10 ? 1 : 0)} GB`;

/** Errors: invalid-input. */
export function assertStepFits(
  network: NetworkConfig,
  step: Parameters<typeof leastBytes>[1],
  memoryBytes = totalmem(),
): void {
  const bytes = leastBytes(network, step);
  if (bytes <= memoryBytes) return;
  throw new AppError(
    'invalid-input',
    `One training step of ${step.batch} image(s) of ${step.sizePx} px takes ${inGB(bytes)} of memory at least, and this computer has ${inGB(memoryBytes)}. Choose fewer images a step, a smaller input or fewer channels.`,
  );
}
