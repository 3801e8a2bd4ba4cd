/**
 * The study of real microscopy images in docs/results.md: fluorescence → histology at 128 px, 4 and 16 labels, 5 seeds.
 * Imports both folders (the layout of DSB2018 split by kind: images/ and masks/), plans, runs and reports; interrupted, the
 * same command goes on. About 35 minutes on two idle cores.
 *
 *   node build/run.mjs test/bench/real-images.ts FOLDER OUT
 *
 * FOLDER holds fluorescence/ and histology/; OUT gets real.graft and report/.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { partFile } from '../../engine/parts.ts';

const [folder, out] = process.argv.slice(2).map((path) => resolve(path));
if (folder === undefined || out === undefined) {
  throw new Error('Say where the images lie and where the project goes: real-images.ts FOLDER OUT');
}
const cli = partFile('cli');
const graft = (...args: readonly string[]) =>
  void execFileSync(process.execPath, [cli, ...args], { stdio: 'inherit' });

const project = join(out, 'real.graft');
if (!existsSync(project)) {
  mkdirSync(out, { recursive: true });
  graft('new', project);
  for (const name of ['fluorescence', 'histology']) {
    graft('import', project, join(folder, name), '--dataset', name, '--format', 'folder');
  }
  // 30 to train on, 12 to validate, 18 to test, as in docs/results.md.
  const split = ['--val', '12', '--test', '18', '--seed', '0', '--name', 'real'];
  graft('split', project, '--dataset', 'histology', ...split);
  const arms = ['--pretrain', 'segmentation:E,E+D,D', '--pretrain', 'autoencoder:E'];
  const sizes = ['--labels', '4,16', '--mode', 'quick', '--seeds', '5', '--size', '128'];
  const data = ['--source', 'fluorescence', '--target', 'histology', '--split', 'real'];
  graft(
    'study',
    'plan',
    project,
    '--name',
    'real images',
    ...data,
    ...arms,
    ...sizes,
    '--channels',
    '3',
  );
}
graft('study', 'run', project);
graft('study', 'report', project, '--out', join(out, 'report'));
