/** A study that is computed in a folder: what the window knows of it while somebody looks, and what it takes over. */
import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createStudy } from '../../../engine/study/planning/create.ts';
import { AppState } from '../../../renderer/state/app.svelte.ts';
import { StudyElsewhere } from '../../../renderer/state/study-elsewhere.svelte.ts';
import { bundledStudy } from '../../engine/elsewhere/bundled-study.ts';
import { windowEngine } from '../window-engine.ts';

async function looking() {
  const { engine, api } = await windowEngine();
  const bundled = await bundledStudy({}, engine);
  await bundled.bundle();
  const app = new AppState(api);
  const { project, dir, study } = bundled;
  const elsewhere = new StudyElsewhere(app, { project, studyId: study.id, dir });
  const said = () => app.toasts.items.map(({ tone, text }) => `${tone}: ${text}`);
  return { ...bundled, app, elsewhere, said };
}

describe('a study in a folder', () => {
  it('is followed while its runs come in, and taken over as far as it is', async () => {
    const { elsewhere, compute, computeAll, runs, said, app } = await looking();
    await elsewhere.look();
    const all = runs().length;
    expect(elsewhere.progress).toMatchObject({ runs: all, done: 0 });
    const [first] = runs();
    await compute(first?.id ?? 0);
    await elsewhere.look();
    expect([elsewhere.progress?.done, elsewhere.trouble]).toEqual([1, null]);
    await elsewhere.merge(false);
    expect(elsewhere.merged).toMatchObject({ merged: [first?.id], left: all - 1 });
    await computeAll();
    await elsewhere.merge(false);
    expect(elsewhere.progress?.done).toBe(all);
    expect(said()).toEqual([
      `good: 1 run merged; ${all - 1} left to do.`,
      `good: ${all - 1} runs merged; none is left.`,
    ]);
    expect(app.jobs.items).toEqual([]);
  });

  it('that holds another study is told by its name, and nothing of it is shown', async () => {
    const { app, project, db, dir, study } = await looking();
    const mine = createStudy(db, { ...study.config, name: 'mine', firstSeed: 5 });
    const other = new StudyElsewhere(app, { project, studyId: mine.id, dir });
    await other.look();
    expect(other.progress).toBeNull();
    expect(other.trouble).toBe(
      `${dir} holds another study, "${study.name}". Choose the folder of this one.`,
    );
  });

  it('that cannot be read any more leaves what was seen of it, and why', async () => {
    const { elsewhere, dir } = await looking();
    await elsewhere.look();
    const seen = elsewhere.progress;
    rmSync(dir, { recursive: true });
    const stop = elsewhere.follow();
    await expect.poll(() => elsewhere.trouble).toContain(dir);
    stop();
    expect(elsewhere.progress).toBe(seen);
  });
});
