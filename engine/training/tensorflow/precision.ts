/**
 * Which number types this computer can train in. float32 everywhere; bfloat16 only where the processor multiplies it
 * itself, because elsewhere it is slower than float32 and gains nothing.
 */
import type { Precision } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import { NATIVE_REMEDY } from '../../installation.ts';
import type { Engine } from './backend.ts';
import { processorFeatures } from './processor.ts';

/** Those with bfloat16 products. */
const BFLOAT16_FEATURES = ['AVX512-BF16', 'AMX-BF16'];

/** Whether this processor is known to multiply bfloat16: what cannot be found out is not promised. */
export const computesBfloat16 = (features = processorFeatures()): boolean =>
  features?.some((feature) => BFLOAT16_FEATURES.includes(feature)) ?? false;

/** Errors: unsupported, where the engine or the processor cannot compute in `precision`. */
export function assertPrecision(engine: Engine, precision: Precision): void {
  if (precision === 'float32') return;
  if (engine.native === null || !engine.traced) {
    throw new AppError(
      'unsupported',
      `bfloat16 needs native TensorFlow; the portable engine trains in float32 only. Choose float32. ${NATIVE_REMEDY}`,
    );
  }
  if (!computesBfloat16()) {
    throw new AppError(
      'unsupported',
      'This processor is not known to multiply bfloat16 (AVX512-BF16 or AMX). Choose float32.',
    );
  }
}
