/**
 * Which number types this computer can train in. float32 everywhere; bfloat16 only where the processor multiplies it
 * itself, because elsewhere it is slower than float32 and gains nothing.
 */
import { readFileSync } from 'node:fs';
import type { Precision } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import type { Engine } from './backend.ts';

/** As Linux lists them: AVX-512 and AMX of x86-64. */
const BFLOAT16_FLAGS = ['avx512_bf16', 'amx_bf16'];

/** Whether a listing like /proc/cpuinfo names an instruction set with bfloat16 products. */
export const listsBfloat16 = (cpuinfo: string): boolean =>
  cpuinfo
    .split('\n')
    .filter((line) => line.startsWith('flags'))
    .some((line) => line.split(/\s+/).some((flag) => BFLOAT16_FLAGS.includes(flag)));

/** Whether this processor does. */
export function computesBfloat16(): boolean {
  try {
    return listsBfloat16(readFileSync('/proc/cpuinfo', 'utf8'));
  } catch {
    // No such listing outside Linux: what cannot be found out is not promised.
    return false;
  }
}

/** Errors: unsupported, where the engine or the processor cannot compute in `precision`. */
export function assertPrecision(engine: Engine, precision: Precision): void {
  if (precision === 'float32') return;
  if (engine.native === null || !engine.traced) {
    throw new AppError(
      'unsupported',
      'bfloat16 needs native TensorFlow; the portable engine trains in float32 only. Choose float32, or set up TensorFlow with "npm start".',
    );
  }
  if (!computesBfloat16()) {
    throw new AppError(
      'unsupported',
      'This processor is not known to multiply bfloat16 (AVX512-BF16 or AMX). Choose float32.',
    );
  }
}
