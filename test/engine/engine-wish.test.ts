/** Who says what computes: flags and the environment before the settings, and a card that is named is one to compute on. */
import { expect, it, vi } from 'vitest';
import { askedEngine, engineWish } from '../../engine/engine-wish.ts';
import { Settings } from '../../shared/settings.ts';

const card = Settings.parse({ engine: 'webgpu', graphicsCard: 'Chosen in the window' });

it('a card that is named is asked for, with its engine or without', () => {
  expect(askedEngine({})).toBeNull();
  expect(askedEngine({ GRAFT_ENGINE: '', GRAFT_ADAPTER: '' })).toBeNull();
  expect(askedEngine({ GRAFT_ADAPTER: 'Arc' })).toBe('webgpu');
  expect(askedEngine({ GRAFT_ENGINE: 'webgpu', GRAFT_ADAPTER: 'Arc' })).toBe('webgpu');
});

it.each(['tensorflow', 'wasm', 'auto'])('a card beside %s is refused, not left out', (engine) => {
  expect(askedEngine({ GRAFT_ENGINE: engine })).toBe(engine);
  expect(() => askedEngine({ GRAFT_ENGINE: engine, GRAFT_ADAPTER: 'Arc' })).toThrow(
    /"Arc" is asked for .* webgpu, or name no card/,
  );
});

it('an engine that nobody knows is refused with those there are', () => {
  expect(() => askedEngine({ GRAFT_ENGINE: 'cuda' })).toThrow(
    /"cuda"; use tensorflow, wasm, webgpu or auto/,
  );
});

it('what is asked for goes before the settings, automatic too', () => {
  vi.stubEnv('GRAFT_ADAPTER', '');
  expect(engineWish(null, card)).toEqual({ engine: 'webgpu', adapter: 'Chosen in the window' });
  expect(engineWish('auto', card)).toEqual({ engine: 'auto' });
  expect(engineWish('tensorflow', card)).toEqual({ engine: 'tensorflow' });
  vi.stubEnv('GRAFT_ADAPTER', 'Arc');
  expect(engineWish('webgpu', card)).toEqual({ engine: 'webgpu', adapter: 'Arc' });
  vi.unstubAllEnvs();
});
