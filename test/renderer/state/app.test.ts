/** The window as a whole on an engine of this process: what it opens, what it does when the engine goes and comes back. */
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { KeyBindings } from '../../../renderer/keys/bindings.svelte.ts';
import { AppState } from '../../../renderer/state/app.svelte.ts';
import { AppError } from '../../../shared/errors.ts';
import { addDataset, temporaryFolder } from '../../fixtures/projects.ts';
import { windowEngine } from '../window-engine.ts';

async function openWindow() {
  const line = await windowEngine();
  window.location.hash = '';
  const { path } = await line.engine.call('project.create', {
    path: join(temporaryFolder(), 'cells.graft'),
  });
  const { db } = line.engine.project(path);
  const app = new AppState(line.api);
  onTestFinished(app.listen());
  const said = () => app.toasts.items.map(({ tone, text }) => `${tone}: ${text}`);
  return { ...line, line, path, db, app, said };
}

describe('at the start', () => {
  it('opens the one project that the engine has open, at its library', async () => {
    const { app, path } = await openWindow();
    expect(app.starting).toBe(true);
    await app.start();
    expect([app.project?.path, app.route, app.starting]).toEqual([
      path,
      { view: 'library', dataset: null },
      false,
    ]);
    expect(window.location.hash).toContain(encodeURIComponent(path));
  });

  it('goes where the address says', async () => {
    const { app, path } = await openWindow();
    window.location.hash = `#/studies/3?project=${encodeURIComponent(path)}`;
    await app.start();
    expect(app.route).toEqual({ view: 'studies', study: 3 });
  });

  it('says why there is nothing to show, and shows it when asked again', async () => {
    const { app, line } = await openWindow();
    line.before = () => {
      throw new AppError('internal', 'The settings cannot be read.');
    };
    await app.start();
    expect([app.startTrouble, app.starting]).toEqual(['The settings cannot be read.', true]);
    line.before = () => undefined;
    await app.start();
    expect([app.startTrouble, app.starting]).toEqual([null, false]);
  });

  it('shows the first page, and says why, where a project of the address is gone', async () => {
    const { app, said, engine, path } = await openWindow();
    await engine.call('project.close', { project: path });
    window.location.hash = `#/library?project=${encodeURIComponent(`${path}.old`)}`;
    await app.start();
    expect([app.project, app.route, app.starting]).toEqual([null, { view: 'welcome' }, false]);
    expect(said()).toEqual([expect.stringMatching(/^bad: .*\.old/)]);
  });

  it('goes back to the first page where half of a project cannot be read', async () => {
    const { app, said, line, path } = await openWindow();
    line.before = (name) => {
      if (name === 'runs.list') throw new AppError('internal', 'The runs are damaged.');
    };
    await app.openProject(path);
    expect([app.project, app.route]).toEqual([null, { view: 'welcome' }]);
    expect(said()).toEqual(['bad: The runs are damaged.']);
  });
});

describe('when the engine goes and comes back', () => {
  it('opens the project again, shows what changed meanwhile, and says so once', async () => {
    const { app, said, engine, connect, path, db } = await openWindow();
    await app.start();
    addDataset(db, 'before', { count: 2 });
    connect('lost');
    expect(app.connection).toBe('lost');
    // It held training when the line was lost, and no longer does: nobody could tell.
    if (app.project !== null) app.project.held = { code: 'no-space', message: 'full' };
    await engine.call('project.close', { project: path });
    connect('open');
    await expect.poll(() => app.recoveries).toBe(1);
    expect(app.project?.datasets?.map(({ name }) => name)).toEqual(['before']);
    expect(app.project?.held).toBeNull();
    expect(said()).toEqual(['good: The engine is back. Nothing that was saved is lost.']);
    // Another window’s news comes in as before.
    await engine.call('datasets.rename', { project: path, datasetId: 1, name: 'after' });
    await expect.poll(() => app.project?.datasets?.[0]?.name).toBe('after');
  });

  it('says what fails meanwhile, and tries nothing where no project is open', async () => {
    const { app, said, connect } = await openWindow();
    connect('lost');
    app.attempt(() => app.api.call('system.doctor', {}));
    await expect.poll(said).toEqual(['bad: The engine is away.']);
    connect('open');
    expect([app.connection, app.recoveries]).toEqual(['open', 0]);
  });
});

describe('settings', () => {
  it('the theme is kept from one window to the next', async () => {
    const { app, api } = await openWindow();
    await app.start();
    expect([app.theme, app.dark]).toEqual(['system', false]);
    app.setTheme('dark');
    expect(app.dark).toBe(true);
    await expect.poll(async () => (await api.call('settings.read', {})).theme).toBe('dark');
    const next = new AppState(api);
    await next.start();
    expect([next.theme, next.dark]).toEqual(['dark', true]);
  });
});

describe('beside another window', () => {
  it('follows its theme and keys, and the list of recent projects', async () => {
    const { app, engine, api, path } = await openWindow();
    await app.start();
    const keys = new KeyBindings(api, app.keyboard);
    await keys.load();
    onTestFinished(keys.listen());
    const before = app.projectChanges;
    const rebound = { 'tool.brush': ['q'] };
    await engine.call('settings.update', { theme: 'dark', keys: { preset: 'graft', rebound } });
    expect([app.theme, keys.choice.rebound]).toEqual(['dark', rebound]);
    await engine.call('project.forget', { path });
    expect(app.projectChanges).toBe(before + 1);
  });

  it('goes back to the first page when a project is closed there, and says so', async () => {
    const { app, engine, path, said } = await openWindow();
    await app.start();
    await engine.call('project.close', { project: `${path}.other` });
    expect(app.project?.path).toBe(path);
    await engine.call('project.close', { project: path });
    expect([app.project, app.route]).toEqual([null, { view: 'welcome' }]);
    expect(said()).toEqual(['info: cells was closed in another window.']);
  });

  it('says nothing of what it closed itself', async () => {
    const { app, said } = await openWindow();
    await app.start();
    await app.closeProject();
    expect([app.project, said()]).toEqual([null, []]);
  });
});

describe('going to Annotate', () => {
  it('begins at the first image without labels, of the dataset in view', async () => {
    const { app, db } = await openWindow();
    addDataset(db, 'labelled', { count: 3 });
    const half = addDataset(db, 'half', { count: 4, labelled: 2 });
    await app.start();
    app.go({ view: 'library', dataset: half });
    await app.annotateFirst();
    const ids = db.datasets.images(half).map(({ id }) => id);
    expect(app.route).toEqual({ view: 'annotate', dataset: half, image: ids[2] });
    expect(app.annotating).toEqual({ datasetId: half, imageIds: ids, runId: null, sought: null });
    // From elsewhere the same dataset is meant.
    app.go({ view: 'studies', study: null });
    expect(app.currentDataset?.name).toBe('half');
  });

  it('stays where the user went while the list was on its way', async () => {
    const { app, line, db } = await openWindow();
    addDataset(db, 'cells', { count: 3 });
    await app.start();
    line.before = async (name) => {
      if (name !== 'images.list') return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    };
    const going = app.annotateFirst();
    app.go({ view: 'studies', study: 'new' });
    await going;
    expect(app.route).toEqual({ view: 'studies', study: 'new' });
  });
});

describe('a dialog that a command asks for', () => {
  it('is taken up once, by its view alone', async () => {
    const { app } = await openWindow();
    app.goTo({ view: 'library', dataset: null }, 'import');
    expect(app.takeUp('generate')).toBe(false);
    expect([app.takeUp('import'), app.takeUp('import')]).toEqual([true, false]);
  });
});

describe('long work and messages', () => {
  it('a job shows how far it is, can be stopped, and is gone when it has ended', async () => {
    const { app } = await openWindow();
    let told: (share: { done: number; total: number; message: string }) => void = () => undefined;
    const work = app.jobs.run('Drawing', (options) => {
      told = (progress) => options.onProgress?.(progress);
      return new Promise<void>((_, reject) => {
        options.signal?.addEventListener('abort', () =>
          reject(new AppError('cancelled', 'Stopped.')),
        );
      });
    });
    app.attempt(() => work);
    const [job] = app.jobs.items;
    expect([job?.title, job?.share]).toEqual(['Drawing', null]);
    told({ done: 1, total: 4, message: '' });
    expect(job?.share).toBe(0.25);
    job?.cancel();
    expect(job?.cancelling).toBe(true);
    await expect.poll(() => app.jobs.items).toEqual([]);
    // What somebody stopped himself is no news.
    expect(app.toasts.items).toEqual([]);
  });

  it('the same trouble twice is one message, and no more than four stand', async () => {
    const { app, said } = await openWindow();
    for (const text of ['a', 'b', 'a', 'c', 'd', 'e']) app.toasts.show('bad', text);
    expect(said()).toEqual(['bad: a', 'bad: c', 'bad: d', 'bad: e']);
  });
});
