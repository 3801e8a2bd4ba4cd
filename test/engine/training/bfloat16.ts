/** What tests in bfloat16 need of the machine. */
import type { TestContext } from 'vitest';
import type { Engine } from '../../../engine/training/tensorflow/backend.ts';
import { computesBfloat16 } from '../../../engine/training/tensorflow/processor.ts';

/** Skips with the reason, where this machine cannot. */
export function bfloat16OrSkip(context: TestContext, engine: Pick<Engine, 'operations'>): void {
  if (!computesBfloat16()) context.skip('this processor does not multiply bfloat16');
  if (!engine.operations.includes('bfloat16 activations')) {
    context.skip(
      "Graft's own operations do not compute in bfloat16: not compiled, or asked for other ones (GRAFT_INSTRUCTIONS, GRAFT_OPERATIONS)",
    );
  }
}
