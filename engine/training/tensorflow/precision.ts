/**
 * Which number types this computer can train and predict in. float32 everywhere; bfloat16 only where the processor multiplies
 * it itself, because elsewhere it is slower than float32 and gains nothing; float16 on graphics cards that have it.
 */
import type { Precision } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import { NATIVE_REMEDY } from '../../installation.ts';
import { askedWord } from './asked-for.ts';
import type { Engine } from './backend.ts';
import { computesBfloat16, processorFeatures } from './processor.ts';

/** Errors: unsupported, where no graphics card computes, or one without float16. */
function assertFloat16({ card }: Pick<Engine, 'card'>): void {
  if (card === null) {
    throw new AppError(
      'unsupported',
      'float16 is of graphics cards that have it ("graft doctor" lists them: shader-f16), and the processor is to compute. Choose float32, or have such a card compute (GRAFT_ENGINE=webgpu).',
    );
  }
  if (!card.features.has('shader-f16')) {
    throw new AppError(
      'unsupported',
      `The graphics card "${card.adapter.name}" or its driver has no float16 (shader-f16; "graft doctor" lists it). Choose float32.`,
      { subject: card.adapter.name },
    );
  }
}

/**
 * What a network that was trained in `trained` predicts in: the same, where nothing between its convolutions leaves
 * bfloat16; else float32. So a run that began before activations stayed narrow validates as it began.
 */
export function predictionPrecision(
  engine: Pick<Engine, 'traced' | 'operations'>,
  trained: Precision,
  features: readonly string[] | null = processorFeatures(),
): Precision {
  const isNarrow =
    trained === 'bfloat16' &&
    engine.traced &&
    engine.operations.includes('bfloat16 activations') &&
    computesBfloat16(features);
  return isNarrow ? 'bfloat16' : 'float32';
}

/** Errors: unsupported, where the engine or the processor cannot compute in `precision`. */
export function assertPrecision(
  engine: Pick<Engine, 'native' | 'traced' | 'card' | 'operations'>,
  precision: Precision,
  features: readonly string[] | null = processorFeatures(),
): void {
  if (precision === 'float32') return;
  if (precision === 'float16') {
    assertFloat16(engine);
    return;
  }
  if (engine.card !== null) {
    throw new AppError(
      'unsupported',
      `bfloat16 is of processors, and "${engine.card.adapter.name}" is to compute. Choose float32, or float16.`,
    );
  }
  if (engine.native === null || !engine.traced) {
    throw new AppError(
      'unsupported',
      `bfloat16 needs native TensorFlow; the portable engine trains in float32 only. Choose float32. ${NATIVE_REMEDY}`,
    );
  }
  if (!computesBfloat16(features)) {
    throw new AppError(
      'unsupported',
      'This processor is not known to multiply bfloat16 (AVX512-BF16 or AMX). Choose float32.',
    );
  }
  // Those that a run began with come along even where they are held to vectors without bfloat16.
  const held = askedWord('GRAFT_INSTRUCTIONS');
  if (held !== null && engine.operations.includes('bfloat16 activations')) {
    throw new AppError(
      'unsupported',
      `This run began with operations in bfloat16, which GRAFT_INSTRUCTIONS=${held} does not leave them. Leave it unset to go on.`,
    );
  }
}
