import { describe, expect, test } from 'vitest';
import { Autosave, type SaveState } from '../../../renderer/canvas/autosave.ts';

/** Time that passes only when told to. */
function fakeClock() {
  let now = 0;
  let timers: { at: number; run: () => void }[] = [];
  return {
    clock: {
      now: () => now,
      after: (ms: number, run: () => void) => {
        const timer = { at: now + ms, run };
        timers.push(timer);
        return () => (timers = timers.filter((other) => other !== timer));
      },
    },
    pass: async (ms: number) => {
      const end = now + ms;
      for (;;) {
        // Answers of saves come between timers.
        for (let i = 0; i < 5; i++) await Promise.resolve();
        const [next] = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
        if (next === undefined) break;
        timers = timers.filter((timer) => timer !== next);
        now = next.at;
        next.run();
      }
      now = end;
    },
  };
}

function setUp() {
  const time = fakeClock();
  const saves: { at: number; finish: (error?: Error) => void }[] = [];
  const states: SaveState['kind'][] = [];
  const autosave = new Autosave({
    clock: time.clock,
    save: () =>
      new Promise((resolve, reject) =>
        saves.push({
          at: time.clock.now(),
          finish: (error) => (error === undefined ? resolve() : reject(error)),
        }),
      ),
    onState: ({ kind }) => states.push(kind),
  });
  return { ...time, saves, states, autosave };
}

describe('autosave', () => {
  test('saves once after a pause, and then says so', async () => {
    const { autosave, saves, states, pass } = setUp();
    autosave.touch();
    await pass(100);
    autosave.touch();
    await pass(240);
    expect(saves).toHaveLength(0);
    await pass(20);
    expect(saves.map(({ at }) => at)).toEqual([350]);
    saves[0]?.finish();
    await pass(1);
    expect(states).toEqual(['unsaved', 'unsaved', 'saving', 'saved']);
    expect(autosave.isSaved).toBe(true);
  });

  test('does not wait for a pause for more than half a second', async () => {
    const { autosave, saves, pass } = setUp();
    for (let i = 0; i < 12; i++) {
      autosave.touch();
      await pass(50);
    }
    expect(saves.map(({ at }) => at)).toEqual([500]);
  });

  test('what changes while a save runs is saved by the next one', async () => {
    const { autosave, saves, pass } = setUp();
    autosave.touch();
    await pass(300);
    autosave.touch();
    saves[0]?.finish();
    await pass(1);
    expect(autosave.isSaved).toBe(false);
    await pass(300);
    expect(saves).toHaveLength(2);
    saves[1]?.finish();
    await pass(1);
    expect(autosave.isSaved).toBe(true);
  });

  test('a failed save is tried again, more and more patiently, until it succeeds', async () => {
    const { autosave, saves, pass } = setUp();
    autosave.touch();
    for (let i = 0; i < 6; i++) {
      await pass(6000);
      expect(saves).toHaveLength(i + 1);
      saves[i]?.finish(new Error('the engine is away'));
      autosave.touch();
    }
    await pass(1);
    expect(autosave.state).toMatchObject({ kind: 'failed', message: 'the engine is away' });
    await pass(5000);
    saves[6]?.finish();
    await pass(1);
    expect(autosave.state.kind).toBe('saved');
    const gaps = saves.slice(1).map(({ at }, i) => at - (saves[i]?.at ?? 0));
    expect(gaps.every((gap) => gap <= 12_000)).toBe(true);
  });

  test('flush saves at once and resolves when everything is on disk, retries included', async () => {
    const { autosave, saves, pass } = setUp();
    await autosave.flush();
    autosave.touch();
    let done = false;
    const flushed = autosave.flush().then(() => (done = true));
    expect(saves.map(({ at }) => at)).toEqual([0]);
    autosave.touch();
    saves[0]?.finish();
    await pass(1);
    expect(done).toBe(false);
    saves[1]?.finish(new Error('once'));
    await pass(1000);
    saves[2]?.finish();
    await flushed;
    expect(autosave.isSaved).toBe(true);
  });
});
