/** graft serve: the engine with its page, until it is interrupted or its window is closed. */
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { AppError, messageOf } from '../../shared/errors.ts';
import { createEngine, type Engine } from '../engine.ts';
import type { Server } from '../server.ts';
import { settingsPath } from '../settings.ts';
import { port } from './arguments.ts';
import { engineChoice } from './host.ts';
import { tellShell } from './shell-news.ts';
import { electronCommand, runElectron, shellHere } from './shell.ts';
import {
  type AppWindow,
  findChromium,
  hasDisplay,
  openBrowser,
  openChromium,
  thisMachine,
} from './window.ts';
import { writeErr, writeOut } from './output.ts';
import { ROOT } from '../installation.ts';

interface ServeOptions {
  port?: number;
  open: boolean;
  smoke: boolean;
  json: boolean;
}

const BROWSER_ENDED =
  'The browser of the window ended before it showed anything (is there a display that it can reach?).';
/** A page that has not painted by then will not. */
const PAINT_TIMEOUT_MS = 60_000;

const say = (text: string) => writeErr(`${text}\n`);

/** Milliseconds since the user's command, which build/start.mjs may have begun in another process. */
function sinceStart(): number {
  const started = Number(process.env['GRAFT_STARTED_AT']);
  return Math.round(started > 0 ? Date.now() - started : performance.now());
}

/** By a signal; or by the shell that started this engine, which closes its input, or is gone. */
function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
    if (isOfShell()) process.stdin.resume().once('close', resolve);
  });
}

const isOfShell = (): boolean => process.env['GRAFT_SHELL'] !== undefined;

/** Errors: internal, where the window has shown nothing in time; invalid-input, where it is gone before. */
function painted(engine: Engine, window: AppWindow): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (failure: Error | null) => {
      clearTimeout(timer);
      unsubscribe();
      if (failure === null) resolve();
      else reject(failure);
    };
    const late = `The window showed nothing within ${PAINT_TIMEOUT_MS / 1000} s.`;
    const timer = setTimeout(() => end(new AppError('internal', late)), PAINT_TIMEOUT_MS);
    const unsubscribe = engine.subscribe((event) => {
      if (event.type === 'window.painted') end(null);
    });
    const ended = `${BROWSER_ENDED} "graft serve" prints an address instead.`;
    window.closed.then(
      () => end(new AppError('invalid-input', ended)),
      (error: unknown) => end(new AppError('invalid-input', messageOf(error))),
    );
  });
}

function openAppWindow(url: string, headless: boolean): AppWindow | null {
  const machine = thisMachine();
  const executable = findChromium(machine);
  if (executable === null || (!headless && !hasDisplay(machine))) return null;
  if (machine.isRoot) say('Running as root: the window’s browser is started with --no-sandbox.');
  const { isRoot } = machine;
  return openChromium({ executable, url, folder: dirname(settingsPath()), isRoot, headless });
}

/** Starts the shell, waits for the first painted view, and says how long that took. */
async function smoke(engine: Engine, server: Server, fellBack: string | null): Promise<void> {
  const window = openAppWindow(server.launchUrl(), !hasDisplay(thisMachine()));
  if (window === null) {
    const response = await fetch(server.launchUrl(), { redirect: 'manual' });
    const cookie = response.headers.get('set-cookie')?.split(';')[0] ?? '';
    const page = await fetch(`${server.url}/`, { headers: { cookie } });
    if (!page.ok) throw new AppError('internal', `The start page answered ${page.status}.`);
  } else {
    try {
      await painted(engine, window);
    } catch (error) {
      window.close();
      throw error;
    }
  }
  const shell = window === null ? 'none' : 'chromium';
  const { reason } = shellHere(ROOT, thisMachine(), fellBack);
  process.stdout.write(`${JSON.stringify({ ready_ms: sinceStart(), shell, reason })}\n`);
  window?.close();
  await window?.closed;
}

/** Resolves when Graft is to end: interrupted, or its window closed with nothing left to train. */
async function showUntilEnd(engine: Engine, server: Server): Promise<void> {
  const end = interrupted();
  const seen = { painted: false };
  engine.subscribe((event) => {
    if (event.type === 'window.painted') seen.painted = true;
  });
  const window = openAppWindow(server.launchUrl(), false);
  if (window === null) {
    const machine = thisMachine();
    if (!hasDisplay(machine) || !(await openBrowser(server.launchUrl(), machine))) {
      say('There is no display or browser to open the window in: use the address above.');
    }
    return end;
  }
  const code = await Promise.race([end, window.closed]);
  if (typeof code === 'number' && code !== 0 && !seen.painted) {
    say(`${BROWSER_ENDED} Use the address above; Ctrl+C ends Graft.`);
    return end;
  }
  const projects = await engine.call('project.list', {});
  if (projects.some((project) => project.runningStudies > 0)) {
    say(`The window is closed; studies go on. Come back with ${server.launchUrl()}`);
    await end;
  }
  window.close();
}

async function serve(paths: readonly string[], options: ServeOptions): Promise<void> {
  const machine = thisMachine();
  const electron = options.open && hasDisplay(machine) ? electronCommand(ROOT, machine) : null;
  let fellBack: string | null = null;
  if (electron !== null) {
    if (machine.isRoot) say('Running as root: Electron is started with --no-sandbox.');
    const args = [...(options.smoke ? ['--smoke'] : []), ...paths];
    const ended = await runElectron(electron, args, machine);
    if (typeof ended === 'number') {
      process.exitCode = ended;
      return;
    }
    fellBack = `Electron did not start: ${ended}`;
    say(`${fellBack} (Another window opens instead.)`);
  }
  let endpoint: { url: string; token: string } | null = null;
  const engine = createEngine({
    engine: engineChoice(),
    runQueues: true,
    settingsPath: settingsPath(),
    endpoint: () => endpoint,
    shell: () => shellHere(ROOT, thisMachine(), fellBack),
  });
  const { startServer } = await import('../server.ts');
  const server = await startServer(engine, {
    sessionPath: join(dirname(settingsPath()), 'session.json'),
    ...(options.port === undefined ? {} : { port: options.port }),
  });
  endpoint = { url: server.url, token: server.token };
  if (server.unkept !== null)
    say(`A window left open will not find the next start: ${server.unkept}`);
  engine.subscribe((event) => {
    if (event.type === 'notice') say(event.message);
  });
  try {
    for (const path of paths) await engine.call('project.open', { path });
    if (options.smoke) {
      await smoke(engine, server, fellBack);
      return;
    }
    const url = server.launchUrl();
    writeOut(
      options.json
        ? `${JSON.stringify({ url, ready_ms: sinceStart() })}\n`
        : `Graft is ready: ${url}\n(the address works once; Ctrl+C ends Graft and keeps everything)\n`,
    );
    const quiet = isOfShell()
      ? tellShell(engine, (news) => process.stdout.write(`${JSON.stringify(news)}\n`))
      : null;
    await (options.open ? showUntilEnd(engine, server) : interrupted());
    quiet?.();
    say('Saving what runs …');
  } finally {
    await engine.close();
    await server.close();
  }
}

export function addServeCommand(program: Command): void {
  program
    .command('serve')
    .description('the engine with its window or page; goes on with queued runs')
    .argument('[projects...]', 'project files to open')
    .option('--port <n>', 'port on 127.0.0.1 (default: the last one, or a free one)', port)
    .option('--open', 'open the window', false)
    .option(
      '--smoke',
      'open the window, wait until it has painted, print one JSON line, end',
      false,
    )
    .option('--json', 'print the address as JSON', false)
    .addHelpText(
      'after',
      `
Examples:
  graft serve cells.graft
  graft serve --open cells.graft`,
    )
    .action(serve);
}
