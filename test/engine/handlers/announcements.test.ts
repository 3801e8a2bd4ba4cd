/**
 * Which calls tell everybody what they have changed, and why the others need not: a call that is new stands in one of these
 * lists. That those which only read write nothing is seen in the file of a project.
 */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it, onTestFinished } from 'vitest';
import { createEngine } from '../../../engine/engine.ts';
import { CALL_CHANGES, callInputs, type CallName } from '../../../shared/api.ts';
import { addDataset, temporaryFolder } from '../../fixtures/projects.ts';

/** Calls that change neither a project nor what stays between starts. */
const READING = [
  ...['system.about', 'system.doctor', 'system.licences', 'system.tasks'],
  ...[
    'system.generators',
    'settings.read',
    'files.list',
    'project.list',
    'project.recent',
    'project.check',
  ],
  ...['project.storage', 'datasets.list', 'datasets.preview', 'additions.preview'],
  ...['additions.list', 'images.list', 'images.get', 'images.labels', 'images.alike'],
  ...['images.previewRestore', 'images.previewTransfer', 'bin.list', 'labelMaps.history'],
  ...['splits.list', 'splits.items', 'encoders.list', 'encoders.inspect', 'studies.list'],
  ...['studies.plan', 'studies.status', 'studies.metrics', 'studies.results'],
  ...['studies.analysis', 'studies.power', 'studies.reportPage', 'studies.bundleProgress'],
  ...['runs.list', 'runs.get', 'runs.examples', 'models.list', 'models.starts'],
  ...['models.plan', 'models.pending', 'models.score', 'models.compare', 'measures.table'],
  ...['predict.networks', 'predict.image', 'predict.choices', 'predict.measure'],
  ...['live.state', 'live.curve', 'live.predict', 'labelling.next', 'labelling.time'],
  ...['labelling.progress', 'prompts.state', 'prompts.masks', 'scribbles.images'],
  'classifiers.list',
] as const satisfies readonly CallName[];

/** They write files that the user names, beside the project. */
const WRITING_FILES = [
  ...['project.backup', 'datasets.export', 'encoders.export', 'studies.report', 'runs.export'],
  ...['measures.write', 'predict.files', 'classifiers.files', 'studies.bundle'],
] as const satisfies readonly CallName[];

/** What they change is told by an event of its own (live.state, models.pending, window.painted). */
const TOLD_OTHERWISE = [
  ...['live.start', 'live.pause', 'live.stop', 'live.look', 'live.hand'],
  ...['models.dropPending', 'window.painted'],
] as const satisfies readonly CallName[];

/** They store what no list shows: room on the disk, what can be computed again, where a window was left. */
const STORING_FOR_LATER = [
  ...['project.compact', 'project.rememberPlace', 'images.findAlike', 'prompts.prepare'],
] as const satisfies readonly CallName[];

it('every call says what it changes, or stands where it is said why it need not', () => {
  const silent = [...READING, ...WRITING_FILES, ...TOLD_OTHERWISE, ...STORING_FOR_LATER];
  expect([...silent, ...Object.keys(CALL_CHANGES)].sort()).toEqual(Object.keys(callInputs).sort());
  for (const [name, kinds] of Object.entries(CALL_CHANGES)) {
    expect({ name, kinds: kinds.length }).not.toEqual({ name, kinds: 0 });
  }
});

it('calls that only read write nothing into a project, and tell of nothing', async () => {
  const engine = createEngine();
  onTestFinished(() => engine.close());
  const folder = temporaryFolder();
  const { path: project } = await engine.call('project.create', { path: join(folder, 'p.graft') });
  const datasetId = addDataset(engine.project(project).db, 'cells', { count: 4 });
  const [image] = engine.project(project).db.datasets.images(datasetId);
  const imageId = image?.id ?? 0;
  const split = { project, datasetId, name: 'a', val: 0 };
  const { id: splitId } = await engine.call('splits.create', split);
  const toDatasetId = addDataset(engine.project(project).db, 'others', { count: 1 });
  // What each of them may ask for; none takes what it does not know.
  const input = {
    ...{ project, path: project, datasetId, imageId, imageIds: [imageId], splitId, toDatasetId },
    ...{ dir: folder, toId: toDatasetId, fromId: datasetId, how: 'copy' },
  };
  const other = new Database(project, { readonly: true });
  onTestFinished(() => void other.close());
  const version = () => other.pragma('data_version', { simple: true });
  const answered: string[] = [];
  // These train, for seconds each.
  const slow = new Set<CallName>(['system.doctor', 'studies.plan', 'models.plan']);
  for (const name of READING) {
    if (slow.has(name) || !callInputs[name].safeParse(input).success) continue;
    const events: unknown[] = [];
    const stop = engine.subscribe((event) => void events.push(event));
    const before = version();
    const isAnswered = await engine.callUntrusted(name, input).then(
      () => true,
      () => false,
    );
    if (isAnswered) answered.push(name);
    expect({ name, version: version(), events }).toEqual({ name, version: before, events: [] });
    stop();
  }
  expect(answered.length).toBeGreaterThan(25);
  // Writing is seen so.
  const before = version();
  await engine.call('images.setGroup', { project, imageIds: [imageId], group: 'a' });
  expect(version()).not.toBe(before);
});
