/**
 * What is known of one run, as one file: what its trainer sent, less what later messages replace, and who computed it.
 * The same form holds a result, the state that an interrupted run goes on from, and what a bundle brings along. Merging
 * is giving these messages to whoever writes down those of a trainer (engine/study/running/run-records.ts).
 *
 * Layout: 'GRAFTRN1' | uint32 header length | uint64 length of the file | header (UTF-8 JSON) | bytes in the header's
 * order | SHA-256 (32 bytes). Numbers are little-endian. The length tells a file that was copied in part at a glance.
 */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { z } from 'zod';
import { Attempt, Id } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { fileError } from '../data/file-error.ts';
import { TrainerEvent } from '../training/protocol.ts';

const MAGIC = 'GRAFTRN1';
const FORMAT_VERSION = 1;
const DIGEST_BYTES = 32;
const HEAD_AT = MAGIC.length + 4 + 8;

const Hash = z.string().regex(/^[0-9a-f]{64}$/);

const Header = z.object({
  formatVersion: z.number().int(),
  runId: Id,
  /** Of the run as it was planned (plan-hash.ts). */
  planned: Hash,
  state: z.enum(['done', 'interrupted']),
  /** Of the weights that a fine-tuning started from; null: from none that a run made. */
  startedFrom: Hash.nullable(),
  attempts: z.array(Attempt),
  log: z.array(z.object({ at: z.string().max(64), message: z.string() })),
});

export interface RunFile extends Omit<z.infer<typeof Header>, 'formatVersion'> {
  /** In the order in which a trainer sends them; none of type "log". */
  readonly events: readonly TrainerEvent[];
}

/** In the place of bytes, which lie behind the header. */
const Place = z.object({ $bytes: z.number().int().min(0) });

export function encodeRunFile({ events, ...header }: RunFile): Uint8Array {
  const parts: Uint8Array[] = [];
  const json = JSON.stringify(
    { formatVersion: FORMAT_VERSION, ...header, events },
    function (this: Record<string, unknown>, key, value: unknown) {
      // Not `value`: a Buffer has been turned into an object by then.
      const held = this[key];
      if (!(held instanceof Uint8Array)) return value;
      parts.push(held);
      return { $bytes: held.byteLength };
    },
  );
  const head = Buffer.from(json);
  const lengths = Buffer.alloc(HEAD_AT - MAGIC.length);
  const behind = [head, ...parts].reduce((sum, part) => sum + part.byteLength, 0);
  lengths.writeUInt32LE(head.length);
  lengths.writeBigUInt64LE(BigInt(HEAD_AT + behind + DIGEST_BYTES), 4);
  const all = [Buffer.from(MAGIC), lengths, head, ...parts];
  const digest = createHash('sha256');
  for (const part of all) digest.update(part);
  return Buffer.concat([...all, digest.digest()]);
}

export const damagedWords = (path: string, reason: string): string =>
  `${path} is damaged (${reason}). Copy it again from where it was computed; or remove it and run that run again.`;

const damaged = (path: string, reason: string) =>
  new AppError('corrupt', damagedWords(path, reason), { subject: path });

const isAsLong = (start: Buffer, bytes: number) =>
  start.readBigUInt64LE(MAGIC.length + 4) === BigInt(bytes);

/**
 * Looks at the start and the size of a file alone: null where it has the length that it says, else what is wrong.
 * Whether its bytes are right is seen by decodeRunFile. Errors: unreadable.
 */
export function damageAtAGlance(path: string): string | null {
  try {
    if (!statSync(path).isFile()) return 'it is no file'; // a pipe would be waited for
    const file = openSync(path, 'r');
    try {
      const start = Buffer.alloc(HEAD_AT);
      const read = readSync(file, start);
      if (read < HEAD_AT) return 'it is cut off';
      if (start.toString('latin1', 0, MAGIC.length) !== MAGIC) return 'it is no result of a run';
      return isAsLong(start, fstatSync(file).size) ? null : 'it is cut off';
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw fileError(path, error);
  }
}

/** `path`: for words. Errors: corrupt, newer-version. */
export function decodeRunFile(bytes: Uint8Array, path: string): RunFile {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < HEAD_AT + DIGEST_BYTES) throw damaged(path, 'it is cut off');
  if (buffer.toString('latin1', 0, MAGIC.length) !== MAGIC) {
    throw damaged(path, 'it is no result of a run');
  }
  if (!isAsLong(buffer, buffer.length)) throw damaged(path, 'it is cut off');
  const end = buffer.length - DIGEST_BYTES;
  const digest = createHash('sha256').update(buffer.subarray(0, end)).digest();
  if (!digest.equals(buffer.subarray(end))) throw damaged(path, 'its checksum does not match');
  const headEnd = HEAD_AT + buffer.readUInt32LE(MAGIC.length);
  let at = headEnd;
  const withBytes = (_key: string, value: unknown): unknown => {
    // Asked of every value: most are numbers.
    if (typeof value !== 'object' || value === null || !('$bytes' in value)) return value;
    const place = Place.safeParse(value);
    if (!place.success) return value;
    const part = buffer.subarray(at, Math.min(at + place.data.$bytes, end));
    at += part.length;
    return new Uint8Array(part);
  };
  let json: unknown;
  try {
    json = JSON.parse(buffer.toString('utf8', HEAD_AT, headEnd), withBytes);
  } catch {
    throw damaged(path, 'its header is not understood');
  }
  const version = z.object({ formatVersion: z.number() }).safeParse(json);
  if (version.success && version.data.formatVersion > FORMAT_VERSION) {
    throw new AppError('newer-version', `${path} was written by a newer Graft. Update Graft.`, {
      subject: path,
    });
  }
  const parsed = Header.extend({ events: z.array(TrainerEvent) }).safeParse(json);
  if (!parsed.success || at !== end) throw damaged(path, 'its header is not understood');
  return parsed.data;
}
