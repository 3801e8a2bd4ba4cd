import { describe, expect, it } from 'vitest';
import { cacheDirectory, pins } from '../../build/locations.mjs';
import { npmBuilds } from '../../build/pinned-node.mjs';
import { wheels } from '../../build/tensorflow-wheel.mjs';

describe('the cache', () => {
  const home = '/home/ada';

  it('lies in XDG_CACHE_HOME, else in ~/.cache on Linux', () => {
    expect(cacheDirectory({ platform: 'linux', env: {}, home })).toBe('/home/ada/.cache/graft');
    const env = { XDG_CACHE_HOME: '/fast' };
    expect(cacheDirectory({ platform: 'linux', env, home })).toBe('/fast/graft');
  });

  it('lies in Library/Caches on macOS, whatever XDG says', () => {
    const env = { XDG_CACHE_HOME: '/fast' };
    expect(cacheDirectory({ platform: 'darwin', env, home })).toBe(
      '/home/ada/Library/Caches/graft',
    );
  });

  it('lies in LOCALAPPDATA on Windows, with backslashes', () => {
    const env = { LOCALAPPDATA: 'D:\\Local' };
    const windows = { platform: 'win32', home: 'C:\\Users\\Ada' };
    expect(cacheDirectory({ ...windows, env })).toBe('D:\\Local\\graft');
    expect(cacheDirectory({ ...windows, env: {} })).toBe('C:\\Users\\Ada\\AppData\\Local\\graft');
  });

  it('lies where GRAFT_CACHE says, on every platform', () => {
    const env = { GRAFT_CACHE: '/elsewhere', XDG_CACHE_HOME: '/fast' };
    expect(cacheDirectory({ platform: 'linux', env, home })).toBe('/elsewhere');
    expect(cacheDirectory({ platform: 'darwin', env, home })).toBe('/elsewhere');
  });
});

describe('the pins of package.json', () => {
  it('are the versions whose hashes are known', () => {
    const pin = pins();
    expect(npmBuilds.version).toBe(pin.node);
    expect([...wheels.keys()].every((key) => key.startsWith(`${pin.tensorflow}-`))).toBe(true);
  });
});
