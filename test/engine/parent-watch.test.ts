/** A child that never lets its event loop run, and an engine that is killed. */
import { type ChildProcess, fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../fixtures/projects.ts';

const WATCH = pathToFileURL(join(import.meta.dirname, '../../engine/parent-watch.ts')).href;
/** What a machine under load may take beside the two seconds. */
const PATIENCE_MS = 8000;

const message = (child: ChildProcess) =>
  new Promise<number>((resolve) => child.once('message', (pid) => resolve(Number(pid))));

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false; // there is no such process
  }
}

it('ends a busy child soon after its engine was killed', async () => {
  const folder = temporaryFolder();
  const child = join(folder, 'child.mjs');
  const parent = join(folder, 'parent.mjs');
  writeFileSync(
    child,
    `import { endWithParent } from ${JSON.stringify(WATCH)};
     endWithParent();
     // The watch is up when its thread has had time to start; then nothing else is ever heard.
     setTimeout(() => process.send(process.pid, () => { for (;;); }), 1500);`,
  );
  writeFileSync(
    parent,
    `import { fork } from 'node:child_process';
     fork(${JSON.stringify(child)}).on('message', (pid) => process.send(pid));`,
  );
  const engine = fork(parent, { execArgv: [] });
  const pid = await message(engine);
  onTestFinished(() => void (isAlive(pid) && process.kill(pid, 'SIGKILL')));
  expect(isAlive(pid)).toBe(true);
  engine.kill('SIGKILL');
  await expect.poll(() => isAlive(pid), { timeout: PATIENCE_MS, interval: 50 }).toBe(false);
}, 30_000);
