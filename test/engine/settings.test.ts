import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createEngine } from '../../engine/engine.ts';
import { createSettings, settingsPath } from '../../engine/settings.ts';
import { SettingsPatch } from '../../shared/settings.ts';
import { temporaryFolder } from '../fixtures/projects.ts';

const file = () => join(temporaryFolder(), 'graft', 'settings.json');

describe('settings', () => {
  it('come back at the next start', () => {
    const path = file();
    createSettings(path).update({ theme: 'dark' });
    const again = createSettings(path);
    expect(again.read().theme).toBe('dark');
    again.update({ keys: { preset: 'napari', rebound: { brush: ['k'] } } });
    expect(createSettings(path).read()).toMatchObject({
      theme: 'dark',
      keys: { preset: 'napari', rebound: { brush: ['k'] } },
    });
  });

  it('take every field of a change, and come back with it', async () => {
    const path = file();
    const engine = createEngine({ settingsPath: path });
    onTestFinished(() => engine.close());
    const changes = {
      theme: 'dark',
      backups: { automatic: false, folder: null },
      measureTime: false,
      hints: false,
      engine: 'webgpu',
      graphicsCard: 'Arc',
      keys: { preset: 'napari', rebound: {} },
    } as const satisfies SettingsPatch;
    expect(Object.keys(changes).toSorted()).toEqual(Object.keys(SettingsPatch.shape).toSorted());
    for (const [field, value] of Object.entries(changes)) {
      expect(await engine.call('settings.update', { [field]: value })).toMatchObject({
        [field]: value,
      });
    }
    expect(createSettings(path).read()).toMatchObject(changes);
    await engine.call('settings.update', { engine: 'auto', graphicsCard: null });
    expect(createSettings(path).read()).toMatchObject({
      ...{ engine: 'auto', graphicsCard: null, theme: 'dark' },
    });
  });

  it('start afresh where the file is damaged, which is kept', () => {
    const path = file();
    createSettings(path).update({ theme: 'dark' });
    writeFileSync(path, '{"theme": "pink"}');
    expect(createSettings(path).read().theme).toBe('system');
    expect(readFileSync(`${path}.damaged`, 'utf8')).toContain('pink');
    writeFileSync(path, 'not json');
    expect(createSettings(path).read().theme).toBe('system');
  });

  it('are said not to be kept where their folder cannot be written, and work goes on', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'in-the-way'), '');
    const engine = createEngine({ settingsPath: join(folder, 'in-the-way', 'settings.json') });
    onTestFinished(() => engine.close());
    const notices: string[] = [];
    engine.subscribe((event) => {
      if (event.type === 'notice') notices.push(event.message);
    });
    const { path } = await engine.call('project.create', { path: join(folder, 'a.graft') });
    expect(await engine.call('settings.update', { theme: 'dark' })).toMatchObject({
      theme: 'dark',
      recentProjects: [{ path }],
    });
    expect(notices).toHaveLength(1);
    expect(notices[0]).toMatch(/last only until Graft ends: .*a file in the place of a folder/);
  });

  it('list recent projects, the latest first and each once', async () => {
    const folder = temporaryFolder();
    const path = file();
    const engine = createEngine({ settingsPath: path });
    const open = async (call: 'project.create' | 'project.open', name: string) =>
      (await engine.call(call, { path: join(folder, name) })).path;
    const a = await open('project.create', 'a.graft');
    const b = await open('project.create', 'b.graft');
    await open('project.open', 'a.graft');
    const recent = await engine.call('project.recent', {});
    expect(recent.map((project) => [project.name, project.exists])).toEqual([
      ['a', true],
      ['b', true],
    ]);
    await engine.call('project.forget', { path: b });
    expect((await engine.call('project.recent', {})).map((project) => project.path)).toEqual([a]);
    await engine.close();
    expect(createSettings(path).read().recentProjects).toHaveLength(1);
  });

  it('remember where in a project one was, until it is taken off the list', async () => {
    const folder = temporaryFolder();
    const settings = file();
    const engine = createEngine({ settingsPath: settings });
    const { path, place } = await engine.call('project.create', { path: join(folder, 'a.graft') });
    expect(place).toBeNull();
    await engine.call('project.rememberPlace', { project: path, place: 'annotate/1/7' });
    await engine.close();
    const again = createEngine({ settingsPath: settings });
    onTestFinished(() => again.close());
    expect(await again.call('project.recent', {})).toMatchObject([{ path, place: 'annotate/1/7' }]);
    expect((await again.call('project.open', { path })).place).toBe('annotate/1/7');
    await again.call('project.forget', { path });
    expect((await again.call('project.open', { path })).place).toBeNull();
  });

  it('of tests and commands leave no file behind', async () => {
    const engine = createEngine({});
    await engine.call('settings.update', { theme: 'light' });
    expect((await engine.call('settings.read', {})).theme).toBe('light');
    await engine.close();
    expect(existsSync(settingsPath({ GRAFT_CONFIG: temporaryFolder() }))).toBe(false);
  });

  it('lie where the environment says', () => {
    expect(settingsPath({ GRAFT_CONFIG: '/etc/graft' })).toBe(join('/etc/graft', 'settings.json'));
  });
});
