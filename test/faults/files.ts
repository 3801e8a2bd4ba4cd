/**
 * Damaged and hostile files, made of small sound ones, for every decoder and importer: each is accepted or refused by
 * name, none ends, blocks or bloats anything but its own process, none is an internal error; and what is accepted has
 * the pixels that another decoder reads from it, where there is one.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { formatOf } from '../../engine/data/image-format.ts';
import {
  decodeForeignImage,
  decodeForeignMask,
  foreignPagesOrOne,
} from '../../engine/data/foreign-images.ts';
import { fileInMemory } from '../../engine/data/image-file.ts';
import { previewImport } from '../../engine/data/import/import.ts';
import { inOrder } from '../../engine/data/in-order.ts';
import { limitsFor } from '../../engine/isolated/limits.ts';
import { isolated } from '../../engine/isolated/processes.ts';
import { readForeignWeights } from '../../engine/training/weights/foreign-weight-file.ts';
import { AppError } from '../../shared/errors.ts';
import { createRandom } from '../../shared/random.ts';
import { mutated } from './files/mutations.ts';
import { type SoundFile, soundFiles } from './files/sound-files.ts';
import { type Cases, type FaultPart, Findings, type PartReport } from './part.ts';

const AT_ONCE = 4;
/** Of what a process may take: one that is ended has been waited for, and asked for a page and for pixels. */
const PATIENCE = 3;
const SAY_EVERY = 1000;

const references = isolated(new URL('./files/reference-process.ts', import.meta.url), { most: 2 });
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
const KINDS = { image: 'images', weights: 'weights', coco: 'COCO', folder: 'lists of folders' };

class Trial {
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
    for (const folder of kind === 'coco' ? ['images'] : ['images', 'masks']) {
      mkdirSync(join(dir, folder), { recursive: true });
      for (const image of ['a.png', 'b.png']) writeFileSync(join(dir, folder, image), picture);
    }
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

  async one(sound: readonly SoundFile[], seed: number, number: number): Promise<void> {
    const random = createRandom(seed, 'files', number);
    const chosen = sound[random.below(sound.length)];
    const picture = sound.find(({ name }) => name === 'grey.png')?.bytes;
    if (chosen === undefined || picture === undefined) throw new Error('there are sound files');
    const { bytes, way } = mutated(chosen.bytes, random);
    const isMask = chosen.kind === 'image' && random.below(2) === 0;
    const kind = isMask ? 'masks' : KINDS[chosen.kind];
    this.findings.tried(kind);
    const shown = `${chosen.name} (${way})`;
    const fault = (what: string) => this.findings.fault({ kind, number, what: `${shown} ${what}` });
    const began = performance.now();
    try {
      const wrong = await this.#tried(chosen, { bytes, number, isMask, picture });
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

  #tried(
    chosen: SoundFile,
    of: { bytes: Buffer; number: number; isMask: boolean; picture: Buffer },
  ): Promise<string | null> {
    if (chosen.kind === 'image') return this.#image(of.bytes, of.isMask);
    if (chosen.kind === 'weights') return this.#weights(of.bytes, of.number);
    return this.#import(chosen, of);
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function run({ seed, first, count, say }: Cases): Promise<PartReport> {
  const trial = new Trial();
  const sound = await soundFiles();
  try {
    const numbers = Array.from({ length: count }, (_, i) => first + i);
    const each = inOrder(numbers, AT_ONCE, async (number) => {
      await trial.one(sound, seed, number);
      return number - first + 1;
    });
    for await (const done of each) {
      if (done % SAY_EVERY === 0)
        say(`files: ${done} of ${count}, ${trial.findings.faults} faults`);
    }
  } finally {
    trial.close();
    references.close();
  }
  const ended = trial.ended.length === 0 ? '' : `: ${trial.ended.slice(0, 5).join('; ')}`;
  return trial.findings.report([
    `${trial.accepted} of ${count} accepted, ${trial.compared} of them compared with another decoder`,
    `the slowest took ${Math.round(trial.slowest.ms)} ms (${trial.slowest.what})`,
    `${trial.ended.length} were stopped by the limits of their process${ended}`,
  ]);
}

export const files: FaultPart = { name: 'files', count: 100_000, shortCount: 300, run };
