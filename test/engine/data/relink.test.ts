/** Linked originals that moved: with their project, without it, or were changed. */
import { cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hashOf } from '../../../engine/data/image-file.ts';
import { openOriginal } from '../../../engine/data/image-source.ts';
import { openProject, openProjectReadonly, type Project } from '../../../engine/db/project.ts';
import { readMigrations } from '../../../engine/db/migrations.ts';
import { createFile } from '../../../engine/db/open.ts';
import { createEngine, type Engine } from '../../../engine/engine.ts';
import { temporaryFolder } from '../../fixtures/projects.ts';
import { rgbPng } from './import/scratch.ts';

/** A folder with a/p.graft and three linked images in `images`, relative to it. */
async function linkedProject(images: string): Promise<{ root: string; project: string }> {
  const root = temporaryFolder();
  mkdirSync(join(root, 'a'));
  const folder = join(root, 'a', images);
  mkdirSync(folder, { recursive: true });
  for (const i of [0, 1, 2]) writeFileSync(join(folder, `${i}.png`), rgbPng(4, 4, i));
  const project = join(root, 'a', 'p.graft');
  const engine = createEngine({ engine: 'wasm' });
  await engine.call('project.create', { path: project });
  await engine.call('datasets.import', { project, name: 'd', path: folder, link: true });
  await engine.close();
  return { root, project };
}

async function readAll(project: Project): Promise<string[]> {
  const out: string[] = [];
  for (const image of project.datasets.images(1)) {
    try {
      out.push(
        (await hashOf(await openOriginal(project, image))) === image.hash ? 'same' : 'other',
      );
    } catch (error) {
      out.push(error instanceof Error ? error.message : '');
    }
  }
  return out;
}

async function originalsOf(path: string): Promise<string[]> {
  const project = openProject(path);
  try {
    return await readAll(project);
  } finally {
    project.close();
  }
}

async function openEngine(project: string): Promise<Engine> {
  const engine = createEngine({ engine: 'wasm' });
  onTestFinished(() => engine.close());
  await engine.call('project.open', { path: project });
  return engine;
}

const SAME = ['same', 'same', 'same'];

describe('linked originals', () => {
  it.each(['data/images', '../data', '.'])(
    'in %s move together with their project',
    async (images) => {
      const { root } = await linkedProject(images);
      mkdirSync(join(root, 'deep'));
      renameSync(join(root, 'a'), join(root, 'deep', 'b'));
      if (images === '../data') renameSync(join(root, 'data'), join(root, 'deep', 'data'));
      const moved = join(root, 'deep', 'b', 'p.graft');
      expect(await originalsOf(moved)).toEqual(SAME);
      // As a trainer reads them.
      const readonly = openProjectReadonly(moved);
      expect(await readAll(readonly)).toEqual(SAME);
      readonly.close();
    },
  );

  it('stay linked where the project alone moves', async () => {
    const { root, project } = await linkedProject('../data');
    mkdirSync(join(root, 'x', 'y'), { recursive: true });
    renameSync(project, join(root, 'x', 'y', 'p.graft'));
    expect(await originalsOf(join(root, 'x', 'y', 'p.graft'))).toEqual(SAME);
  });

  it('are those of the right content, at whichever of the two places', async () => {
    const { root, project } = await linkedProject('data');
    cpSync(join(root, 'a'), join(root, 'b'), { recursive: true });
    writeFileSync(join(root, 'a', 'data', '0.png'), 'changed');
    writeFileSync(join(root, 'b', 'data', '1.png'), 'changed');
    expect(await originalsOf(join(root, 'b', 'p.graft'))).toEqual(SAME);
    const [first] = await originalsOf(project);
    expect(first).toMatch(/no longer the file that was imported: .*graft relink PROJECT FOLDER/);
  });

  it('that are missing are told with what finds them', async () => {
    const { root, project } = await linkedProject('data');
    rmSync(join(root, 'a', 'data', '2.png'));
    expect((await originalsOf(project))[2]).toMatch(
      /^Image 2\.png is a link, and .*2\.png does not exist\..*Find linked images.*graft relink PROJECT FOLDER/,
    );
  });

  it('of a project from before relative paths were kept get theirs when it is opened', async () => {
    const { root, project } = await linkedProject('data');
    const old = join(root, 'a', 'old.graft');
    const file = createFile(old, {
      migrations: readMigrations().filter(({ version }) => version <= 6),
    });
    const images = `id, dataset_id, name, width_px, height_px, channels, bit_depth, hash, page, link_path, created_at`;
    file.sqlite.exec(`
      ATTACH '${project}' AS new;
      INSERT INTO datasets (id, name, created_at, origin) SELECT id, name, created_at, origin FROM new.datasets;
      INSERT INTO images (${images}) SELECT ${images} FROM new.images;
      DETACH new;
    `);
    file.close();
    renameSync(old, project);
    expect(await originalsOf(project)).toEqual(SAME);
    renameSync(join(root, 'a'), join(root, 'b'));
    expect(await originalsOf(join(root, 'b', 'p.graft'))).toEqual(SAME);
  });
});

describe('finding linked originals again', () => {
  it('goes by content, whatever the files are called now, and says what is missing', async () => {
    const { root, project } = await linkedProject('data');
    const shelf = join(root, 'shelf', 'deep');
    mkdirSync(shelf, { recursive: true });
    renameSync(join(root, 'a', 'data', '0.png'), join(shelf, 'renamed.png'));
    renameSync(join(root, 'a', 'data', '1.png'), join(shelf, 'no-ending'));
    writeFileSync(join(shelf, '1.png'), rgbPng(4, 4, 9)); // the same name, another content
    rmSync(join(root, 'a', 'data', '2.png'));
    const engine = await openEngine(project);
    const report = await engine.call('datasets.relink', {
      project,
      datasetId: 1,
      dir: join(root, 'shelf'),
    });
    expect(report).toMatchObject({ linked: 3, found: 1, moved: 1, unchanged: 0 });
    expect(report.missing.map((image) => image.name)).toEqual(['1.png', '2.png']);
    renameSync(join(shelf, 'no-ending'), join(shelf, 'x.png'));
    const again = await engine.call('datasets.relink', {
      project,
      datasetId: 1,
      dir: join(root, 'shelf'),
    });
    expect(again).toMatchObject({ found: 2, moved: 1, missing: [{ name: '2.png' }] });
    const { images } = await engine.call('images.list', { project, datasetId: 1 });
    expect(images.map((image) => image.linkPath)).toEqual([
      join(shelf, 'renamed.png'),
      join(shelf, 'x.png'),
      join(root, 'a', 'data', '2.png'),
    ]);
  });

  it('leaves what is where it was, and prefers the name it had among copies', async () => {
    const { root, project } = await linkedProject('data');
    const copies = join(root, 'copies');
    mkdirSync(join(copies, 'z'), { recursive: true });
    writeFileSync(join(copies, 'copy.png'), rgbPng(4, 4, 0));
    writeFileSync(join(copies, 'z', '0.png'), rgbPng(4, 4, 0));
    const engine = await openEngine(project);
    const report = await engine.call('datasets.relink', { project, datasetId: 1, dir: copies });
    expect(report).toEqual({ linked: 3, found: 1, moved: 1, unchanged: 2, missing: [], unread: 0 });
    const { images } = await engine.call('images.list', { project, datasetId: 1 });
    expect(images[0]?.linkPath).toBe(join(copies, 'z', '0.png'));
  });

  it('is refused where nothing is linked, or the folder is not there', async () => {
    const { root, project } = await linkedProject('data');
    const engine = await openEngine(project);
    const data = join(root, 'a', 'data');
    await engine.call('datasets.import', { project, name: 'own', path: data, link: false });
    await expect(
      engine.call('datasets.relink', { project, datasetId: 2, dir: data }),
    ).rejects.toThrow('No image is linked here');
    await expect(
      engine.call('datasets.relink', { project, datasetId: 1, dir: join(root, 'nowhere') }),
    ).rejects.toThrow('does not exist');
  });
});
