import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { AppError } from '../../shared/errors.ts';
import { spawnTrainer } from '../../engine/trainer.ts';
import { temporaryFolder } from '../fixtures/projects.ts';

it('ends a trainer whose message could not be dealt with, and that alone', async () => {
  const full = new AppError('no-space', 'The disk is full.');
  const events: string[] = [];
  const { ended } = spawnTrainer(
    {
      type: 'predict',
      engine: 'wasm',
      threads: 1,
      projectPath: join(temporaryFolder(), 'none.graft'),
      runId: 1,
      inputs: [],
    },
    (event) => {
      events.push(event.type);
      throw full;
    },
  );
  const { orderly, thrown, detail } = await ended;
  expect([orderly, thrown]).toEqual([false, full]);
  expect(detail).toContain('The disk is full.');
  // An error that nobody had caught would be reported as one of this process.
  await delay(50);
  expect(events).toEqual(['failed']);
});
