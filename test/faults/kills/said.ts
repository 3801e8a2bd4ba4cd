/** What a victim says before it ends or is killed. */
import { z } from 'zod';
import { WireError } from '../../../shared/errors.ts';

export const WORKS = [
  'painting',
  'importing',
  'adding',
  'exporting',
  'moving',
  'emptying the bin',
  'compacting',
  'training live',
  'pausing live',
  'measuring',
  'changing objects',
  'bringing weights in',
  'migrating',
  'backing up',
  'page',
  'training',
] as const;
export type Work = (typeof WORKS)[number];

export const Said = z.discriminatedUnion('type', [
  z.object({ type: z.literal('began') }),
  z.object({ type: z.literal('painted'), labelMapId: z.number(), sha256: z.string() }),
  z.object({ type: z.literal('imported'), images: z.number() }),
  z.object({ type: z.literal('added'), images: z.number() }),
  z.object({ type: z.literal('exported'), files: z.number() }),
  z.object({ type: z.literal('backed up'), path: z.string() }),
  z.object({ type: z.literal('objects'), labelMapId: z.number(), sha256: z.string() }),
  z.object({ type: z.literal('measured'), dir: z.string(), sha256: z.string() }),
  z.object({ type: z.literal('brought in'), encoderId: z.number(), sha256: z.string() }),
  z.object({ type: z.literal('moved') }),
  z.object({ type: z.literal('emptied') }),
  z.object({ type: z.literal('compacted') }),
  z.object({ type: z.literal('trained') }),
  z.object({ type: z.literal('serves'), launchUrl: z.string() }),
  z.object({ type: z.literal('failed'), error: WireError }),
  z.object({ type: z.literal('ended') }),
]);
export type Said = z.infer<typeof Said>;
