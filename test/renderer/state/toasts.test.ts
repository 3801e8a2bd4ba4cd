import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { shownMs, Toasts } from '../../../renderer/state/toasts.svelte.ts';

describe('how long messages stay', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const LONG =
    'Nothing is being trained while you label. Start it under "Train while I label" first.';
  const undo = { label: 'Undo', run: () => undefined };

  it('is as long as they take to read, and twice that where something is to be done', () => {
    const info = shownMs({ tone: 'info', text: LONG, action: null });
    expect(info).toBeGreaterThan(shownMs({ tone: 'good', text: 'Saved.', action: null }));
    expect(shownMs({ tone: 'bad', text: LONG, action: null })).toBe(2 * info);
    expect(shownMs({ tone: 'info', text: LONG, action: undo })).toBe(2 * info);
  });

  it('ends for every kind, errors too, and begins anew when one comes again', () => {
    const toasts = new Toasts(() => undefined);
    toasts.show('bad', LONG);
    vi.advanceTimersByTime(shownMs({ tone: 'bad', text: LONG, action: null }) - 1);
    toasts.show('bad', LONG);
    vi.advanceTimersByTime(2);
    expect(toasts.items).toHaveLength(1);
    vi.advanceTimersByTime(60_000);
    expect(toasts.items).toEqual([]);
  });

  it('stands still while they are held, and goes on where it was', () => {
    const toasts = new Toasts(() => undefined);
    const before = shownMs({ tone: 'bad', text: LONG, action: null });
    toasts.show('bad', LONG);
    vi.advanceTimersByTime(before - 100);
    toasts.hold(true);
    toasts.show('info', 'One that comes meanwhile');
    vi.advanceTimersByTime(600_000);
    expect(toasts.items).toHaveLength(2);
    toasts.hold(false);
    vi.advanceTimersByTime(101);
    expect(toasts.items.map(({ text }) => text)).toEqual(['One that comes meanwhile']);
  });
});
