import { describe, expect, it, vi } from 'vitest';
import { createProgress } from '../../build/progress.mjs';

function capture(isTTY: boolean) {
  let text = '';
  const stream = { isTTY, columns: 40, write: (more: string) => (text += more) };
  return { stream, text: () => text };
}

describe('progress', () => {
  it('is plain lines when piped', async () => {
    vi.useFakeTimers();
    const { stream, text } = capture(false);
    const step = createProgress(stream).step('Fetching', async (update) => {
      update('3 of 9 MB');
      await vi.advanceTimersByTimeAsync(12_000);
    });
    await step;
    vi.useRealTimers();
    expect(text()).toBe('Fetching …\nFetching · 3 of 9 MB · 10 s\nFetching: done in 12 s\n');
  });

  it('is one line on a terminal, never wider than it', async () => {
    const { stream, text } = capture(true);
    await createProgress(stream).step(`Fetching ${'a'.repeat(80)}`, () => Promise.resolve());
    const lines = text().split('\r\u001B[2K').filter(Boolean);
    expect(text().match(/\n/g)).toHaveLength(1);
    expect(lines.every((line) => line.trimEnd().length < 40)).toBe(true);
  });

  it('says that a step failed and lets the failure through', async () => {
    const { stream, text } = capture(false);
    const failing = createProgress(stream).step('Fetching', () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    expect(text()).toMatch(/Fetching: failed in/);
  });
});
