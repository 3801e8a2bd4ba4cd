/**
 * Who may import whom, type-only imports included. What a file may do inside its folder is eslint's subject.
 *
 *   shared   nothing of ours, nothing of Node: the same code runs in the page
 *   engine   shared
 *   electron shared (it starts the engine as a process, it does not import it)
 *   renderer shared
 *   build    nothing of ours: it runs before anything is installed
 */

/** @param {string} folder @param {string} allowed a pattern of the folders beside it */
const reaches = (folder, allowed) => ({
  name: `${folder}-reaches-only-${allowed.replaceAll('|', '-and-') || 'itself'}`,
  severity: 'error',
  from: { path: `^${folder}/` },
  to: {
    path: '^(shared|engine|electron|renderer|build|test)/',
    pathNot: `^(${[folder, allowed].filter(Boolean).join('|')})/`,
  },
});

/**
 * The wings of a folder, from the top down: each may import those behind it in its list, never one before it.
 * Whoever stands in one line with another may not import it either.
 */
const WINGS = {
  'engine/training': [
    ['live'],
    ['batches'],
    ['pretrain', 'scoring', 'weights'],
    ['objectives'],
    ['network'],
    ['tensorflow', 'images'],
    ['portable', 'webgpu'],
  ],
  'engine/study': [['planning', 'running', 'report'], ['analysis'], ['statistics']],
};
const wingsDownwards = Object.entries(WINGS).flatMap(([folder, floors]) =>
  floors.flatMap((floor, index) =>
    floor.flatMap((wing) => {
      const above = floors.slice(0, index + 1).flat();
      const others = above.filter((other) => other !== wing);
      if (others.length === 0) return [];
      return {
        name: `${folder.replace('engine/', '')}-wings-downwards`,
        severity: 'error',
        from: { path: `^${folder}/${wing}/` },
        to: { path: `^${folder}/(${others.join('|')})/` },
      };
    }),
  ),
);

/** Files of engine/data that read pixels of files, each in the process that imports it. */
const DECODERS = 'decode|decode-mask|read-pages|tiff';

/** @param {string} name @param {string} packages a pattern @param {string} home where they may be imported */
const livesIn = (name, packages, home) => ({
  name: `${name}-only-in-its-home`,
  severity: 'error',
  from: { path: '^(shared|engine|electron|renderer|build)/', pathNot: home },
  to: { path: `(^|/)node_modules/(@types/)?(${packages})(/|$)|^(${packages})$` },
});

/** @param {string} folder */
const withoutNode = (folder) => ({
  name: `${folder}-without-node`,
  severity: 'error',
  from: { path: `^${folder}/` },
  to: { dependencyTypes: ['core'] },
});

export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'declared-packages-only',
      severity: 'error',
      from: { path: '^(shared|engine|electron|renderer)/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    reaches('shared', ''),
    reaches('engine', 'shared'),
    reaches('electron', 'shared'),
    reaches('renderer', 'shared'),
    // Which parts of the engine there are is said there alone.
    { ...reaches('build', ''), from: { path: '^build/', pathNot: '^build/vite\\.engine\\.mjs$' } },
    ...wingsDownwards,
    {
      // Images from anybody cost neither engine nor trainer anything: processes of their own decode them.
      name: 'one-process-decodes-images',
      severity: 'error',
      from: {
        path: '^engine/',
        pathNot: `^engine/data/(decoder-process|${DECODERS})\\.ts$`,
      },
      to: { path: `^engine/data/(${DECODERS})\\.ts$` },
    },
    {
      name: 'labelling-reaches-of-studies-only-statistics',
      severity: 'error',
      from: { path: '^engine/labelling/' },
      to: {
        path: '^engine/(study|handlers|server|cli|care)/',
        pathNot: '^engine/study/statistics/',
      },
    },
    {
      name: 'prompts-reach-only-data-and-isolated',
      severity: 'error',
      from: { path: '^engine/prompts/' },
      to: {
        path: '^engine/',
        pathNot: '^engine/((prompts|data|isolated|db)/|(installation|parts)[.]ts$)',
      },
    },
    {
      name: 'assist-reaches-data-and-db-only',
      severity: 'error',
      from: { path: '^engine/assist/' },
      to: { path: '^engine/(?!assist/|data/|db/|parts[.]ts$)' },
    },
    {
      name: 'elsewhere-reaches-no-door',
      severity: 'error',
      from: { path: '^engine/elsewhere/' },
      to: { path: '^engine/(handlers|server|cli|models|labelling|assist|prompts|care)/' },
    },
    {
      // What trains reads a bundle as a project, and knows nothing of clusters.
      name: 'training-knows-no-elsewhere',
      severity: 'error',
      from: { path: '^engine/(training|db|data|study)/' },
      to: { path: '^engine/elsewhere/' },
    },
    {
      name: 'measure-reaches-data-and-db-only',
      severity: 'error',
      from: { path: '^engine/measure/' },
      to: { path: '^engine/(?!measure/|data/|db/|parts[.]ts$)' },
    },
    withoutNode('shared'),
    withoutNode('renderer'),
    livesIn('electron', 'electron', '^electron/'),
    livesIn('onnxruntime', 'onnxruntime-node', '^engine/(prompts|training/weights)/'),
    livesIn('webgpu', 'webgpu|@tensorflow/tfjs-backend-webgpu', '^engine/training/webgpu/'),
    livesIn('better-sqlite3', 'better-sqlite3', '^engine/db/'),
    // The one exception asks a freshly built addon for a sum before it is used.
    livesIn('tensorflow', '@tensorflow', '^engine/training/|^build/check-tensorflow\\.mjs$'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^test/build/fixtures/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      conditionNames: ['node', 'import', 'types', 'default'],
      exportsFields: ['exports'],
      extensions: ['.ts', '.mjs', '.js', '.d.ts'],
    },
  },
};
