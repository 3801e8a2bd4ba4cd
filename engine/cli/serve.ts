/** graft serve: the engine with its page, until it is interrupted. */
import { spawn } from 'node:child_process';
import type { Command } from 'commander';
import { createEngine } from '../engine.ts';
import { startServer } from '../server.ts';
import { settingsPath } from '../settings.ts';
import { integer } from './arguments.ts';
import { engineChoice } from './host.ts';

interface ServeOptions {
  port?: number;
  open: boolean;
  smoke: boolean;
  json: boolean;
}

/** Opens an address in the user's browser, where there is a display to open it on. */
function openBrowser(url: string): void {
  const { platform, env } = process;
  if (
    platform === 'linux' &&
    env['DISPLAY'] === undefined &&
    env['WAYLAND_DISPLAY'] === undefined
  ) {
    return;
  }
  const command = platform === 'darwin' ? 'open' : platform === 'win32' ? 'explorer' : 'xdg-open';
  const child = spawn(command, [url], { stdio: 'ignore', detached: true });
  // The address is printed anyway: no browser is no failure.
  child.on('error', () => process.stderr.write('No browser could be opened.\n'));
  child.unref();
}

async function serve(paths: readonly string[], options: ServeOptions): Promise<void> {
  let endpoint: { url: string; token: string } | null = null;
  const engine = createEngine({
    engine: engineChoice(),
    runQueues: true,
    settingsPath: settingsPath(),
    endpoint: () => endpoint,
  });
  const server = await startServer(
    engine,
    options.port === undefined ? {} : { port: options.port },
  );
  endpoint = { url: server.url, token: server.token };
  try {
    for (const path of paths) await engine.call('project.open', { path });
    const url = server.launchUrl();
    const readyMs = Math.round(performance.now());
    if (options.smoke) {
      const response = await fetch(url, { redirect: 'manual' });
      const cookie = response.headers.get('set-cookie')?.split(';')[0] ?? '';
      const page = await fetch(`${server.url}/`, { headers: { cookie } });
      if (!page.ok) throw new Error(`the start page answered ${page.status}`);
      process.stdout.write(`${JSON.stringify({ ready_ms: readyMs, shell: 'none' })}\n`);
      return;
    }
    process.stdout.write(
      options.json
        ? `${JSON.stringify({ url, ready_ms: readyMs })}\n`
        : `Graft is ready: ${url}\n(the address works once; Ctrl+C ends Graft and keeps everything)\n`,
    );
    if (options.open) openBrowser(url);
    await new Promise<void>((resolve) => {
      process.once('SIGINT', resolve);
      process.once('SIGTERM', resolve);
    });
    process.stderr.write('Saving what runs …\n');
  } finally {
    await engine.close();
    await server.close();
  }
}

export function addServeCommand(program: Command): void {
  program
    .command('serve')
    .description(
      'show projects, running studies and reports in a browser; goes on with queued runs',
    )
    .argument('[projects...]', 'project files to open')
    .option('--port <n>', 'port on 127.0.0.1 (default: a free one)', integer)
    .option('--open', 'open the browser', false)
    .option('--smoke', 'start, fetch the page once, print one JSON line and end', false)
    .option('--json', 'print the address as JSON', false)
    .action(serve);
}
