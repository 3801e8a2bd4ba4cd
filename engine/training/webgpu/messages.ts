/** What the process that looks for graphics cards answers, over Node's IPC. */
import { z } from 'zod';
import { Adapter } from '../../../shared/entities.ts';

/** One that is there, with what decides whether a network fits. */
export const FoundAdapter = Adapter.extend({
  /** Of those that Graft uses where they are. */
  features: z.array(z.string()),
  /** Of one tensor, in bytes. */
  largestTensorBytes: z.number(),
  /** Memory that invocations of one workgroup share, in bytes. */
  workgroupBytes: z.number(),
  invocationsPerWorkgroup: z.number(),
});
export type FoundAdapter = Readonly<z.infer<typeof FoundAdapter>>;

export const AdapterAnswer = z.discriminatedUnion('type', [
  z.object({ type: z.literal('found'), adapters: z.array(FoundAdapter), dawn: z.string() }),
  /** There is none, or they cannot be asked for. */
  z.object({ type: z.literal('none'), why: z.string() }),
]);
export type AdapterAnswer = z.infer<typeof AdapterAnswer>;
