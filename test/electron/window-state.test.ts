import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadWindowState, saveWindowState } from '../../electron/window-state.ts';
import { temporaryFolder } from '../fixtures/projects.ts';

const SCREEN = { x: 0, y: 0, width: 1920, height: 1080 };
const PLACE = { x: 100, y: 50, width: 1200, height: 800, maximized: true, zoom: 1.5 };
const file = () => join(temporaryFolder(), 'deep', 'window.json');

describe('the remembered window', () => {
  it('comes back where it was', () => {
    const path = file();
    saveWindowState(path, PLACE);
    expect(loadWindowState(path, [SCREEN])).toEqual(PLACE);
  });

  it('keeps its size but not its place when that screen is gone', () => {
    const path = file();
    saveWindowState(path, { ...PLACE, x: 2500 });
    expect(loadWindowState(path, [SCREEN])).toEqual({
      width: 1200,
      height: 800,
      maximized: true,
      zoom: 1.5,
    });
    expect(loadWindowState(path, [SCREEN, { ...SCREEN, x: 1920 }]).x).toBe(2500);
  });

  it('starts afresh without a file, or with one that makes no sense', () => {
    const path = file();
    const fresh = { width: 1360, height: 860, maximized: false, zoom: 0 };
    expect(loadWindowState(path, [SCREEN])).toEqual(fresh);
    saveWindowState(path, PLACE);
    writeFileSync(path, '{"width": "wide"}');
    expect(loadWindowState(path, [SCREEN])).toEqual(fresh);
    writeFileSync(path, '{"width": 12');
    expect(loadWindowState(path, [SCREEN])).toEqual(fresh);
  });

  it('is as large as ever where an older Graft left it', () => {
    const path = file();
    saveWindowState(path, PLACE);
    writeFileSync(path, JSON.stringify({ ...PLACE, zoom: undefined }));
    expect(loadWindowState(path, [SCREEN])).toEqual({ ...PLACE, zoom: 0 });
  });
});
