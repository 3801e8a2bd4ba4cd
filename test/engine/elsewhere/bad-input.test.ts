/** Bundles and results that are not as they should be: refused with what to do next, and nothing is lost. */
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openBundle, manifestText } from '../../../engine/elsewhere/bundle.ts';
import { decodeRunFile, encodeRunFile } from '../../../engine/elsewhere/run-file.ts';
import { planHash } from '../../../engine/elsewhere/plan-hash.ts';
import { openProjectInMemory } from '../../../engine/db/project.ts';
import type { SpawnTrainer } from '../../../engine/trainer.ts';
import { createStudy } from '../../../engine/study/planning/create.ts';
import { encodeObjectMap } from '../../../shared/objects/object-map.ts';
import { bundledStudy } from './bundled-study.ts';

/** As another version would have written it. */
function makeOfVersion(dir: string, graft: string): void {
  const { manifest } = openBundle(dir);
  writeFileSync(join(dir, 'bundle.json'), manifestText({ ...manifest, graft }));
}

/** A folder in which nobody may write, root neither. */
function unwritable(path: string): void {
  if (process.getuid?.() === 0) {
    rmSync(path, { recursive: true, force: true });
    symlinkSync('/sys/kernel', path);
    return;
  }
  mkdirSync(path, { recursive: true });
  chmodSync(path, 0o555);
  onTestFinished(() => chmodSync(path, 0o755));
}

describe('a bundle of another version, or one that has lost something', () => {
  it('is computed by that version alone, and its results are taken where the plan is the same, with a word', async () => {
    const { engine, dir, bundle, compute, merge, runs } = await bundledStudy();
    await bundle();
    const [first, second] = runs().map(({ id }) => id);
    await compute(first ?? 0);
    makeOfVersion(dir, '0.0.9');
    await expect(compute(second ?? 0)).rejects.toThrow(
      'was made by Graft 0.0.9, and this is 0.1.0. Install 0.0.9 here and name it in settings.sh',
    );
    const { failures } = await engine.call('studies.bundleProgress', { dir });
    expect(failures.map(({ runId, message }) => [runId, message])).toEqual([
      [second, expect.stringContaining('was made by Graft 0.0.9')],
    ]);
    const report = await merge();
    expect(report.merged).toEqual([first]);
    expect(report.notes.join()).toContain('computed by Graft 0.0.9, and this is 0.1.0');
  });

  it('is asked for an image that it has lost: the folder is named to copy again, and no project', async () => {
    const { dir, bundle, compute, runs } = await bundledStudy();
    await bundle();
    const image = join(dir, 'images', readdirSync(join(dir, 'images'))[0] ?? '');
    rmSync(image);
    const error = { code: 'unreadable' as const, message: `Image a.png is linked to ${image}` };
    const spawn: SpawnTrainer = (_request, onEvent) => {
      onEvent({ type: 'failed', error });
      const ended = Promise.resolve({ orderly: true, detail: '' });
      return { pid: 1, stop: () => undefined, kill: () => undefined, ended };
    };
    await expect(compute(runs()[0]?.id ?? 0, { spawn })).rejects.toThrow(
      `${image} is missing. Copy the whole folder again from where it was made, or make it again.`,
    );
  });

  it('is of the same plan where this version reads more in it than was written', async () => {
    const { db, runs } = await bundledStudy();
    const [run] = runs();
    if (run === undefined) throw new Error('there is no run');
    // As a later version reads it, which knows a setting more and takes it for left out.
    const config = { ...run.config, network: { ...run.config.network, encoderEpsilon: 0.5 } };
    expect(planHash(db, { ...run, config })).toBe(planHash(db, run));
    expect(planHash(db, { ...run, dependsOn: 99 })).not.toBe(planHash(db, run));
  });

  it('says so where its plan is another one', async () => {
    const { dir, bundle } = await bundledStudy();
    await bundle();
    makeOfVersion(dir, '0.0.9');
    const changed = await bundledStudy({ firstSeed: 3 });
    await expect(changed.merge(dir)).rejects.toThrow(
      'It was made by Graft 0.0.9, and this is 0.1.0: where only that has changed, merge with Graft 0.0.9.',
    );
  });
});

describe('a bundle that is not whole', () => {
  it('names what was edited, and every file that is not as it was made', async () => {
    const { dir, engine, bundle } = await bundledStudy();
    await bundle();
    const image = join(dir, 'images', readdirSync(join(dir, 'images'))[0] ?? '');
    const bytes = readFileSync(image);
    writeFileSync(
      image,
      bytes.map((byte) => byte ^ 1),
    );
    const { wrong } = await engine.call('studies.bundleProgress', { dir, check: true });
    expect(wrong).toEqual([
      `${image} was changed. Copy the whole folder again from where it was made, or make it again.`,
    ]);
  });

  it('counts no result that was copied in part, and says how it becomes whole', async () => {
    const { dir, engine, bundle, compute, merge, runs } = await bundledStudy();
    await bundle();
    const id = runs()[0]?.id ?? 0;
    await compute(id);
    const path = join(dir, 'results', `${id}.run`);
    const whole = readFileSync(path);
    for (const bytes of [0, 15, whole.length - 1]) {
      writeFileSync(path, whole.subarray(0, bytes));
      const progress = await engine.call('studies.bundleProgress', { dir, check: true });
      expect(progress).toMatchObject({ done: 0, damaged: [{ runId: id }] });
      expect(progress.waiting).toHaveLength(9);
      expect(progress.wrong?.join()).toContain('damaged (it is cut off). Copy it again');
      await expect(compute(id)).rejects.toThrow('or remove it and run that run again');
      expect((await merge()).refused).toMatchObject([{ file: `${id}.run` }]);
    }
    writeFileSync(path, whole);
    expect(await engine.call('studies.bundleProgress', { dir })).toMatchObject({
      done: 1,
      damaged: [],
    });
    expect((await merge()).merged).toEqual([id]);
  });

  it('says where nothing can be written, before anything is computed', async () => {
    const { dir, bundle, compute, runs } = await bundledStudy();
    await bundle();
    unwritable(join(dir, 'running'));
    await expect(compute(runs()[0]?.id ?? 0)).rejects.toThrow(
      'cannot be written (you may not write there). Choose a folder that you may write to.',
    );
    expect(readdirSync(dir)).not.toContain('results');
    unwritable(`${dir} 2`);
    await expect(bundle(join(`${dir} 2`, 'here'))).rejects.toThrow('you may not write there');
  });
});

describe('a bundle of a study', () => {
  it('is known by its plan, whatever the study is called by now and what else is called so', async () => {
    const { db, engine, project, study, dir, bundle, compute, merge, runs } = await bundledStudy();
    await bundle();
    await compute(runs()[0]?.id ?? 0);
    const other = createStudy(db, { ...study.config, name: 'another', firstSeed: 5 });
    const look = (studyId: number) =>
      engine.call('studies.bundleProgress', { dir, of: { project, studyId } });
    expect(await look(study.id)).toMatchObject({ done: 1 });
    await expect(look(other.id)).rejects.toThrow(
      'holds another study, "small". Choose the folder of this one.',
    );
    expect(await merge()).toMatchObject({ studyId: study.id, merged: [runs()[0]?.id] });
    const copy = await bundledStudy({ name: 'renamed' });
    expect(await copy.merge(dir)).toMatchObject({ studyName: 'renamed' });
  });

  it('is refused by a project that lacks it, or has another one of that name', async () => {
    const { engine, project, study, dir, bundle, merge } = await bundledStudy();
    await bundle();
    const changed = await bundledStudy({ firstSeed: 3 });
    await expect(changed.merge(dir)).rejects.toThrow(
      '10 of 10 runs are planned otherwise. Merge into the project',
    );
    await engine.call('studies.delete', { project, studyId: study.id });
    await expect(merge()).rejects.toThrow('has no study "small"');
  });

  it('holds the objects of its label maps', async () => {
    const { db, engine, project, study, folder } = await bundledStudy();
    const [item] = db.snapshots.items(study.targetSnapshotId);
    const bytes = db.labelMaps.bytes(item?.labelMapId ?? 0) ?? new Uint8Array();
    const objects = encodeObjectMap({ width: 2, height: 1, data: new Uint32Array([0, 7]) });
    db.transaction(() =>
      db.labelMaps.add({ imageId: item?.imageId ?? 0, author: 'human', bytes, objects }),
    );
    const planned = createStudy(db, { ...study.config, name: 'with objects' });
    const dir = join(folder, 'objects');
    await engine.call('studies.bundle', {
      ...{ project, studyId: planned.id, dir, minutes: 10, memoryMb: 1000 },
    });
    const plan = openProjectInMemory(join(dir, 'plan.graft'));
    onTestFinished(() => plan.close());
    const pinned = plan.snapshots
      .items(planned.targetSnapshotId)
      .find(({ imageId }) => imageId === item?.imageId);
    expect([...(plan.labelMaps.objects(pinned?.labelMapId ?? 0) ?? [])]).toEqual([...objects]);
  });

  it('takes the engine along that it was planned for, and another one where it is asked for', async () => {
    const { dir, bundle, compute, runs } = await bundledStudy({
      execution: { threads: 1, parallel: 1, engine: 'webgpu', adapter: 'a card' },
    });
    expect(await bundle()).toMatchObject({ engine: 'webgpu' });
    expect(readFileSync(join(dir, 'settings.sh'), 'utf8')).toContain(
      'SLURM_OPTIONS=(--gres=gpu:1)',
    );
    const asked: string[] = [];
    for (const engine of ['auto', 'tensorflow'] as const) {
      const [id = 0] = runs().map((run) => run.id);
      await compute(id, { engine, onStart: (_, { engine: one }) => asked.push(one) });
      rmSync(join(dir, 'results'), { recursive: true });
    }
    expect(asked).toEqual(['webgpu', 'tensorflow']);
  });

  it('is merged where labels have moved on and clocks are wrong, which is said', async () => {
    const { db, study, dir, bundle, compute, merge, runs } = await bundledStudy();
    await bundle();
    const [item] = db.snapshots.items(study.targetSnapshotId);
    const bytes = db.labelMaps.bytes(item?.labelMapId ?? 0) ?? new Uint8Array();
    db.labelMaps.add({ imageId: item?.imageId ?? 0, author: 'human', bytes });
    const id = runs()[0]?.id ?? 0;
    await compute(id);
    const path = join(dir, 'results', `${id}.run`);
    const file = decodeRunFile(readFileSync(path), path);
    const attempts = file.attempts.map((attempt) => ({
      ...attempt,
      ...{
        host: 'node7',
        startedAt: '2001-01-01T00:00:00.000Z',
        endedAt: '2001-01-01T01:00:00.000Z',
      },
    }));
    writeFileSync(path, encodeRunFile({ ...file, attempts }));
    const { merged, notes } = await merge();
    expect(merged).toEqual([id]);
    expect(notes.join()).toContain('Labels of these images have changed');
    expect(notes.join()).toContain("The clock of node7 differs from this computer's");
    expect(db.runs.get(id)).toMatchObject({
      status: 'done',
      startedAt: '2001-01-01T00:00:00.000Z',
    });
  });
});
