/**
 * The browser and the virtual screen that the tests of the window need. On Debian as the superuser they are installed
 * where they are missing; elsewhere those tests say why they were skipped.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { capture } from './command.mjs';

/** Chromium without what a screen needs: with it, tests of the window take two thirds of the time. */
const HEADLESS = 'chromium-headless-shell';
const INSTALL_TIMEOUT_MS = 4 * 60_000;
const BROWSERS = [
  HEADLESS,
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
];

/** @param {string} name @returns {string | undefined} */
const onPath = (name) =>
  (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => path.join(folder, name))
    .find((file) => existsSync(file));

/** @param {string} name @returns {boolean} */
const isOnPath = (name) => onPath(name) !== undefined;

const isChosen = () => process.env['GRAFT_BROWSER'] !== undefined;
const hasBrowser = () => isChosen() || BROWSERS.some(isOnPath);

/** The browser that needs no screen; undefined where there is none, or `GRAFT_BROWSER` names another. */
export const headlessShell = () => (isChosen() ? undefined : onPath(HEADLESS));

/** @returns {Promise<string | null>} what was installed, or why it could not be; null where nothing was missing */
export async function ensureTestBrowser() {
  if (process.platform !== 'linux') return null;
  const screen = isOnPath('Xvfb') ? [] : ['xvfb'];
  if (!isOnPath('apt-get') || process.getuid?.() !== 0) {
    const missing = [...(hasBrowser() ? [] : ['chromium']), ...screen];
    if (missing.length === 0) return null;
    return `Tests of the window want ${missing.join(', ')}: install them to run all tests.`;
  }
  const wanted = [
    ...(isChosen() || isOnPath(HEADLESS) ? [] : [HEADLESS, 'fonts-liberation']),
    ...screen,
  ];
  if (wanted.length === 0) return null;
  const said = await install(wanted);
  // Debian before 12 has no such package.
  return hasBrowser() ? said : await install(['chromium', 'fonts-liberation', ...screen]);
}

/** @param {readonly string[]} packages @returns {Promise<string>} what came of it */
async function install(packages) {
  const options = {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    timeoutMs: INSTALL_TIMEOUT_MS,
  };
  await capture('apt-get', ['update'], options);
  const args = ['install', '-y', '--no-install-recommends', ...packages];
  const { ok, output } = await capture('apt-get', args, options);
  if (ok) return `Installed ${packages.join(', ')} for the tests of the window.`;
  return `apt-get could not install ${packages.join(', ')}: ${output.trim().split('\n').at(-1) ?? ''}`;
}
