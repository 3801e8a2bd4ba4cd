/** Files that Graft itself writes and reads where they are needed: codes of labels and objects, and what travels with a study. */
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openBundle } from '../../../engine/elsewhere/bundle.ts';
import { decodeRunFile } from '../../../engine/elsewhere/run-file.ts';
import { sha256 } from '../../../engine/sha256.ts';
import { AppError } from '../../../shared/errors.ts';
import { decodeLabelMap, encodeLabelMap } from '../../../shared/label-map.ts';
import { decodeObjectMap, encodeObjectMap } from '../../../shared/objects/object-map.ts';
import type { SoundFile } from './sound-files.ts';

/** What is accepted holds what it says: written and read again it is the same. Errors: those of reading. */
function readMap(name: string, bytes: Uint8Array): void {
  const isLabels = name.endsWith('.glm');
  const map = isLabels ? decodeLabelMap(bytes) : decodeObjectMap(bytes);
  const again =
    map.data instanceof Uint32Array
      ? decodeObjectMap(encodeObjectMap({ ...map, data: map.data }))
      : decodeLabelMap(encodeLabelMap({ ...map, data: map.data }));
  if (Buffer.compare(Buffer.from(again.data.buffer), Buffer.from(map.data.buffer)) === 0) return;
  throw new Error('written again it is another map');
}

const DIGEST_BYTES = 32;

/** With the checksum that fits, as somebody writes it who means harm; null: it has no place for one. */
function sealed(name: string, bytes: Buffer): Buffer | null {
  if (name.endsWith('.run')) {
    const body = bytes.subarray(0, Math.max(0, bytes.length - DIGEST_BYTES));
    return Buffer.concat([body, createHash('sha256').update(body).digest()]);
  }
  try {
    const stored: unknown = JSON.parse(bytes.toString());
    if (typeof stored !== 'object' || stored === null || !('manifest' in stored)) return null;
    const digest = sha256(Buffer.from(JSON.stringify(stored.manifest)));
    return Buffer.from(JSON.stringify({ ...stored, sha256: digest }));
  } catch {
    return null;
  }
}

function readOfBundle(name: string, bytes: Buffer, dir: string): void {
  if (name.endsWith('.run')) {
    decodeRunFile(bytes, name);
    return;
  }
  mkdirSync(dir, { recursive: true });
  try {
    writeFileSync(join(dir, name), bytes);
    openBundle(dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** `dir`: for files that are looked for in a folder. Errors: those of reading it; others are faults. */
export function readOwnFormat(
  { kind, name }: Pick<SoundFile, 'kind' | 'name'>,
  { bytes, dir }: { readonly bytes: Buffer; readonly dir: string },
): void {
  if (kind === 'maps') {
    readMap(name, bytes);
    return;
  }
  try {
    readOfBundle(name, bytes, dir);
  } catch (error) {
    const again = error instanceof AppError ? sealed(name, bytes) : null;
    if (again === null) throw error;
    readOfBundle(name, again, dir);
  }
}
