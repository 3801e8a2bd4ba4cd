/** A model as a shell makes, lists, uses and deletes it: processes, their output and their exit codes. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { cellsProject, graft } from './shell.ts';

/** What the last line of graft train --json says. */
const Trained = z.object({
  model: z.string(),
  images: z.object({ train: z.number(), val: z.number(), test: z.number() }),
  classes: z.array(z.object({ name: z.string(), dice: z.number().nullable(), images: z.number() })),
  seconds: z.number(),
  steps: z.number(),
});

it('graft train makes a model, graft models lists it, graft predict uses it, and it is deleted on purpose', async () => {
  const { folder, path } = await cellsProject();
  const small = ['--size', '32', '--base', '2', '--depth', '2', '--batch', '2'];
  const training = ['--dataset', 'cells', '--steps', '3', '--name', 'monday', '--json'];
  const trained = await graft('train', path, ...training, ...small);
  expect(trained.stderr).toMatch(
    /8 images to learn from, 1 to choose the checkpoint by, 3 held out/,
  );
  expect(trained.code).toBe(0);
  const said = Trained.parse(JSON.parse(trained.stdout.trimEnd().split('\n').at(-1) ?? ''));
  expect(said).toMatchObject({ model: 'monday', images: { train: 8, val: 1, test: 3 }, steps: 3 });

  const listed = await graft('models', path);
  expect(listed.stdout).toMatch(/^name +dataset +started from +trained on +held-out Dice/);
  expect(listed.stdout).toMatch(/\nmonday +cells +random weights +8 +\d\.\d+ \[.*\] on 3 /);

  const image = join(folder, 'new.png');
  writeFileSync(
    image,
    encode({ width: 40, height: 24, data: new Uint8Array(960).fill(90), channels: 1 }),
  );
  const masks = join(folder, 'masks');
  const predicted = await graft('predict', path, image, '--model', 'monday', '--out', masks);
  expect(predicted.stdout).toMatch(/^1 mask of 1 file in /);
  expect(existsSync(join(masks, 'new.png'))).toBe(true);

  const unsure = await graft('models', 'delete', path, 'monday');
  expect([unsure.code, unsure.stderr]).toEqual([3, expect.stringMatching(/say --yes/)]);
  const sure = await graft('models', 'delete', path, 'monday', '--yes');
  expect([sure.code, sure.stdout]).toEqual([0, expect.stringMatching(/"monday" is deleted/)]);
});

it('graft train --objects learns from objects that are told apart, and its files say what they hold of them', async () => {
  const { folder, path } = await cellsProject();
  const small = ['--size', '32', '--base', '2', '--depth', '2', '--batch', '2', '--steps', '3'];
  const training = ['--dataset', 'cells', '--objects', '--name', 'apart', ...small];
  const refused = await graft('train', path, ...training);
  expect([refused.code, refused.stderr]).toEqual([
    3,
    expect.stringMatching(/click Tell objects apart, .* graft objects connect/),
  ]);
  expect((await graft('objects', 'connect', path, '--dataset', 'cells')).code).toBe(0);
  const trained = await graft('train', path, ...training);
  expect(trained.stderr).toMatch(/It learns objects from 8 images in which they are told apart\./);
  expect(trained.code).toBe(0);
  expect((await graft('models', path)).stdout).toMatch(/F1 at IoU \.5/);
  for (const [format, file, says] of [
    ['onnx', 'm.onnx', /probabilities, depths/],
    ['keras', 'm.h5', /Left out: what tells touching objects apart/],
    ['bioimage', 'm.zip', /Left out: what tells touching objects apart/],
  ] as const) {
    const out = join(folder, file);
    const args = ['--model', 'apart', '--format', format, '--out', out];
    expect((await graft('export-model', path, ...args)).stdout).toMatch(says);
    expect(existsSync(out)).toBe(true);
  }
});
