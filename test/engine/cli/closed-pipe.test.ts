/** What reads a command's output may leave before the command ends. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../fixtures/projects.ts';
import { partFile } from '../../../engine/parts.ts';

const CLI = partFile('cli');

/** Runs a command whose reader is gone before the first line; what it said on standard error. */
function withoutReader(args: readonly string[]): Promise<{ code: number | null; stderr: string }> {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ code, stderr }));
  });
}

it.each([['import', '--help'], ['dance'], ['pretrain', '--list', '--json']])(
  'graft %s ends quietly where nobody reads its output',
  async (...args) => {
    const { stderr, code } = await withoutReader(args);
    expect(stderr).not.toMatch(/EPIPE|Error:| at /);
    expect(code).toBe(args[0] === 'dance' ? 2 : 0);
  },
);

it('does its work to the end where nobody reads its output', async () => {
  const project = join(temporaryFolder(), 'a.graft');
  expect(await withoutReader(['new', project])).toEqual({ code: 0, stderr: '' });
  expect((await withoutReader(['new', project])).code).toBe(3);
});
