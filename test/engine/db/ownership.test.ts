/** Processes that own a project in quick turn: each removes the lock file on leaving, while others are taking it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PATIENCE_MS } from '../../fixtures/patience.ts';
import { temporaryFolder } from '../../fixtures/projects.ts';

const TURNS = 40;

/** Says how often it owned the project, and how often another did at the same time; ends by any error but "locked". */
const OWNER = `
  import { closeSync, openSync, rmSync } from 'node:fs';
  const [ownership, path] = process.argv.slice(1);
  const { takeOwnership } = await import(ownership);
  let owned = 0;
  let shared = 0;
  while (owned < ${TURNS}) {
    try {
      const leave = takeOwnership(path, null);
      owned++;
      try {
        closeSync(openSync(path + '.owned', 'wx'));
        rmSync(path + '.owned');
      } catch {
        shared++;
      }
      leave();
    } catch (error) {
      if (error.code !== 'locked') throw error;
    }
  }
  process.stdout.write(JSON.stringify({ owned, shared }));`;

async function ownInTurn(path: string): Promise<unknown> {
  const ownership = new URL('../../../engine/db/ownership.ts', import.meta.url).href;
  const args = ['--input-type=module', '--eval', OWNER, ownership, path];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (data: Buffer) => (said += data.toString()));
  await once(child, 'close');
  return said === '' ? null : JSON.parse(said);
}

it(
  'one process after another owns a project, never two, and none fails over another that leaves',
  { timeout: PATIENCE_MS },
  async () => {
    const path = join(temporaryFolder(), 'p.graft');
    const said = await Promise.all([1, 2, 3].map(() => ownInTurn(path)));
    expect(said).toEqual([1, 2, 3].map(() => ({ owned: TURNS, shared: 0 })));
  },
);
