/**
 * What lies beside the shell in an installed Graft, under resources/graft: the engine, the page, the packages that run,
 * and Node. One list for each platform; electron-builder.mjs copies it, sbom.mjs describes it, tests read it.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { engineFolder } from './engine.mjs';
import { dawnFolder } from './own-dawn.mjs';
import { productionPackages } from './production-packages.mjs';
import { PROMPT_NETWORK } from './prompt-network.mjs';

/**
 * @typedef {{ platform: string, arch: string }} Target as process.platform and process.arch name them
 * @typedef {{ from: string, to: string, filter?: string[] }} FileSet as electron-builder's extraResources
 */

/** The folder of all this, below the shell's resources. */
export const GRAFT = 'graft';
/** Where staging.mjs puts what it makes for the engine's folder: manifest, licences, parts list, commands, Node. */
export const STAGED = 'dist/engine';
/** And native TensorFlow with its addon; electron-builder leaves a node_modules within a folder out. */
export const STAGED_TENSORFLOW = 'dist/tensorflow';
/** And the network for clicks and boxes, which is no package of the lock file. */
export const STAGED_PROMPTS = 'dist/prompt-network';

/** Never needed to run: types, sources of addons, maps, documentation, what tests and package makers left. */
const NEVER = [
  '!**/*.{ts,cts,mts,map,md,markdown,c,cc,cpp,cxx,h,hpp,gyp,gypi,flow,tsbuildinfo}',
  '!**/*{_test,.test,.spec}.{js,cjs,mjs}',
  '!**/{test,bench,Gruntfile}.js',
  '!**/{Makefile,CMakeLists.txt,Dockerfile,.*,*~,README*,yarn.lock,bower.json,component.json}',
  '!**/{test,tests,__tests__,coverage,example,examples,demo,benchmark,benchmarks,.github}/**',
];
/** Dependencies that nothing loads at run time: types, and what tfjs names for browsers older than ours. */
const UNLOADED =
  /^(?:@types\/.*|@webgpu\/types|undici-types|core-js|regenerator-runtime|node-addon-api)$/;

/**
 * Of a package with builds of one code for many uses, the files that Node loads. Manifest and licence go along.
 *
 * @param {string} name
 * @param {Target} target
 * @returns {readonly string[] | null} null: all of it
 */
function loadedFiles(name, { platform, arch }) {
  const tfjs =
    /^@tensorflow\/(tfjs(?:-(?:core|layers|data|converter|backend-cpu|backend-webgl))?)$/;
  const bundle = tfjs.exec(name)?.[1];
  if (bundle !== undefined) return [`dist/${bundle.replace('tfjs', 'tf')}.node.js`];
  switch (name) {
    case '@tensorflow/tfjs-backend-wasm':
      return ['dist/tf-backend-wasm.node.js', 'dist/*.wasm', 'wasm-out/*.{js,wasm}'];
    case '@tensorflow/tfjs-node':
      return ['dist/**/*.js'];
    case 'better-sqlite3':
      return ['lib/**', `prebuilds/${platform}-${arch}.node`];
    case 'geotiff':
      return ['dist-module/**'];
    case 'h5wasm':
      return ['dist/node/**'];
    case 'onnxruntime-node':
      return ['dist/**', 'lib/**', `bin/napi-v*/${platform}/${arch}/**`];
    case '@tensorflow/tfjs-backend-webgpu':
      return ['dist/tf-backend-webgpu.node.js'];
    case 'webgpu':
      return ['index.js', `${dawnFolder({ platform, arch })}/**`];
    case 'zod':
      return ['**/*.{js,cjs}', '!src/**'];
    default:
      return null;
  }
}

/** @param {string} folder as in the lock file @returns {string} the package's name */
export const nameOfPackage = (folder) => folder.split('node_modules/').at(-1) ?? folder;

/**
 * The packages of an installed Graft, as folders of the lock file, whether they are installed here or not.
 *
 * @param {string} root the project
 * @param {Target} target
 */
export const shippedPackages = (root, target) =>
  productionPackages(root, target).filter((folder) => !UNLOADED.test(nameOfPackage(folder)));

/**
 * @param {string} folder of a package
 * @param {Target} target
 * @returns {string[]} patterns in electron-builder's manner
 */
export function packageFilter(folder, target) {
  const loaded = loadedFiles(nameOfPackage(folder), target);
  // Packages inside a package are listed by themselves.
  if (loaded === null) return ['**/*', '!node_modules/**', ...NEVER];
  return [...loaded, 'package.json', '{LICEN[SC]E,NOTICE,COPYING}*', '!node_modules/**', ...NEVER];
}

/**
 * @param {string} root the project
 * @param {Target} target
 * @returns {FileSet[]}
 */
export function packageContents(root, target) {
  const packages = shippedPackages(root, target).filter((folder) =>
    existsSync(path.join(root, folder)),
  );
  return [
    // What it reads, beside what starts; less what own-operations.mjs compiles.
    { from: 'engine', to: `${GRAFT}/engine`, filter: ['**/*', '!**/*.{ts,cc,h}'] },
    {
      from: path.relative(root, engineFolder(root)),
      to: `${GRAFT}/engine`,
      filter: ['**/*', '!**/*.map', '!compile-cache/**'],
    },
    { from: 'samples', to: `${GRAFT}/samples` },
    { from: 'dist/renderer', to: `${GRAFT}/dist/renderer`, filter: ['**/*', '!**/*.map'] },
    // Under its own name electron-builder would take package.json for the shell's and leave it out.
    { from: STAGED, to: GRAFT },
    ...packages.map((folder) => ({
      from: folder,
      to: `${GRAFT}/${folder}`,
      filter: packageFilter(folder, target),
    })),
    { from: STAGED_TENSORFLOW, to: `${GRAFT}/node_modules/@tensorflow/tfjs-node` },
    { from: STAGED_PROMPTS, to: `${GRAFT}/node_modules/${PROMPT_NETWORK.name}` },
  ];
}
