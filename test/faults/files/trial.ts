/**
 * Tries a damaged file on the decoder or importer that it is for: it is accepted or refused by name, ends, blocks or bloats
 * nothing but its own process, is no internal error; and what is accepted has the pixels that another decoder reads from
 * it, where there is one.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { formatOf } from '../../../engine/data/image-format.ts';
import {
  decodeForeignImage,
  decodeForeignMask,
  foreignPagesOrOne,
} from '../../../engine/data/foreign-images.ts';
import { fileInMemory } from '../../../engine/data/image-file.ts';
import { previewImport } from '../../../engine/data/import/import.ts';
import { limitsFor } from '../../../engine/isolated/limits.ts';
import { isolated } from '../../../engine/isolated/processes.ts';
import { networks } from '../../../engine/prompts/networks.ts';
import { readForeignWeights } from '../../../engine/training/weights/foreign-weight-file.ts';
import { AppError } from '../../../shared/errors.ts';
import { promptNetwork } from '../../fixtures/prompt-network.ts';
import { readOwnFormat } from './own-formats.ts';
import type { SoundFile } from './sound-files.ts';
import { Findings } from '../part.ts';

/** Of what a process may take: one that is ended has been waited for, and asked for a page and for pixels. */
const PATIENCE = 3;

const references = isolated(new URL('./reference-process.ts', import.meta.url), { most: 2 });
const Reference = z.object({
  width: z.number(),
  height: z.number(),
  data: z
    .custom<Uint8Array | Uint16Array>(
      (value) => value instanceof Uint8Array || value instanceof Uint16Array,
    )
    .nullable(),
});

interface Decoded {
  readonly width: number;
  readonly height: number;
  readonly data: ArrayLike<number> & { readonly BYTES_PER_ELEMENT: number };
  readonly isGrey: boolean;
}

/** What the other decoder sees differently, in words; null: nothing, or it does not read the file. */
async function difference(
  bytes: Uint8Array,
  own: Decoded,
  by: 'libvips' | 'fast-png',
): Promise<string | null> {
  const isWide = own.data.BYTES_PER_ELEMENT === 2;
  const request = { by, bytes, isWide, isGrey: own.isGrey };
  const of = { subject: 'reference', fileBytes: bytes.length, memoryBytes: 2 ** 28 };
  let other: z.infer<typeof Reference>;
  try {
    other = Reference.parse(await references.use((ask) => ask(request, of)));
  } catch (error) {
    if (error instanceof AppError) return null;
    throw error;
  }
  const { width, height, data } = other;
  if (width !== own.width || height !== own.height) {
    return `is ${own.width}×${own.height}, and ${width}×${height} by ${by}`;
  }
  if (data === null) return null;
  const at = Array.from(data).findIndex((value, i) => value !== own.data[i]);
  if (at < 0) return null;
  return `has ${own.data[at] ?? NaN} at sample ${at}, and ${data[at] ?? NaN} by ${by}`;
}

/** What a table calls them. */
const KINDS = {
  image: 'images',
  weights: 'weights',
  coco: 'COCO',
  folder: 'lists of folders',
  labels: 'outlines',
  maps: 'codes of maps',
  bundle: 'files of bundles',
  network: 'networks for clicks',
};

export class Trial {
  readonly folder = mkdtempSync(join(tmpdir(), 'graft-faults-files-'));
  readonly findings = new Findings();
  readonly ended: string[] = [];
  accepted = 0;
  compared = 0;
  slowest = { ms: 0, what: 'nothing' };

  async #image(bytes: Buffer, isMask: boolean): Promise<string | null> {
    const file = fileInMemory(bytes);
    const subject = 'a.file';
    const format = await formatOf(file, subject);
    await foreignPagesOrOne(Promise.resolve(file), { subject, as: 'auto' });
    if (isMask) {
      const { kind, values, width, height, notes, alpha } = await decodeForeignMask(file, {
        subject,
      });
      this.accepted++;
      if (format !== 'png' || kind !== 'grey' || alpha !== null || notes.length > 0) return null;
      // Few bits are spread by others; numbers as they are stored are ours.
      if (bytes[24] !== 8 && bytes[24] !== 16) return null;
      this.compared++;
      return difference(bytes, { width, height, data: values, isGrey: true }, 'libvips');
    }
    const { channels, data, notes, ...size } = await decodeForeignImage(file, { subject });
    this.accepted++;
    const isShown = (channels === 1 || channels === 3) && !(data instanceof Float32Array);
    if (!isShown || notes.length > 0 || (format !== 'tiff' && format !== 'png')) return null;
    this.compared++;
    const by = format === 'tiff' ? 'libvips' : 'fast-png';
    return difference(bytes, { ...size, data, isGrey: channels === 1 }, by);
  }

  /** A folder of images and masks with the changed file beside them; of COCO, that file itself. */
  async #import(
    { kind, name }: SoundFile,
    { bytes, number, picture }: { bytes: Buffer; number: number; picture: Buffer },
  ): Promise<null> {
    const dir = join(this.folder, String(number));
    const isAlone = kind === 'coco' || kind === 'labels';
    for (const folder of isAlone ? ['images'] : ['images', 'masks']) {
      mkdirSync(join(dir, folder), { recursive: true });
      for (const image of ['a.png', 'b.png']) writeFileSync(join(dir, folder, image), picture);
    }
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), bytes);
    try {
      const path = kind === 'coco' ? join(dir, name) : dir;
      await previewImport({ format: 'auto', path, imagesDir: null });
      this.accepted++;
    } finally {
      rmSync(dir, { recursive: true });
    }
    return null;
  }

  async #weights(bytes: Buffer, number: number): Promise<null> {
    const path = join(this.folder, `${number}.weights`);
    writeFileSync(path, bytes);
    try {
      await readForeignWeights(path, { preprocessing: 'auto', base: 8 });
      this.accepted++;
    } finally {
      rmSync(path);
    }
    return null;
  }

  async #network(bytes: Buffer, number: number): Promise<null> {
    const folder = join(this.folder, `${number}-network`);
    mkdirSync(folder);
    const files = promptNetwork(folder);
    writeFileSync(files.encoder, bytes);
    try {
      await networks.inspect(files, new AbortController().signal);
      this.accepted++;
    } finally {
      rmSync(folder, { recursive: true });
    }
    return null;
  }

  #ownFormat(chosen: SoundFile, bytes: Buffer, number: number): null {
    readOwnFormat(chosen, { bytes, dir: join(this.folder, `${number}-bundle`) });
    this.accepted++;
    return null;
  }

  /** One file, `shown` as messages call it. `picture`: a sound image, to be beside it. */
  async check(
    chosen: SoundFile,
    of: { bytes: Buffer; number: number; isMask: boolean; shown: string; picture: Buffer },
  ): Promise<void> {
    const { bytes, number, isMask, shown } = of;
    const kind = isMask ? 'masks' : KINDS[chosen.kind];
    this.findings.tried(kind);
    const fault = (what: string) => this.findings.fault({ kind, number, what: `${shown} ${what}` });
    const began = performance.now();
    try {
      const wrong = await this.#tried(chosen, of);
      if (wrong !== null) fault(wrong);
    } catch (error) {
      if (!(error instanceof AppError) || error.code === 'internal')
        fault(`stumbled: ${String(error)}`);
      else if (/ended the process|far (longer|more memory)/.test(error.message)) {
        this.ended.push(`${number} (${shown}: ${error.message.slice(0, 80)})`);
      }
    }
    const ms = performance.now() - began;
    if (ms > this.slowest.ms) this.slowest = { ms, what: `${number}, ${shown}` };
    if (ms > PATIENCE * limitsFor({ fileBytes: bytes.length }).timeMs)
      fault(`took ${Math.round(ms / 1000)} s`);
  }

  async #tried(
    chosen: SoundFile,
    of: { bytes: Buffer; number: number; isMask: boolean; picture: Buffer },
  ): Promise<string | null> {
    if (chosen.kind === 'image') return this.#image(of.bytes, of.isMask);
    if (chosen.kind === 'weights') return this.#weights(of.bytes, of.number);
    if (chosen.kind === 'network') return this.#network(of.bytes, of.number);
    if (chosen.kind === 'maps' || chosen.kind === 'bundle') {
      return this.#ownFormat(chosen, of.bytes, of.number);
    }
    return this.#import(chosen, of);
  }

  /** In words. `count`: of files that were tried. */
  figures(count: number): string[] {
    const ended = this.ended.length === 0 ? '' : `: ${this.ended.slice(0, 5).join('; ')}`;
    return [
      `${this.accepted} of ${count} accepted, ${this.compared} of them compared with another decoder`,
      `the slowest took ${Math.round(this.slowest.ms)} ms (${this.slowest.what})`,
      `${this.ended.length} were stopped by the limits of their process${ended}`,
    ];
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
    references.close();
  }
}
