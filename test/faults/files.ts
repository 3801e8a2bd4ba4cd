/**
 * Damaged and hostile files, made of small sound ones, for every decoder and importer: each is accepted or refused by
 * name, none ends, blocks or bloats anything but its own process, none is an internal error; and what is accepted has
 * the pixels that another decoder reads from it, where there is one.
 */
import { inOrder } from '../../engine/data/in-order.ts';
import { createRandom } from '../../shared/random.ts';
import { mutated } from './files/mutations.ts';
import { pictureOf, type SoundFile, soundFiles } from './files/sound-files.ts';
import { Trial } from './files/trial.ts';
import type { Cases, FaultPart, PartReport } from './part.ts';

const AT_ONCE = 4;
const SAY_EVERY = 1000;

async function one(
  trial: Trial,
  sound: readonly SoundFile[],
  { seed, number }: { readonly seed: number; readonly number: number },
): Promise<void> {
  const random = createRandom(seed, 'files', number);
  const chosen = sound[random.below(sound.length)];
  if (chosen === undefined) throw new Error('there are sound files');
  const { bytes, way } = mutated(chosen.bytes, random);
  const isMask = chosen.kind === 'image' && random.below(2) === 0;
  const shown = `${chosen.name} (${way})`;
  await trial.check(chosen, { bytes, number, isMask, shown, picture: pictureOf(sound) });
}

async function run({ seed, first, count, say }: Cases): Promise<PartReport> {
  const trial = new Trial();
  const sound = await soundFiles();
  try {
    const numbers = Array.from({ length: count }, (_, i) => first + i);
    const each = inOrder(numbers, AT_ONCE, async (number) => {
      await one(trial, sound, { seed, number });
      return number - first + 1;
    });
    for await (const done of each) {
      if (done % SAY_EVERY === 0)
        say(`files: ${done} of ${count}, ${trial.findings.faults} faults`);
    }
  } finally {
    trial.close();
  }
  return trial.findings.report(trial.figures(count));
}

export const files: FaultPart = { name: 'files', count: 100_000, shortCount: 200, run };
