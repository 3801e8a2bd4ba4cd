/** What the training thread and the thread that prepares its data say to each other (feed.ts, thread.ts). */
import { z } from 'zod';
import { Id } from '../../../shared/entities.ts';
import { WireError } from '../../../shared/errors.ts';

const Floats = z.custom<Float32Array>((value) => value instanceof Float32Array, 'floats expected');
const Integers = z.custom<Int32Array>((value) => value instanceof Int32Array, 'integers expected');
const Bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'bytes expected');

/** Whose data the thread prepares. */
export const BatchThreadData = z.object({
  projectPath: z.string(),
  /** Whether the project is one of a bundle, which is read without a lock. */
  inMemory: z.boolean(),
  runId: Id,
});
export type BatchThreadData = z.infer<typeof BatchThreadData>;

/** A run is opened, asked for, and closed when nothing that was asked for is outstanding; then another may be opened. */
export const BatchRequest = z.discriminatedUnion('type', [
  z.object({ type: z.literal('open'), run: BatchThreadData }),
  z.object({ type: z.literal('close') }),
  z.object({ type: z.literal('batch'), step: z.number().int().positive() }),
  z.object({ type: z.literal('validation') }),
]);
export type BatchRequest = z.infer<typeof BatchRequest>;

/** Batches come in the order in which they were asked for. Arrays are moved, not copied. */
export const BatchAnswer = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('batch'),
    step: z.number().int().positive(),
    size: z.number().int().positive(),
    inputs: z.map(z.string(), z.union([Floats, Integers])),
  }),
  z.object({
    type: z.literal('validation'),
    views: z.array(
      z.object({
        imageId: Id,
        pixels: Floats,
        truth: z.object({ width: z.number(), height: z.number(), data: Bytes }),
      }),
    ),
  }),
  z.object({
    type: z.literal('failed'),
    error: WireError,
  }),
  /** The project of the run is let go of. */
  z.object({ type: z.literal('closed') }),
]);
export type BatchAnswer = z.infer<typeof BatchAnswer>;
