/** A file on its way to a process of its own: its bytes, or where it lies, if it is too large to be held. */
import { z } from 'zod';
import { fileInMemory, type ImageFile, openFile } from './image-file.ts';

export const SentFile = z.union([
  z.object({ bytes: z.custom<Uint8Array>((value) => value instanceof Uint8Array) }),
  /** Read in parts from where it lies. */
  z.object({ path: z.string() }),
]);
type SentFile = z.infer<typeof SentFile>;

export const sent = ({ source }: ImageFile): SentFile =>
  typeof source === 'string' ? { path: source } : { bytes: source };

/** Errors: unreadable. */
export const received = (file: SentFile): Promise<ImageFile> =>
  'path' in file ? openFile(file.path, 0) : Promise.resolve(fileInMemory(file.bytes));
