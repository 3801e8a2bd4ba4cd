/**
 * Analysing a study and writing its report (HTML, JSON, CSV): 14 arms, three label counts, five seeds; and with two and
 * four times the label counts.
 * usage: report.ts [--counts 3]
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { statSync } from 'node:fs';
import { writeReport } from '../../engine/study/report/write.ts';
import type { PretrainingTask, Transfer } from '../../shared/entities.ts';
import { reportFixture } from '../engine/study/report/fixture.ts';
import { inFolder } from './bench-project.ts';
import { report, type Row, timed } from './measure.ts';

const { values: flags } = parseArgs({ options: { counts: { type: 'string', default: '3' } } });
const TRANSFERS: readonly Transfer[] = ['encoder', 'encoder+decoder', 'decoder', 'frozen-encoder'];
const TASKS: readonly PretrainingTask[] = ['segmentation', 'classification', 'autoencoder'];
const all = TASKS.flatMap((task) => TRANSFERS.map((transfer) => [task, transfer] as const));
const arms = [[null, 'random'] as const, ...all, ['denoising', 'encoder'] as const];

const rows = await inFolder(async (folder) => {
  const found: Row[] = [];
  for (const factor of [1, 2, 4]) {
    const counts = Number(flags.counts) * factor;
    const labelCounts = Array.from({ length: counts }, (_, i) => 2 + 2 * i);
    const options = { arms, labelCounts, seeds: 5 };
    let fixture = await reportFixture(options);
    const analysis = await timed(async () => (fixture = await reportFixture(options)), 1);
    const dir = join(folder, String(counts));
    const write = await timed(() => writeReport(dir, fixture.data, fixture.runs));
    found.push({
      arms: arms.length,
      'label counts': counts,
      runs: fixture.runs.length,
      'analysis and pictures ms': analysis.ms,
      'CPU ms': analysis.cpuMs,
      'writing ms': write.ms,
      'report.html MB': statSync(join(dir, 'report.html')).size / 1e6,
    });
  }
  return found;
});
report('report', rows);
