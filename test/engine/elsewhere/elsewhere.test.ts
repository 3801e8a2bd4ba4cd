import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openProjectInMemory } from '../../../engine/db/project.ts';
import { decodeRunFile, encodeRunFile } from '../../../engine/elsewhere/run-file.ts';
import { RunRecords } from '../../../engine/study/running/run-records.ts';
import {
  decodeCheckpoint,
  encodeCheckpoint,
  type TrainingCheckpoint,
} from '../../../engine/training/checkpoint.ts';
import type { GivenCheckpoint, TrainerEvent } from '../../../engine/training/protocol.ts';
import { ENGINE } from '../study/running/fake-trainers.ts';
import { bundledStudy, eventsOf } from './bundled-study.ts';

type TestedImage = Extract<TrainerEvent, { type: 'result' }>;

describe('a bundle', () => {
  it('holds every image once, the plan alone, and scripts that can be run', async () => {
    const { db, study, dir, bundle } = await bundledStudy();
    const report = await bundle();
    expect(report).toMatchObject({ dir, runs: 10, threads: 1, memoryMb: 1000 });
    const items = [study.sourceSnapshotId, study.targetSnapshotId].flatMap((id) =>
      db.snapshots.items(id),
    );
    const hashes = new Set(items.map(({ imageHash }) => imageHash));
    expect(new Set(readdirSync(join(dir, 'images')))).toEqual(hashes);
    const plan = openProjectInMemory(join(dir, 'plan.graft'));
    expect(plan.runs.list().map(({ config }) => config)).toEqual(
      db.runs.list().map(({ config }) => config),
    );
    expect(plan.datasets.image(items[0]?.imageId ?? 0)).toMatchObject({ storage: 'linked' });
    plan.close();
    expect(readdirSync(dir)).not.toContain('plan.graft-wal');
    const listed = readFileSync(join(dir, 'runs.tsv'), 'utf8').trim().split('\n');
    expect(listed).toHaveLength(10);
    // LSF takes minutes, or hours and minutes.
    expect(readFileSync(join(dir, 'lsf.sh'), 'utf8')).toContain('#BSUB -W 10\n');
  });

  it('divides its runs into parts that there are', async () => {
    const { dir, bundle } = await bundledStudy();
    await bundle();
    const choose = (...options: string[]) => {
      const { status, stdout } = spawnSync(join(dir, 'choose.sh'), options, { encoding: 'utf8' });
      return { status, runs: stdout.split('\n').filter((line) => line !== '') };
    };
    const halves = ['1/2', '2/2'].flatMap((part) => choose('--part', part).runs);
    expect(new Set(halves)).toEqual(new Set(choose().runs));
    expect(halves).toHaveLength(10);
    for (const part of ['3/2', '0/2', '1', 'a/2', '1/2/3']) {
      expect([part, choose('--part', part).status]).toEqual([part, 2]);
    }
  });

  it('is refused where it is another one, edited, cut or copied in part', async () => {
    const { dir, engine, bundle, compute, merge, runs } = await bundledStudy();
    await bundle();
    const first = runs()[0]?.id ?? 0;
    const check = async () =>
      (await engine.call('studies.bundleProgress', { dir, check: true })).wrong;
    expect(await check()).toEqual([]);

    const manifest = join(dir, 'bundle.json');
    const whole = readFileSync(manifest, 'utf8');
    writeFileSync(manifest, whole.replace('"checkpointMinutes": 5', '"checkpointMinutes": 6'));
    await expect(merge()).rejects.toThrow('was changed after it was made. Copy the whole folder');
    writeFileSync(manifest, whole.slice(0, 200));
    await expect(compute(first)).rejects.toThrow('is cut off or no manifest');
    writeFileSync(manifest, whole.replace('"formatVersion": 1', '"formatVersion": 2'));
    await expect(compute(first)).rejects.toMatchObject({ code: 'newer-version' });
    rmSync(manifest);
    await expect(merge()).rejects.toThrow('copied in part: it has no bundle.json');
    writeFileSync(manifest, whole);

    const image = join(dir, 'images', readdirSync(join(dir, 'images'))[0] ?? '');
    const bytes = readFileSync(image);
    truncateSync(image, 3);
    expect(await check()).toEqual([expect.stringContaining('is cut off. Copy the whole folder')]);
    rmSync(image);
    expect(await check()).toEqual([expect.stringContaining('is missing. Copy the whole folder')]);
    writeFileSync(image, bytes);
    appendFileSync(join(dir, 'plan.graft'), 'x');
    await expect(compute(first)).rejects.toThrow('plan.graft was changed');
  });

  it('is not made over other files, nor of what runs or is done', async () => {
    const { db, study, dir, bundle, computeAll, merge, runs } = await bundledStudy();
    await bundle();
    await expect(bundle()).rejects.toThrow('is not empty');
    db.runs.setStatus(runs()[0]?.id ?? 0, 'running');
    await expect(bundle(`${dir} 2`)).rejects.toThrow('is running here. Pause it first');
    db.runs.setStatus(runs()[0]?.id ?? 0, 'queued');
    await computeAll();
    await merge();
    expect(db.studies.get(study.id)?.status).toBe('done');
    await expect(bundle(`${dir} 2`)).rejects.toThrow('nothing is left to run');
  });
});

describe('one run of it', () => {
  it('waits for its pretraining, and is computed once', async () => {
    const { bundle, compute, runs } = await bundledStudy();
    await bundle();
    const [pretraining, , finetuning] = runs();
    const dependent = runs().find(({ dependsOn }) => dependsOn !== null)?.id ?? 0;
    expect(pretraining?.kind).toBe('pretrain');
    await expect(compute(dependent)).rejects.toThrow('Run that first: graft run-one');
    expect(await compute(pretraining?.id ?? 0)).toBe('done');
    expect(await compute(dependent)).toBe('done');
    expect(await compute(dependent)).toBe('there already');
    await expect(compute(9999)).rejects.toThrow('There is no run 9999');
    expect(finetuning).toBeDefined();
  });

  it('keeps a state when it is asked to stop, and the next attempt goes on from it', async () => {
    const { db, dir, bundle, compute, merge, runs, engine } = await bundledStudy();
    await bundle();
    const [first] = runs();
    const id = first?.id ?? 0;
    const stop = new AbortController();
    const stopped = compute(id, { stopAt: 2, signal: stop.signal });
    stop.abort();
    await expect(stopped).rejects.toThrow('goes on behind step 2 of 10');
    const progress = await engine.call('studies.bundleProgress', { dir });
    expect(progress.waiting[0]).toMatchObject({ runId: id, hasState: true });
    let given: readonly GivenCheckpoint[] = [];
    await compute(id, { onStart: (checkpoints) => (given = checkpoints) });
    expect(given).toMatchObject([{ runId: id, kind: 'last', step: 2 }]);
    expect(readdirSync(join(dir, 'running'))).toEqual([]);
    expect((await merge()).merged).toEqual([id]);
    // The curve has no gap: two points are the first attempt's.
    expect(db.runs.metrics(id).filter(({ name }) => name === 'loss')).toHaveLength(10);
    expect(db.runs.get(id)).toMatchObject({ status: 'done', step: 10 });
    const [merged] = db.merged.ofStudy(first?.studyId ?? 0);
    expect(merged?.attempts.map(({ end, lastStep }) => [end, lastStep])).toEqual([
      ['interrupted', 2],
      ['done', 10],
    ]);
  });

  it('ends with words where its state is damaged, and leaves no sign of life', async () => {
    const { dir, bundle, compute, runs } = await bundledStudy();
    await bundle();
    const id = runs()[0]?.id ?? 0;
    const stop = new AbortController();
    const stopped = compute(id, { stopAt: 2, signal: stop.signal });
    stop.abort();
    await expect(stopped).rejects.toThrow('goes on behind step 2');
    truncateSync(join(dir, 'running', `${id}.state`), 100);
    await expect(compute(id)).rejects.toThrow('is damaged');
    expect(readdirSync(join(dir, 'running'))).toEqual([`${id}.state`]);
    rmSync(join(dir, 'running', `${id}.state`));
    // Half a sign that somebody left is in nobody's way.
    writeFileSync(join(dir, 'running', `${id}.json`), '{"host":');
    expect(await compute(id)).toBe('done');
  });

  it('is computed once where two come at the same time', async () => {
    const { bundle, compute, runs } = await bundledStudy();
    await bundle();
    const id = runs()[0]?.id ?? 0;
    const ends = await Promise.allSettled([compute(id), compute(id), compute(id)]);
    const done = ends.filter((end) => end.status === 'fulfilled' && end.value === 'done');
    expect(done).toHaveLength(1);
  });

  it('is not computed twice at the same time; one whose computer died is taken over', async () => {
    const { dir, bundle, compute, runs } = await bundledStudy();
    await bundle();
    const id = runs()[0]?.id ?? 0;
    const stop = new AbortController();
    const working = compute(id, { stopAt: 2, signal: stop.signal });
    await expect.poll(() => readdirSync(join(dir, 'running'))).toContain(`${id}.json`);
    // As a process of another computer sees it.
    const sign = join(dir, 'running', `${id}.json`);
    const elsewhere = (beat: number) =>
      writeFileSync(
        sign,
        JSON.stringify({
          ...{ host: 'node7', pid: 1, job: null, processor: 'x', beat, beatMs: 40 },
          ...{ step: 1, steps: 10 },
        }),
      );
    stop.abort();
    await working.catch(() => undefined);
    let beat = 0;
    const heart = setInterval(() => elsewhere(beat++), 20);
    elsewhere(beat++);
    await expect(compute(id)).rejects.toThrow('is being computed on node7');
    clearInterval(heart);
    expect(await compute(id)).toBe('done');
  });

  it('leaves why it failed, and goes on from there when it is run again', async () => {
    const { dir, engine, bundle, compute, merge, runs, db } = await bundledStudy();
    await bundle();
    const id = runs()[0]?.id ?? 0;
    const error = { code: 'invalid-input', message: 'The loss became NaN.' } as const;
    const failing = compute(id, {
      spawn: (_, onEvent) => ({
        ...{ pid: 1, stop: () => undefined, kill: () => undefined },
        ended: (async () => {
          await Promise.resolve();
          onEvent({ type: 'log', message: 'step 3' });
          onEvent({ type: 'failed', error });
          return { orderly: true, detail: '' };
        })(),
      }),
    });
    await expect(failing).rejects.toThrow('NaN');
    const { failures } = await engine.call('studies.bundleProgress', { dir });
    expect(failures).toMatchObject([{ runId: id, message: error.message }]);
    expect(failures[0]?.log.map(({ message }) => message)).toContain('step 3');
    // It stays to be done, unless failures are taken as they are.
    expect((await merge()).failed).toEqual([{ runId: id, message: error.message }]);
    expect(db.runs.get(id)?.status).toBe('queued');
    await merge(dir, true);
    expect(db.runs.get(id)?.status).toBe('failed');
    await compute(id);
    expect((await merge()).merged).toEqual([id]);
    expect(db.runs.get(id)?.status).toBe('done');
  });
});

describe('merging', () => {
  it('says what a study says that ran here', async () => {
    const { db, engine, project, study, bundle, computeAll, merge, runs } = await bundledStudy();
    await bundle();
    await computeAll();
    const report = await merge();
    expect(report).toMatchObject({ refused: [], missing: [], left: 0, status: 'done' });
    const found = await engine.call('studies.analysis', { project, studyId: study.id });
    const encoders = db.encoders.list().map(({ name }) => name);

    // The same study with the same trainers, here.
    const here = await bundledStudy();
    const records = new RunRecords(here.db, () => undefined);
    here.db.studies.setStatus(here.study.id, 'running');
    for (const run of here.runs()) {
      const from = ['best', 'last'].flatMap((kind) => {
        const stored =
          run.dependsOn === null
            ? undefined
            : here.db.runs.checkpoint(run.dependsOn, kind === 'best' ? 'best' : 'last');
        return stored === undefined ? [] : [{ ...stored, runId: run.dependsOn ?? 0 }];
      });
      for (const event of eventsOf(here.db, run, { from })) records.store(run, event);
    }
    records.settleStudy(here.study.id);
    const expected = await here.engine.call('studies.analysis', {
      project: here.project,
      studyId: here.study.id,
    });
    expect(found.headline).toEqual(expected.headline);
    expect(found.comparisons).toEqual(expected.comparisons);
    expect(encoders).toEqual(here.db.encoders.list().map(({ name }) => name));
    for (const { id } of runs()) {
      expect(db.runs.results(id)).toEqual(here.db.runs.results(id));
      expect(db.runs.metrics(id)).toEqual(here.db.runs.metrics(id));
      const hashes = [db, here.db].map((p) => p.runs.checkpoint(id, 'last')?.sha256);
      expect(hashes[0]).toBe(hashes[1]);
    }
  });

  it('takes what is there, as often as one likes, and names what is missing', async () => {
    const { bundle, compute, merge, runs, db, study } = await bundledStudy();
    await bundle();
    const [a, b] = runs().filter(({ kind }) => kind === 'pretrain');
    await compute(a?.id ?? 0);
    expect(await merge()).toMatchObject({ merged: [a?.id], already: [], left: 9 });
    await compute(b?.id ?? 0);
    const report = await merge();
    expect(report).toMatchObject({ merged: [b?.id], already: [a?.id], refused: [], left: 8 });
    expect(report.missing).toHaveLength(8);
    expect(db.studies.get(study.id)?.status).toBe('planned');
  });

  it('refuses strangers, duplicates, other plans, damaged files and what is unfinished, and keeps all that is there', async () => {
    const { dir, bundle, compute, computeAll, merge, runs, db } = await bundledStudy();
    await bundle();
    const [first] = runs();
    const id = first?.id ?? 0;
    const dependent = runs().find(({ dependsOn }) => dependsOn === id)?.id ?? 0;
    const other = await bundledStudy({ firstSeed: 7 });
    await other.bundle();
    await other.computeAll();
    const results = join(dir, 'results');
    const one = (name: string) => join(results, name);

    await computeAll(dir);
    const kept = readFileSync(one(`${id}.run`));
    writeFileSync(one(`${id}.run`), kept.subarray(0, 500));
    const [damaged, ...waiting] = (await merge()).refused;
    expect(damaged?.file).toBe(`${id}.run`);
    expect(damaged?.message).toContain('damaged (it is cut off');
    expect(waiting).toHaveLength(3);
    for (const { message } of waiting)
      expect(message).toContain(`waits for its pretraining, run ${id}`);
    cpSync(join(other.dir, 'results', `${id}.run`), one(`${id}.run`));
    const refused = (await merge()).refused.find(({ file }) => file === `${id}.run`);
    expect(refused?.message).toContain('of another plan');
    writeFileSync(one(`${id}.run`), kept);
    expect((await merge()).refused).toEqual([]);

    // Another computer's result of a run that is done here.
    rmSync(one(`${id}.run`));
    await compute(id, { salt: 0.5 });
    const hash = db.runs.checkpoint(id, 'last')?.sha256;
    expect((await merge()).refused[0]?.message).toContain('is a duplicate');
    expect(db.runs.checkpoint(id, 'last')?.sha256).toBe(hash);
    // And one that started from that.
    db.runs.setStatus(dependent, 'queued');
    rmSync(one(`${dependent}.run`));
    await compute(dependent);
    expect((await merge()).refused.map(({ message }) => message).join()).toContain(
      'that pretraining was computed twice',
    );
    writeFileSync(one('notes.txt'), 'mine');
    writeFileSync(one('7.run.ab12.partial'), 'half');
    const names = (await merge()).refused.map(({ file }) => file);
    expect(names).toContain('notes.txt');
    expect(names).not.toContain('7.run.ab12.partial');
  });

  it('refuses predictions that are cut off, and a file without an end, whatever their hashes say', async () => {
    const { dir, bundle, computeAll, merge, runs } = await bundledStudy();
    await bundle();
    await computeAll();
    const id = runs().find(({ kind, dependsOn }) => kind === 'finetune' && dependsOn === null)?.id;
    const name = `${String(id)}.run`;
    const path = join(dir, 'results', name);
    const file = decodeRunFile(readFileSync(path), path);
    const refused = async (events: readonly TrainerEvent[]) => {
      writeFileSync(path, encodeRunFile({ ...file, events }));
      return (await merge()).refused;
    };
    const cut = file.events.map((event) =>
      event.type === 'result' && event.prediction !== null
        ? { ...event, prediction: event.prediction.slice(0, -1) }
        : event,
    );
    expect(await refused(cut)).toMatchObject([{ file: name }]);
    const [endless] = await refused(file.events.filter(({ type }) => type !== 'done'));
    expect(endless?.message).toContain('it is not finished');
    expect(await refused(file.events)).toEqual([]);
  });

  it('takes nothing of a sound file that is not what its run was planned to find out', async () => {
    const { dir, bundle, computeAll, merge, runs, db } = await bundledStudy();
    await bundle();
    await computeAll();
    const run = runs().find(({ kind, dependsOn }) => kind === 'finetune' && dependsOn === null);
    if (run === undefined) throw new Error('no run starts at random');
    const name = `${run.id}.run`;
    const path = join(dir, 'results', name);
    const file = decodeRunFile(readFileSync(path), path);
    const weights = (change: (checkpoint: TrainingCheckpoint) => TrainingCheckpoint) =>
      file.events.map((event): TrainerEvent => {
        const changed = (bytes: Uint8Array) => encodeCheckpoint(change(decodeCheckpoint(bytes)));
        if (event.type === 'checkpoint') return { ...event, bytes: changed(event.bytes) };
        return event.type === 'done' && event.kept !== null
          ? { ...event, kept: changed(event.kept) }
          : event;
      });
    const withHeader = (header: Partial<TrainingCheckpoint['header']>) =>
      weights((checkpoint) => ({ ...checkpoint, header: { ...checkpoint.header, ...header } }));
    const results = (change: (event: TestedImage) => TrainerEvent[]) =>
      file.events.flatMap((event) => (event.type === 'result' ? change(event) : [event]));
    const trained = run.config.kind === 'finetune' ? (run.config.trainImageIds[0] ?? 0) : 0;
    const wider = { ...run.config.network, base: 2 * run.config.network.base };
    const before = file.events.slice(0, -1);
    const end = file.events.slice(-1);
    const hostile: readonly (readonly [readonly TrainerEvent[], RegExp])[] = [
      [withHeader({ network: wider }), /not those of run .*their network is another one/],
      [withHeader({ seed: run.seed + 1 }), /their seed is another one/],
      [withHeader({ objective: 'simclr' }), /trained by simclr, not by finetune/],
      [withHeader({ step: run.steps + 1 }), /they are of step/],
      [
        weights(({ header, ...rest }) => ({
          ...rest,
          header: {
            ...header,
            trained: {
              ...header.trained,
              parameters: header.trained.parameters.map((one) => ({
                ...one,
                // As many values in another shape.
                shape: one.shape.toReversed(),
              })),
            },
          },
        })),
        /not those of run .* is \d+(×\d+)*, not /,
      ],
      [
        weights((checkpoint) => ({
          ...checkpoint,
          trained: { ...checkpoint.trained, theta: new Float32Array(3) },
        })),
        /its arrays are not as long as its layers/,
      ],
      [results(() => []), /it has 0 scores, and its run is tested on/],
      [results((event) => [event, event]), /scores, and its run is tested on/],
      [
        results((event) => [{ ...event, result: { ...event.result, imageId: trained } }]),
        /scores, and its run is tested on/,
      ],
      [
        results((event) => [
          {
            ...event,
            result: {
              ...event.result,
              classes: [{ classIndex: 1, predictedPx: 1e9, truePx: 1, bothPx: 1 }],
            },
          },
        ]),
        /it counts more pixels of/,
      ],
      [
        results((event) => [{ ...event, result: { ...event.result, dice: 7 } }]),
        /its header is not understood/,
      ],
      [
        [...before, { type: 'metrics', points: [{ step: 1e6, name: 'loss', value: 0 }] }, ...end],
        /it tells of steps that run .* does not have/,
      ],
      [[...before, { type: 'stopped', step: 1 }, ...end], /it holds "stopped"/],
      [
        before.filter(({ type }) => type !== 'checkpoint').concat([{ type: 'done', kept: null }]),
        /it holds no weights/,
      ],
    ];
    const tables = () => [
      db.runs.ofStudy(run.studyId ?? 0).filter(({ id }) => id === run.id),
      db.runs.results(run.id),
      db.runs.hasCheckpoint(run.id),
    ];
    const untouched = tables();
    for (const [events, why] of hostile) {
      writeFileSync(path, encodeRunFile({ ...file, events }));
      const refused = (await merge()).refused.filter((one) => one.file === name);
      expect(refused).toEqual([{ file: name, message: expect.stringMatching(why) as string }]);
      expect(tables()).toEqual(untouched);
    }
    writeFileSync(path, encodeRunFile(file));
    expect((await merge()).refused).toEqual([]);
  });

  it('says in the report where runs of one seed came from different kinds of processors', async () => {
    const { db, engine, project, study, bundle, computeAll, merge, runs } = await bundledStudy();
    await bundle();
    await computeAll();
    await merge();
    const notes = async () =>
      (await engine.call('studies.analysis', { project, studyId: study.id })).notes.join();
    expect(await notes()).not.toContain('kinds of processors');
    for (const { id, kind, transfer } of runs().filter(({ seed }) => seed === 0)) {
      if (kind === 'pretrain') continue;
      const processor = transfer === 'random' ? 'Model A' : 'Model B';
      db.runs.started(id, { ...ENGINE, processor }, []);
      db.runs.ended(id, 'done');
    }
    expect(await notes()).toContain(
      'In 1 of 1 set of arms that share seed and labels, runs came from different kinds of processors (1 run on Model A and 3 runs on Model B)',
    );
  });

  it('puts two halves together that two computers made', async () => {
    const { dir, bundle, compute, merge, runs } = await bundledStudy();
    await bundle();
    const copy = `${dir} of the other`;
    cpSync(dir, copy, { recursive: true });
    const [a, b] = [...new Set(runs().map(({ seed }) => seed))];
    for (const { id, seed } of runs()) await compute(id, {}, seed === a ? dir : copy);
    expect(await merge()).toMatchObject({ refused: [], left: 5 });
    expect(await merge(copy)).toMatchObject({ refused: [], left: 0, status: 'done' });
    expect(b).toBeDefined();
  });
});
