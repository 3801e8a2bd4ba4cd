/**
 * Tries to hurt Graft, case by case, and prints what came of it: a table of counts, seed and durations, then every fault.
 * usage: npm run faults -- [--seed 1] [--only messages] [--count 10000] [--first 0]
 * Exit code 1 where there is a fault. A short part of it runs within `npm test` (faults.test.ts).
 */
import { parseArgs } from 'node:util';
import { PARTS } from './parts.ts';

const { values: flags } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    count: { type: 'string' },
    first: { type: 'string', default: '0' },
  },
});
const seed = Number(flags.seed);
const parts = PARTS.filter(({ name }) => flags.only === undefined || flags.only === name);
if (parts.length === 0) {
  throw new Error(
    `--only ${flags.only ?? ''} is no part: ${PARTS.map(({ name }) => name).join(', ')}`,
  );
}

const print = (line: string) => void process.stdout.write(`${line}\n`);
const say = (line: string) => void process.stderr.write(`${line}\n`);
const row = (part: string, kind: string, ...cells: readonly (string | number)[]) =>
  print(
    [part.padEnd(10), kind.padEnd(34), ...cells.map((cell) => String(cell).padStart(8))].join(' '),
  );

let faults = 0;
row('part', 'kind', 'cases', 'faults', 'seed', 'seconds');
for (const part of parts) {
  const started = performance.now();
  const count = flags.count === undefined ? part.count : Number(flags.count);
  const report = await part.run({ seed, first: Number(flags.first), count, say });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const ofKind = (kind: string) => report.faults.filter((fault) => fault.kind === kind).length;
  for (const [kind, tried] of report.tried) row(part.name, kind, tried, ofKind(kind));
  row(part.name, 'all', count, report.faults.length, seed, seconds);
  for (const figure of report.figures) print(`${part.name}: ${figure}`);
  for (const { kind, number, what } of report.faults) {
    print(`FAULT ${part.name} --seed ${seed} --first ${number} --count 1 (${kind}): ${what}`);
  }
  faults += report.faults.length;
}
process.exitCode = faults === 0 ? 0 : 1;
