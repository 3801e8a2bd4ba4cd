/**
 * `npm run package -- --dir`: page, shell, icons and papers are made, then electron-builder puts them together;
 * everything after `--` is electron-builder's. ELECTRON_DIST names a folder with Electron's binary where it cannot be
 * downloaded.
 */
import path from 'node:path';
import { commandEnvironment, ensureReady, main } from './bootstrap.mjs';
import { capture, foreground } from './command.mjs';
import { ensureEngine } from './engine.mjs';
import { ensureShell } from './electron-shell.mjs';
import { projectRoot } from './locations.mjs';
import { megabytes } from './progress.mjs';
import { SetupFailure } from './setup-failure.mjs';
import { stagePackage } from './staging.mjs';
import { toolScript } from './tools.mjs';
import { ensureWindow } from './window.mjs';

const DRAW = "import('./build/icons.mjs').then(({ drawIcons }) => drawIcons('dist/icons'))";

await main(async () => {
  const node = await ensureReady();
  const options = { cwd: projectRoot, env: commandEnvironment() };
  await ensureWindow(node);
  await ensureShell(node);
  await ensureEngine(node);
  // By the pinned Node, which sharp is for.
  const drawn = await capture(node, ['--eval', DRAW], options);
  if (!drawn.ok) throw new SetupFailure(`The icons could not be drawn:\n${drawn.output}`);
  const { engine, cutBytes, prompts } = stagePackage({ target: process, node });
  const trains = engine === 'tensorflow' ? 'native TensorFlow' : 'the portable engine alone';
  process.stderr.write(
    `Trains with ${trains}; ${megabytes(cutBytes)} MB of symbol tables left out; ${prompts ? 'with' : 'without'} the network for clicks and boxes.\n`,
  );
  const config = path.join('build', 'electron-builder.mjs');
  return foreground(
    node,
    [
      ...[toolScript('electron-builder'), '--config', config, '--publish', 'never'],
      ...process.argv.slice(2),
    ],
    options,
  );
});
