/**
 * What a network that is trained while one labels sees in the next image: Dice of its proposal before anything is done
 * there, where every image is labelled as in the truth within the same time. For settings of the live training.
 *
 * usage: live-proposals.ts [--data DIR,…] [--from 20] [--images 20] [--seconds 30] [--steps-a-second 7]
 */
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { inFolder } from './bench-project.ts';
import { report, type Row } from './measure.ts';
import { dice, mean, NUCLEI_FOLDERS, nucleiImages, truthOf } from './nuclei-objects.ts';
import { TrainingMeanwhile } from './training-meanwhile.ts';

const { values: flags } = parseArgs({
  options: {
    data: { type: 'string', default: NUCLEI_FOLDERS },
    from: { type: 'string', default: '20' },
    images: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '30' },
    'steps-a-second': { type: 'string', default: '7' },
  },
});

const rows: Row[] = [];
for (const given of flags.data.split(',')) {
  const folder = resolve(given);
  const from = Number(flags.from);
  const images = (await nucleiImages(folder, from + Number(flags.images))).slice(from);
  await inFolder(async (home) => {
    const steps = { aSecond: Number(flags['steps-a-second']), most: Infinity };
    const path = join(home, 'live.graft');
    const live = await TrainingMeanwhile.begin(path, { folder, images, steps });
    const found: number[] = [];
    for (const image of images) {
      const truth = truthOf(image);
      const seen = await live.sees(image.name);
      if (seen !== null) found.push(dice(seen, truth.data));
      await live.train(Number(flags.seconds));
      live.join(image.name, truth);
    }
    const { step, cpuMs } = live.made;
    rows.push({
      ...{ data: basename(folder), images: found.length, steps: step },
      'CPU ms a step': cpuMs / step,
      'first ten': mean(found.slice(0, 10)),
      'after these': mean(found.slice(10)),
      all: mean(found),
    });
    live.end();
  });
}
report('what a network sees that is trained meanwhile: Dice of the next image', rows);
process.exit();
