/**
 * Whether another floor, or other degrees of freedom, would lift the studies whose seeds agree by luck without making the
 * others wider than 97 %: the table of docs/study.md. Normal differences, images .02, rest .06, drawn as mean squares.
 *
 *   node build/run.mjs test/bench/floors.ts [studies a cell: 20000]
 *
 * Binomial standard error of a rate over all studies: .15 percentage points at 95 % with 20000 studies.
 */
import {
  type CrossedSize,
  halfWidth,
  type MeanSquares,
  spreadOf,
} from '../../engine/study/statistics/crossed-interval.ts';
import { tQuantile } from '../../engine/study/statistics/student-t.ts';
import { createRandom } from '../../shared/random.ts';
import { simulatedSquares } from '../engine/study/statistics/simulated-studies.ts';

const studies = Number(process.argv[2] ?? 20_000);
const SEEDS = [3, 5, 8];
const IMAGES = [18, 64, 200];
/** Standard deviations between seeds. */
const SEED_SPREADS = [0, 0.004, 0.008, 0.02];

const t2 = (freedom: number) => tQuantile(0.975, Math.min(freedom, 5000)) ** 2;

/** Half² · SI of the parts, with a seeds' part of one's own. */
function withSeeds(
  squares: MeanSquares,
  { seeds, images }: CrossedSize,
  ofSeeds: (own: number, floor: number) => number,
): number {
  const own = t2(seeds - 1) * squares.seed;
  const floor = t2((seeds - 1) * (images - 1)) * squares.rest;
  const image = t2(images - 1) * Math.max(0, squares.image - squares.rest);
  return Math.sqrt((ofSeeds(own, floor) + image) / (seeds * images));
}

/** The sum of mean squares with Satterthwaite's degrees of freedom, never below those of the seeds. */
function satterthwaite(squares: MeanSquares, size: CrossedSize, floored: boolean): number {
  const { seeds, images } = size;
  const freedom = { seed: seeds - 1, image: images - 1, rest: (seeds - 1) * (images - 1) };
  const seed = floored ? Math.max(squares.seed, squares.rest) : squares.seed;
  const isFloor = floored && squares.seed < squares.rest;
  const image = Math.max(0, squares.image - squares.rest);
  const sum = seed + image;
  const parts =
    seed ** 2 / (isFloor ? freedom.rest : freedom.seed) +
    (image === 0 ? 0 : squares.image ** 2 / freedom.image + squares.rest ** 2 / freedom.rest);
  const degrees = Math.max(freedom.seed, Math.floor(sum ** 2 / parts));
  return Math.sqrt((t2(degrees) * sum) / (seeds * images));
}

const RULES: Readonly<Record<string, (squares: MeanSquares, size: CrossedSize) => number>> = {
  'no floor': (squares, size) => withSeeds(squares, size, (own) => own),
  'as it is': (squares, size) => halfWidth(spreadOf(squares, size), 0.95),
  'floor twice': (squares, size) =>
    withSeeds(squares, size, (own, floor) => Math.max(own, 2 * floor)),
  'floor four times': (squares, size) =>
    withSeeds(squares, size, (own, floor) => Math.max(own, 4 * floor)),
  'seeds’ own t on the floor': (squares, size) =>
    withSeeds(squares, size, (own) => Math.max(own, t2(size.seeds - 1) * squares.rest)),
  Satterthwaite: (squares, size) => satterthwaite(squares, size, false),
  'Satterthwaite, floored': (squares, size) => satterthwaite(squares, size, true),
};

const share = (count: number, of: number) => ((100 * count) / of).toFixed(1);

console.log(`${studies} studies a cell: coverage over all studies / over those whose seeds agree`);
for (const seeds of SEEDS) {
  for (const images of IMAGES) {
    console.log(`\n${seeds} seeds, ${images} images\n`);
    console.log(`| rule | ${SEED_SPREADS.map((sd) => `SD between seeds ${sd}`).join(' | ')} |`);
    console.log(`|${' --- |'.repeat(SEED_SPREADS.length + 1)}`);
    const cells = new Map(Object.keys(RULES).map((name) => [name, [] as string[]]));
    for (const seed of SEED_SPREADS) {
      const size = { seeds, images };
      const random = createRandom(7, 'floors', seeds, images, seed);
      const drawn = Array.from({ length: studies }, () =>
        simulatedSquares({ seed, image: 0.02, rest: 0.06 }, size, random),
      );
      for (const [name, rule] of Object.entries(RULES)) {
        const covered = drawn.filter(({ mean, squares }) => Math.abs(mean) <= rule(squares, size));
        const agree = (one: { readonly squares: MeanSquares }) =>
          one.squares.seed < one.squares.rest;
        const agreeing = drawn.filter(agree).length;
        cells
          .get(name)
          ?.push(
            `${share(covered.length, studies)} / ${agreeing < 100 ? '–' : share(covered.filter(agree).length, agreeing)}`,
          );
      }
    }
    for (const [name, row] of cells) console.log(`| ${name} | ${row.join(' | ')} |`);
  }
}
