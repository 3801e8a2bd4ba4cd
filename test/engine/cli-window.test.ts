import { symlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  chromiumArguments,
  findChromium,
  hasDisplay,
  openChromium,
  profileInUse,
} from '../../engine/cli/window.ts';
import { temporaryFolder } from '../fixtures/projects.ts';

const machine = (platform: NodeJS.Platform, env: Record<string, string>) => ({
  platform,
  env,
  isRoot: false,
});
const only =
  (...paths: string[]) =>
  (path: string) =>
    paths.includes(path);

describe('finding something to show the window in', () => {
  it.runIf(process.platform !== 'win32')('looks along the path for browsers on Linux', () => {
    const linux = machine('linux', { PATH: '/usr/local/bin:/usr/bin' });
    expect(findChromium(linux, only('/usr/bin/google-chrome', '/usr/bin/chromium'))).toBe(
      '/usr/bin/chromium',
    );
    expect(findChromium(linux, only('/usr/bin/google-chrome'))).toBe('/usr/bin/google-chrome');
    expect(findChromium(linux, only())).toBeNull();
  });

  it('knows where browsers are on macOS and Windows', () => {
    const mac = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';
    expect(findChromium(machine('darwin', {}), only(mac))).toBe(mac);
    const edge = 'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe';
    const windows = machine('win32', { 'PROGRAMFILES(X86)': 'C:\\Program Files (x86)' });
    expect(findChromium(windows, only(edge))).toBe(edge);
  });

  it('takes the browser that is asked for', () => {
    const asked = machine('linux', { GRAFT_BROWSER: '/opt/browser', PATH: '/usr/bin' });
    expect(findChromium(asked, only('/opt/browser', '/usr/bin/chromium'))).toBe('/opt/browser');
  });

  it('gives up the sandbox for root alone', () => {
    const options = { url: 'http://127.0.0.1:1/launch', profile: '/p', headless: false };
    expect(chromiumArguments({ ...options, isRoot: false })).not.toContain('--no-sandbox');
    expect(chromiumArguments({ ...options, isRoot: true })).toContain('--no-sandbox');
    expect(chromiumArguments({ ...options, isRoot: false })[0]).toBe(
      '--app=http://127.0.0.1:1/launch',
    );
  });

  it('needs a display on Linux', () => {
    expect(hasDisplay(machine('linux', {}))).toBe(false);
    expect(hasDisplay(machine('linux', { WAYLAND_DISPLAY: 'wayland-0' }))).toBe(true);
    expect(hasDisplay(machine('darwin', {}))).toBe(true);
  });

  it('says with which code a browser ended that could not open it', async () => {
    const { closed } = openChromium({
      executable: process.execPath,
      url: 'http://127.0.0.1:1/',
      folder: temporaryFolder(),
      isRoot: false,
      headless: false,
    });
    // Node knows none of these options.
    expect(await closed).toBe(9);
  });

  it('leaves a profile alone that a living browser uses', () => {
    const profile = temporaryFolder();
    expect(profileInUse(profile)).toBe(false);
    symlinkSync(`${hostname()}-${process.pid}`, join(profile, 'SingletonLock'));
    expect(profileInUse(profile)).toBe(true);
    const dead = temporaryFolder();
    symlinkSync(`${hostname()}-999999999`, join(dead, 'SingletonLock'));
    expect(profileInUse(dead)).toBe(false);
  });
});
