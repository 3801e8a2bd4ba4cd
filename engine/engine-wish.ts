/** The engine that somebody has asked for: by the environment, else by the settings. */
import { EngineChoice } from '../shared/entities.ts';
import { AppError } from '../shared/errors.ts';
import type { Settings } from '../shared/settings.ts';

export interface EngineWish {
  readonly engine: EngineChoice;
  /** Name of the graphics card, where that is to compute; null or left out: the first one. */
  readonly adapter?: string | null;
}

/**
 * What the environment asks for, which --engine and --adapter set; null: it says nothing. Who names a graphics card wants
 * it to compute: that engine is meant where none is named, and another one beside it is refused.
 * Errors: invalid-input.
 */
export function askedEngine(
  env: Readonly<Record<string, string | undefined>> = process.env,
): EngineChoice | null {
  const { GRAFT_ENGINE: engine = '', GRAFT_ADAPTER: adapter = '' } = env;
  const asked = EngineChoice.safeParse(engine);
  if (engine !== '' && !asked.success) {
    throw new AppError(
      'invalid-input',
      `GRAFT_ENGINE is "${engine}"; use tensorflow, wasm, webgpu or auto.`,
    );
  }
  if (adapter === '') return asked.data ?? null;
  if (asked.data === undefined || asked.data === 'webgpu') return 'webgpu';
  throw new AppError(
    'invalid-input',
    `The graphics card "${adapter}" is asked for (--adapter, GRAFT_ADAPTER), and the engine ${engine} beside it, which is not bound to a card. Ask for webgpu, or name no card.`,
  );
}

/** `given`: of the environment, which goes before the settings; null: it says nothing. */
export function engineWish(given: EngineChoice | null, settings: Settings): EngineWish {
  const engine = given ?? settings.engine;
  // Named for another engine it would say nothing.
  if (engine !== 'webgpu') return { engine };
  const { GRAFT_ADAPTER: named = '' } = process.env;
  return { engine, adapter: named === '' ? settings.graphicsCard : named };
}
