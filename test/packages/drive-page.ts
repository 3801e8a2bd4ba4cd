/**
 * The page of a Graft that is installed in another root, used as a person would: from the first page to the sample's
 * verdict. Run by try-package.sh in the same network namespace: the engine inside, the browser outside.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright';
import { findChromium, thisMachine } from '../../engine/cli/window.ts';

const [root = '', command = 'graft'] = process.argv.slice(2);
const PATIENCE_MS = 120_000;
const PLAIN = ['LANG=C.UTF-8', 'HOME=/home/lab', 'USER=lab', 'PATH=/usr/local/bin:/usr/bin:/bin'];

const executablePath = findChromium(thisMachine());
if (executablePath === null) throw new Error('There is no Chromium here to drive the page with.');
const engine = spawn(
  'chroot',
  [
    '--userspec=lab:lab',
    root,
    'env',
    '-i',
    ...PLAIN,
    'sh',
    '-c',
    `cd && exec ${command} serve --json`,
  ],
  // A group of its own: npm, where it starts the engine, ends without it.
  { stdio: ['ignore', 'pipe', 'inherit'], detached: true },
);
try {
  const lines = createInterface({ input: engine.stdout })[Symbol.asyncIterator]();
  const { value: line } = await lines.next();
  const { url, ready_ms: readyMs } = JSON.parse(String(line)) as { url: string; ready_ms: number };
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    const began = Date.now();
    await page.goto(url);
    await page.getByText('Look at the sample project').click();
    await page.waitForURL(/compare/);
    await page.locator('table').first().waitFor();
    await page.screenshot({ path: `${process.env['work'] ?? '/tmp'}/installed-page.png` });
    if (complaints.length > 0) throw new Error(complaints.join('\n'));
    process.stdout.write(
      `engine ready after ${readyMs} ms, the sample's verdict ${Date.now() - began} ms later\n`,
    );
  } finally {
    await browser.close();
  }
} finally {
  if (engine.pid !== undefined) process.kill(-engine.pid, 'SIGTERM');
}
