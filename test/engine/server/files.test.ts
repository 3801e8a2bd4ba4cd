import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RECEIVED_FILES } from '../../../engine/data/temporary-folder.ts';
import { createEngine } from '../../../engine/engine.ts';
import { startServer } from '../../../engine/server.ts';
import { temporaryFolder } from '../../fixtures/projects.ts';
import { serveProject } from './page.ts';

const post = (batch: string, name: string) =>
  `/files?${new URLSearchParams({ batch, name }).toString()}`;

describe('dropped files', () => {
  it('wait together in a folder that the engine can read', async () => {
    const { request } = await serveProject();
    const send = async (name: string, body: string) =>
      (await (await request(post('drop-1', name), { method: 'POST', body })).json()) as {
        path: string;
        folder: string;
      };
    const image = await send('set/images/a.png', 'image');
    const mask = await send('set/masks/a.png', 'mask');
    expect(image.folder).toBe(mask.folder);
    expect(image.path).toBe(join(image.folder, 'set', 'images', 'a.png'));
    expect(readFileSync(mask.path, 'utf8')).toBe('mask');
  });

  it('never land outside of it', async () => {
    const { request } = await serveProject();
    for (const name of ['../evil.txt', '/etc/passwd', 'a/../../evil.txt', '', 'nul\0l']) {
      const response = await request(post('drop', name), { method: 'POST', body: 'x' });
      expect(response.status, name).toBe(400);
    }
    for (const batch of ['', '..', 'a/b']) {
      const response = await request(post(batch, 'a.txt'), { method: 'POST', body: 'x' });
      expect(response.status, batch).toBe(400);
    }
  });

  it('are gone with the session', async () => {
    const engine = createEngine({ engine: 'wasm' });
    const server = await startServer(engine);
    const launched = await fetch(server.launchUrl(), { redirect: 'manual' });
    const cookie = launched.headers.get('set-cookie')?.split(';')[0] ?? '';
    const response = await fetch(server.url + post('drop', 'a.txt'), {
      method: 'POST',
      body: 'x',
      headers: { cookie },
    });
    const { path } = (await response.json()) as { path: string };
    expect(existsSync(path)).toBe(true);
    await engine.close();
    await server.close();
    expect(existsSync(path)).toBe(false);
  });

  it('are gone at the next start after a session that was killed, and nobody else’s are', async () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    const ours = mkdtempSync(`${RECEIVED_FILES}${pid}-`);
    const running = mkdtempSync(`${RECEIVED_FILES}${process.ppid}-`);
    const foreign = mkdtempSync(join(tmpdir(), 'graft-other-'));
    onTestFinished(() => {
      for (const path of [running, foreign]) rmSync(path, { recursive: true });
    });
    writeFileSync(join(ours, 'a.png'), 'image');
    await serveProject();
    expect([ours, running, foreign].map((path) => existsSync(path))).toEqual([false, true, true]);
  });
});

describe('the built window', () => {
  it('is served with its types, a strict policy, and names with a hash kept for good', async () => {
    const pageFolder = temporaryFolder();
    mkdirSync(join(pageFolder, 'assets'));
    writeFileSync(join(pageFolder, 'index.html'), '<!doctype html><title>Graft</title>');
    writeFileSync(join(pageFolder, 'assets', 'index-a1b2.js'), 'export {};');
    writeFileSync(join(pageFolder, '..', 'secret.txt'), 'secret');
    const { request } = await serveProject({ pageFolder });

    const page = await request('/');
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await page.text()).toContain('<title>Graft</title>');
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'; script-src 'self';");
    expect(/script-src[^;]*unsafe/.test(policy)).toBe(false);

    const script = await request('/assets/index-a1b2.js');
    expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(script.headers.get('cache-control')).toContain('immutable');

    for (const path of ['/../secret.txt', '/%2e%2e/secret.txt', '/assets', '/assets/none.js']) {
      expect((await request(path)).status, path).toBe(404);
    }
  });
});
