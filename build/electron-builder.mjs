/**
 * What goes into an installed Graft. The shell alone is in the archive; the engine runs on a Node of its own, so its
 * sources, its packages (libtensorflow and sharp among them) and that Node lie beside it as ordinary files.
 */
import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from './locations.mjs';
import { productionPackages } from './production-packages.mjs';
import { tfjsNode } from './tensorflow.mjs';

const GRAFT = 'graft';
/** Never needed to run: types, sources of addons, maps, documentation. */
const LEFT_OUT = ['!**/*.{d.ts,d.mts,d.cts,map,md,c,cc,cpp,h,hpp}', '!**/{test,tests,docs}/**'];
const test = process.env['GRAFT_PACKAGE_FLAVOUR'] === 'test';
const nodeName = process.platform === 'win32' ? 'node.exe' : 'node';

/** The addon of tfjs-node, and the library beside it, as setting up has linked them in; none: the portable engine. */
function nativeTensorflow() {
  const addon = path.join(tfjsNode(projectRoot), 'lib', 'napi-v8');
  if (!existsSync(addon)) return [];
  return [
    {
      from: path.join(realpathSync(addon), '..', '..'),
      to: `${GRAFT}/node_modules/@tensorflow/tfjs-node`,
      filter: ['lib/**', 'deps/lib/**'],
    },
  ];
}

/** @type {import('electron-builder').Configuration} */
export default {
  appId: 'org.graft.desktop',
  productName: 'Graft',
  copyright: 'MIT licence',
  // build/package.mjs puts the built shell there, with a package.json of its own.
  directories: { app: 'dist/electron', output: 'dist/packages', buildResources: 'build/icons' },
  // Set where the binary was fetched by hand: nothing is downloaded then.
  ...(process.env['ELECTRON_DIST'] ? { electronDist: process.env['ELECTRON_DIST'] } : {}),
  npmRebuild: false,
  nodeGypRebuild: false,
  asar: true,
  files: ['*.mjs', '*.cjs', 'package.json', '!node_modules'],
  extraResources: [
    { from: 'engine', to: `${GRAFT}/engine` },
    { from: 'shared', to: `${GRAFT}/shared` },
    { from: 'samples', to: `${GRAFT}/samples` },
    { from: 'dist/renderer', to: `${GRAFT}/dist/renderer`, filter: ['**/*', '!**/*.map'] },
    // package.json and licence of the engine, copied there: under its own name electron-builder would take the first
    // for the shell's and leave that out of the archive.
    { from: 'dist/engine', to: GRAFT },
    { from: process.execPath, to: `${GRAFT}/${nodeName}` },
    ...productionPackages(projectRoot).map((folder) => ({
      from: path.join(projectRoot, folder),
      to: `${GRAFT}/${folder}`,
      // Packages inside a package are listed by themselves; the addon comes from where it really is.
      filter: ['**/*', '!node_modules/**', '!lib/napi-v8', '!deps/**', ...LEFT_OUT],
    })),
    ...nativeTensorflow(),
  ],
  fileAssociations: [{ ext: 'graft', name: 'Graft project', role: 'Editor' }],
  electronFuses: {
    runAsNode: false,
    enableCookieEncryption: true,
    enableNodeOptionsEnvironmentVariable: false,
    // Playwright drives the test flavour through it.
    enableNodeCliInspectArguments: test,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    grantFileProtocolExtraPrivileges: false,
  },
  linux: { target: ['AppImage', 'deb', 'tar.gz'], category: 'Science' },
  mac: { target: ['dmg'], category: 'public.app-category.graphics-design' },
  win: { target: ['nsis'] },
};
