/** What the engine and the process of a live training say to each other (Node IPC, advanced serialization). */
import { z } from 'zod';
import { PredictionRegion } from '../../../shared/api.ts';
import { EngineChoice, Id, LiveProgress, Part } from '../../../shared/entities.ts';
import { WireError } from '../../../shared/errors.ts';

const Bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'bytes expected');

export const LiveRequest = z.discriminatedUnion('type', [
  /** The first message: everything else is read from the project. */
  z.object({
    type: z.literal('start'),
    projectPath: z.string(),
    datasetId: Id,
    engine: EngineChoice,
    /** Name of the graphics card; left out: another engine, or the first card. */
    adapter: z.string().optional(),
    threads: z.number().int().positive(),
    /** The image on the screen. */
    openImageId: Id.nullable(),
    /** Why it does not train for now. */
    held: z.string().nullable(),
    checkpointIntervalMs: z.number().positive(),
  }),
  /** Something of the dataset has changed: labels, images, classes. `readAgain`: what could not be read may be there now. */
  z.object({ type: z.literal('changed'), readAgain: z.boolean() }),
  z.object({ type: z.literal('open'), imageId: Id.nullable() }),
  /** Somebody paints now. */
  z.object({ type: z.literal('hand') }),
  z.object({ type: z.literal('hold'), why: z.string().nullable() }),
  /** `area`: what is on the screen; null: all of it. */
  z.object({
    type: z.literal('predict'),
    id: z.number().int(),
    imageId: Id,
    area: PredictionRegion.nullable(),
  }),
  /** Nobody waits for that answer any more. */
  z.object({ type: z.literal('drop'), id: z.number().int() }),
  /** Ends after a checkpoint. */
  z.object({ type: z.literal('stop') }),
]);
export type LiveRequest = z.infer<typeof LiveRequest>;
export type LiveStart = Extract<LiveRequest, { type: 'start' }>;

export const LiveEvent = z.discriminatedUnion('type', [
  /** `step`: of the checkpoint that it goes on from, or 0. */
  z.object({ type: z.literal('started'), step: z.number().int() }),
  z.object({ type: z.literal('progress'), progress: LiveProgress }),
  /** From the step after `step` on. */
  z.object({
    type: z.literal('taken'),
    step: z.number().int(),
    takings: z.array(z.object({ imageId: Id, labelMapId: Id, heldOut: z.boolean(), part: Part })),
  }),
  z.object({
    type: z.literal('checkpoint'),
    step: z.number().int(),
    trainedSeconds: z.number(),
    bytes: Bytes,
  }),
  z.object({
    type: z.literal('prediction'),
    id: z.number().int(),
    bytes: Bytes,
    step: z.number().int(),
  }),
  z.object({ type: z.literal('refused'), id: z.number().int(), error: WireError }),
  z.object({ type: z.literal('stopped') }),
  z.object({ type: z.literal('failed'), error: WireError }),
]);
export type LiveEvent = z.infer<typeof LiveEvent>;
