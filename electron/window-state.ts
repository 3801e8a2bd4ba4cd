/** Where the window was, and how large: kept from one start to the next, if that place still exists. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Rectangle } from 'electron';
import { z } from 'zod';

const WindowState = z.object({
  x: z.number().int().optional(),
  y: z.number().int().optional(),
  width: z.number().int().min(640).max(20_000),
  height: z.number().int().min(480).max(20_000),
  maximized: z.boolean(),
  /** Electron's level: each step is 20 %, 0 is as designed. */
  zoom: z.number().min(-8).max(9).default(0),
});
export type WindowState = z.infer<typeof WindowState>;

const DEFAULT: WindowState = { width: 1360, height: 860, maximized: false, zoom: 0 };
/** So much of the window must be on a screen for a mouse to get hold of it. */
const REACHABLE_PX = 80;

function isReachable(state: WindowState, areas: readonly Rectangle[]): boolean {
  const { x, y, width } = state;
  if (x === undefined || y === undefined) return false;
  return areas.some(
    (area) =>
      x + width > area.x + REACHABLE_PX &&
      x < area.x + area.width - REACHABLE_PX &&
      y >= area.y &&
      y < area.y + area.height - REACHABLE_PX,
  );
}

/** `areas`: the screens' work areas. Without a file, or with one that cannot be read, the default. */
export function loadWindowState(path: string, areas: readonly Rectangle[]): WindowState {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return DEFAULT;
  }
  const parsed = WindowState.safeParse(json);
  if (!parsed.success) return DEFAULT;
  const { width, height, maximized, zoom } = parsed.data;
  return isReachable(parsed.data, areas) ? parsed.data : { width, height, maximized, zoom };
}

export function saveWindowState(path: string, state: WindowState): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(state)}\n`);
}
