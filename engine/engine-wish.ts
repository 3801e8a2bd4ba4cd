/** The engine that somebody has asked for: by the environment, else by the settings. */
import type { EngineChoice } from '../shared/entities.ts';
import type { Settings } from '../shared/settings.ts';

export interface EngineWish {
  readonly engine: EngineChoice;
  /** Name of the graphics card, where that is to compute; null or left out: the first one. */
  readonly adapter?: string | null;
}

/** `given`: of the environment, which goes before the settings; null: it says nothing. */
export function engineWish(given: EngineChoice | null, settings: Settings): EngineWish {
  const engine = given ?? settings.engine;
  // Named for another engine it would say nothing.
  if (engine !== 'webgpu') return { engine };
  return { engine, adapter: process.env['GRAFT_ADAPTER'] ?? settings.graphicsCard };
}
