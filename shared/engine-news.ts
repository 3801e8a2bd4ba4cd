/**
 * What an engine tells the shell that started it, on its standard output, a line of JSON each: where its page is, what
 * trains, and which projects were open lately. The page is told by events (events.ts); the shell has no page while it
 * goes on in the background.
 */
import { z } from 'zod';

const Training = z.object({
  /** Path of the project. */
  project: z.string(),
  kind: z.enum(['study', 'model', 'encoder']),
  id: z.number().int(),
  name: z.string(),
});

/** What trains, or waits for its turn. */
const UnderWay = Training.extend({
  /** Of its steps, from 0 to 1. */
  share: z.number().min(0).max(1),
  /** null: not known yet. */
  secondsLeft: z.number().nullable(),
});
export type UnderWay = z.infer<typeof UnderWay>;

const Ended = Training.extend({
  /** stopped: paused or cancelled, by somebody who knows. */
  how: z.enum(['done', 'failed', 'stopped']),
});
export type Ended = z.infer<typeof Ended>;

const Address = z.object({
  /** Opens the page once. */
  url: z.string(),
});

export const EngineNews = z.union([
  Address,
  z.object({
    underWay: z.array(UnderWay),
    /** Since the line before. */
    ended: z.array(Ended),
  }),
  z.object({
    /** Paths of projects that are still there, latest first. */
    recent: z.array(z.string()),
  }),
]);
export type EngineNews = z.infer<typeof EngineNews>;
