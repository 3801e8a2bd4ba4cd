/**
 * Studies that other commands started here while this process ran one of its own. Those commands have returned, so that
 * nobody else would run them: without this they would stop, said to be running, where this one ends.
 */
import type { Study } from '../../shared/entities.ts';

type Listed = Pick<Study, 'id' | 'name' | 'status'>;

/**
 * To be called before this process starts its own study. `list`: the studies of the project as they are now.
 * @returns to be called when its own is done: runs, one after the other, those that are running and were not before;
 *   `run` settles when its study runs no more
 */
export async function watchHandedOver(
  list: () => Promise<readonly Listed[]>,
): Promise<(run: (study: Listed) => Promise<void>) => Promise<void>> {
  const running = async () => (await list()).filter(({ status }) => status === 'running');
  // What was interrupted earlier is somebody's to resume.
  const before = new Set((await running()).map(({ id }) => id));
  return async (run) => {
    for (;;) {
      const next = (await running()).find(({ id }) => !before.has(id));
      if (next === undefined) return;
      await run(next);
    }
  };
}
