/** graft scribble, as a shell sees it. */
import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { EXIT } from '../../../engine/cli/exit-codes.ts';
import { partFile } from '../../../engine/parts.ts';

const CLI = partFile('cli');

/** It is said before the project is opened, so that none is needed. */
const apply = (...args: string[]) =>
  spawnSync(process.execPath, [CLI, 'scribble', 'apply', 'none.graft', 'nuclei', ...args], {
    encoding: 'utf8',
  });

it('classifies a dataset or files, and ignores nothing that was asked', () => {
  for (const args of [
    ['--out', 'masks'],
    ['--dataset', 'cells', '--out', 'masks'],
    ['--dataset', 'cells', 'a.png'],
  ]) {
    const { status, stderr } = apply(...args);
    expect.soft(stderr, args.join(' ')).toMatch(/Say what is to be classified: --dataset NAME/);
    expect.soft(status).toBe(EXIT.badInput);
  }
});
