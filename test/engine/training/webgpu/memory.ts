/** The memory of a card used up for real: a software driver takes the computer's, and the system gives a process no more. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { softwareCardOrSkip } from './software-vulkan.ts';

await softwareCardOrSkip();

/** Of a process, as `ulimit -d` counts it: enough to start, and for some of the buffers. */
const KIBIBYTES = 2_500_000;

it('memory that is used up by many buffers is told in words, with what to do', ({ skip }) => {
  skip(process.platform !== 'linux', 'only Linux limits the memory of a process so');
  const { stdout, stderr, status } = spawnSync(
    'sh',
    [
      ...['-c', `ulimit -d ${KIBIBYTES} && exec "$0" "$@"`],
      ...[process.execPath, join(import.meta.dirname, 'fill-card.ts')],
    ],
    { encoding: 'utf8' },
  );
  expect(status, stderr).toBe(0);
  const { taken, told } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as {
    taken: number;
    told: string;
  };
  expect(taken).toBeGreaterThan(1);
  expect(told).toMatch(
    /The memory of the graphics card "SwiftShader.*" is used up\. Close other programs .* retry the run to go on/,
  );
});
