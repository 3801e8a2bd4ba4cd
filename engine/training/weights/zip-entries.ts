/** Entries of zips that hold weights (Keras, PyTorch): by name, and never more than a file can hold. */
import { unzipSync } from 'fflate';
import { mostBytesOf } from './stored-tensor.ts';

const MAGIC = 'PK\u0003\u0004';

export const looksLikeZip = (bytes: Uint8Array): boolean =>
  Buffer.from(bytes.subarray(0, MAGIC.length)).toString('latin1') === MAGIC;

/** Errors: Error, where it is cut off or no zip. */
export function entryNames(bytes: Uint8Array): string[] {
  const names: string[] = [];
  unzipSync(bytes, {
    filter({ name }) {
      names.push(name);
      return false;
    },
  });
  return names;
}

/** Errors: Error, where it is damaged, or where entries claim more than the file can hold. */
export function unzipEntries(
  bytes: Uint8Array,
  wanted: (name: string) => boolean,
): ReadonlyMap<string, Uint8Array> {
  let claimed = 0;
  const entries = unzipSync(bytes, {
    filter({ name, size, originalSize }) {
      if (!wanted(name)) return false;
      // Several entries may point at the same bytes.
      claimed += Math.max(size, originalSize);
      if (claimed > mostBytesOf(bytes.length)) {
        const megabytes = (claimed / 1e6).toFixed(0);
        throw new Error(`${name} claims ${megabytes} MB, far more than the file can hold`);
      }
      return true;
    },
  });
  return new Map(Object.entries(entries));
}
