/** The Electron shell, where the page runs in one. */
import type { Desktop } from '../shared/desktop.ts';

declare global {
  interface Window {
    readonly graftDesktop?: Desktop;
  }
}

export const desktop: Desktop | null = window.graftDesktop ?? null;
