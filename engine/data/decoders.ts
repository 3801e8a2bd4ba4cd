/**
 * The processes in which images are decoded, and how they are asked: those for files from outside; those for what a window
 * shows of a project, so that no picture waits for the end of an import; and the one of a training.
 */
import { availableParallelism } from 'node:os';
import { pathToFileURL } from 'node:url';
import { type Isolated, isolated } from '../isolated/processes.ts';
import type { DecoderRequest } from './decoder-messages.ts';
import type { ImageFile } from './image-file.ts';
import { sent } from './sent-file.ts';
import { partFile } from '../parts.ts';

/** More at once only take memory: an import reads three files ahead. */
const MOST_PROCESSES = 3;
const most = Math.min(MOST_PROCESSES, availableParallelism());

/** Between two pictures that somebody looks at; a new process takes a third of a second to start. */
const SHOWN_IDLE_MS = 5 * 60_000;

const ENTRY = pathToFileURL(partFile('data/decoder-process'));

/** Between two runs of a trainer that is kept. */
const TRAINING_IDLE_MS = 60_000;

export const foreignDecoders: Isolated = isolated(ENTRY, { most });
export const shownDecoders: Isolated = isolated(ENTRY, { most, idleMs: SHOWN_IDLE_MS });
/** One: beside it the training itself is at work. It decodes the next image while the last is made smaller. */
export const trainingDecoders: Isolated = isolated(ENTRY, { most: 1, idleMs: TRAINING_IDLE_MS });

export interface ForeignImage {
  readonly subject: string;
  readonly page?: number;
  readonly channelPages?: readonly number[] | null;
}

export const imageRequest = (
  file: ImageFile,
  { subject, page, channelPages = null }: ForeignImage,
) => ({
  ...{ subject, file: sent(file) },
  ...(page === undefined ? {} : { page }),
  channelPages: channelPages === null ? null : [...channelPages],
});

export const askOnce = (by: Isolated, file: ImageFile, request: DecoderRequest): Promise<unknown> =>
  by.use((ask) => ask(request, { subject: request.subject, fileBytes: file.sizeBytes }));
