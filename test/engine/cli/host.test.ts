import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it, onTestFinished, vi } from 'vitest';
import { withProject } from '../../../engine/cli/host.ts';
import { createProject, openProject } from '../../../engine/db/project.ts';
import { temporaryFolder } from '../../fixtures/projects.ts';

/** Port 9 discards: nobody listens there. */
const SILENT = { url: 'http://127.0.0.1:9', token: 'one' };

const pathOf = (path: string) =>
  withProject(path, (_caller, project, local) =>
    Promise.resolve(local === null ? 'elsewhere' : project),
  );

it('a command opens a project whose owner crashed, though its number is that of another process now', async () => {
  const path = join(temporaryFolder(), 'cells.graft');
  createProject(path).close();
  const left = new Database(`${path}-lock`);
  left.exec('CREATE TABLE owner (pid INTEGER, host TEXT, since TEXT, endpoint TEXT, token TEXT)');
  left
    .prepare("INSERT INTO owner VALUES (?, 'here', '2026-01-01', ?, ?)")
    .run(process.pid, SILENT.url, SILENT.token);
  left.close();
  expect(await pathOf(path)).toBe(path);
});

it('nor does a program that has come to listen where the owner listened keep it waiting', async () => {
  const path = join(temporaryFolder(), 'cells.graft');
  createProject(path).close();
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void other.close());
  const address = other.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const left = new Database(`${path}-lock`);
  left.exec('CREATE TABLE owner (pid INTEGER, host TEXT, since TEXT, endpoint TEXT, token TEXT)');
  left
    .prepare("INSERT INTO owner VALUES (?, ?, '2026-01-01', ?, 'one')")
    .run(process.pid, hostname(), `http://127.0.0.1:${port}`);
  left.close();
  expect(await pathOf(path)).toBe(path);
});

it('a command is told who has a project open and does not answer', async () => {
  const path = join(temporaryFolder(), 'cells.graft');
  createProject(path).close();
  const owner = openProject(path, { endpoint: SILENT });
  await expect(pathOf(path)).rejects.toMatchObject({ code: 'locked', subject: path });
  owner.close();
});

it('who asks for an engine where another process computes is told that it has no say', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'cells.graft');
  createProject(path).close();
  const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const said = () => written.mock.calls.map(([text]) => String(text)).join('');
  onTestFinished(() => {
    written.mockRestore();
    vi.unstubAllEnvs();
  });
  await withProject(
    path,
    async () => {
      expect(await pathOf(path)).toBe('elsewhere');
      expect(said()).toBe('');
      vi.stubEnv('GRAFT_ENGINE', 'wasm');
      expect(await pathOf(path)).toBe('elsewhere');
      expect(said()).toMatch(/--engine, --adapter, .* has no say there/);
    },
    { reachable: true },
  );
});
