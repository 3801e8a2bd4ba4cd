/**
 * The browser and the virtual screen that the tests of the window need. On Debian as the superuser they are installed
 * where they are missing; elsewhere those tests say why they were skipped.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { capture } from './command.mjs';

const INSTALL_TIMEOUT_MS = 4 * 60_000;
const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** @param {string} name @returns {boolean} */
const isOnPath = (name) =>
  (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .some((folder) => folder !== '' && existsSync(path.join(folder, name)));

/** @returns {Promise<string | null>} what was installed, or why it could not be; null where nothing was missing */
export async function ensureTestBrowser() {
  const missing = [];
  if (process.env['GRAFT_BROWSER'] === undefined && !BROWSERS.some(isOnPath)) {
    missing.push('chromium', 'fonts-liberation');
  }
  if (!isOnPath('Xvfb')) missing.push('xvfb');
  if (missing.length === 0 || process.platform !== 'linux') return null;
  if (!isOnPath('apt-get') || process.getuid?.() !== 0) {
    return `Tests of the window want ${missing.join(', ')}: install them to run all tests.`;
  }
  const options = {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    timeoutMs: INSTALL_TIMEOUT_MS,
  };
  await capture('apt-get', ['update'], options);
  const install = ['install', '-y', '--no-install-recommends', ...missing];
  const { ok, output } = await capture('apt-get', install, options);
  if (ok) return `Installed ${missing.join(', ')} for the tests of the window.`;
  return `apt-get could not install ${missing.join(', ')}: ${output.trim().split('\n').at(-1) ?? ''}`;
}
