/** Every flag that gives something a name, as a shell sees it where the name is none. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EXIT } from '../../../engine/cli/exit-codes.ts';
import { partFile } from '../../../engine/parts.ts';

const CLI = partFile('cli');
const dir = mkdtempSync(join(tmpdir(), 'graft-names-'));
const project = join(dir, 'p.graft');

const graft = (...args: string[]) =>
  spawnSync(process.execPath, [CLI, ...args], { encoding: 'utf8' });

beforeAll(() => {
  expect(graft('new', project).status).toBe(0);
  const drawn = ['--dataset', 'd', '--generator', 'circle-square', '--size', '64', '--count', '4'];
  expect(graft('generate', project, ...drawn).stderr).not.toContain('graft:');
}, 60_000);
afterAll(() => rmSync(dir, { recursive: true }));

const EMPTY = /graft: The name is empty\. Give one of 1 to 200 characters\./;
const STUDY = ['--target', 'd', '--labels', '1', '--size', '64', '--mode', 'quick'];
const CASES: readonly (readonly string[])[] = [
  ['import', project, dir, '--dataset'],
  ['generate', project, '--generator', 'circle-square', '--dataset'],
  ['split', project, '--dataset', 'd', '--name'],
  ['train', project, '--dataset', 'd', '--minutes', '1', '--name'],
  ['scribble', 'keep', project, '--dataset', 'd', '--name'],
  ['study', 'plan', project, ...STUDY, '--name'],
  ['images', 'rename', project, '--dataset', 'd', '00000.png'],
];

it.each(CASES)(
  'asks for a name where %s %s gives an empty one',
  (...args) => {
    const { status, stderr } = graft(...args, '');
    expect.soft(stderr).toMatch(EMPTY);
    expect.soft(status).toBe(EXIT.badInput);
  },
  60_000,
);

it('says what else is wrong with a name', () => {
  const keep = (name: string) =>
    graft('scribble', 'keep', project, '--dataset', 'd', '--name', name).stderr;
  expect(keep('  ')).toMatch(EMPTY);
  expect(keep('x'.repeat(201))).toMatch(/more than 200 characters\. Give a shorter one\./);
  expect(keep('a\nb')).toMatch(/such as line breaks\. Give one without them\./);
});
