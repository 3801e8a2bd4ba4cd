/**
 * Damaged files, guided by coverage: one that reaches a place in our decoders that none has reached before is tried as any
 * other (files.ts), and is kept, to be damaged further. What a case is depends on all before it: a fault leaves its file
 * among the temporary ones, and says where.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isolated } from '../../engine/isolated/processes.ts';
import { AppError } from '../../shared/errors.ts';
import { createRandom } from '../../shared/random.ts';
import { type CoverageRequest, Unreached } from './files/coverage-messages.ts';
import { mutated } from './files/mutations.ts';
import { Reached } from './files/reached.ts';
import { pictureOf, type SoundFile, soundFiles } from './files/sound-files.ts';
import { Trial } from './files/trial.ts';
import type { Cases, FaultPart, PartReport } from './part.ts';

const SAY_EVERY = 1000;
/** Kept files grow no further: large ones are slow and reach nothing else. */
const MOST_BYTES = 2 ** 16;

const watched = isolated(new URL('./files/coverage-process.ts', import.meta.url), { most: 1 });

/** What a file reaches; null where it ended its process. */
async function reachedBy(request: CoverageRequest): Promise<Unreached | null> {
  const of = { subject: request.name, fileBytes: request.bytes.length };
  try {
    return Unreached.parse(await watched.use((ask) => ask(request, of)));
  } catch (error) {
    if (error instanceof AppError) return null;
    throw error;
  }
}

async function run({ seed, first, count, say }: Cases): Promise<PartReport> {
  const trial = new Trial();
  const reached = new Reached();
  const sound = await soundFiles();
  const kept: SoundFile[] = [...sound];
  let ended = 0;
  const asOf = (file: SoundFile, isMask: boolean) => (isMask ? 'mask' : file.kind);
  try {
    for (const file of sound) {
      for (const isMask of file.kind === 'image' ? [false, true] : [false]) {
        const as = asOf(file, isMask);
        reached.add((await reachedBy({ as, name: file.name, bytes: file.bytes })) ?? []);
      }
    }
    const [functions, left] = [reached.functions, reached.left];
    for (let number = first; number < first + count; number++) {
      const random = createRandom(seed, 'guided', number);
      // Those that were kept last as often as all others.
      const from = random.below(2) === 0 ? kept.length - Math.ceil(kept.length / 8) : 0;
      const chosen = kept[from + random.below(kept.length - from)];
      if (chosen === undefined) throw new Error('there are sound files');
      const { bytes, way } = mutated(chosen.bytes, random);
      const isMask = chosen.kind === 'image' && random.below(2) === 0;
      const unreached = await reachedBy({ as: asOf(chosen, isMask), name: chosen.name, bytes });
      if (unreached === null) ended++;
      if (unreached === null || reached.add(unreached)) {
        if (unreached !== null && bytes.length < MOST_BYTES) kept.push({ ...chosen, bytes });
        const before = trial.findings.faults;
        const shown = `${chosen.name} (${way})`;
        await trial.check(chosen, { bytes, number, isMask, shown, picture: pictureOf(sound) });
        if (trial.findings.faults > before) {
          const found = join(mkdtempSync(join(tmpdir(), 'graft-faults-found-')), chosen.name);
          writeFileSync(found, bytes);
          say(`guided: FAULT ${number}: its file is ${found}`);
        }
      }
      const done = number - first + 1;
      if (done % SAY_EVERY === 0) {
        say(`guided: ${done} of ${count}, ${kept.length - sound.length} kept`);
      }
    }
    return trial.findings.report([
      `${kept.length - sound.length} files reached places that none had reached: ${reached.functions - functions} functions more than the ${functions} of sound files, and of the places in these that sound files leave out (${left} characters) ${left - reached.left}`,
      `${ended} ended the process that watches them, and were tried again`,
      ...trial.figures(count),
    ]);
  } finally {
    trial.close();
    watched.close();
  }
}

export const guided: FaultPart = { name: 'guided', count: 20_000, shortCount: 20, run };
