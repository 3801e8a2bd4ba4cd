/**
 * What becomes an installed Graft, and in which packages. The shell alone is in the archive; the engine runs on a Node
 * of its own, so that everything it needs lies beside it as ordinary files (package-contents.mjs). Signed and notarised
 * where the variables that electron-builder reads are set: docs/packaging.md.
 */
import path from 'node:path';
import { projectRoot } from './locations.mjs';
import { packageContents } from './package-contents.mjs';

/** The name of the shell's program; `graft` is the command line. */
const SHELL = 'graft-desktop';
const PROJECT_TYPE = 'application/vnd.graft.project';
const test = process.env['GRAFT_PACKAGE_FLAVOUR'] === 'test';

/** Files of the system that electron-builder makes none of, or worse ones: what a project file is, and its icon. */
const SYSTEM_FILES = [
  `${path.join(projectRoot, 'build/linux/graft-project.xml')}=/usr/share/mime/packages/graft.xml`,
  `${path.join(projectRoot, 'dist/icons/graft.svg')}=/usr/share/icons/hicolor/scalable/mimetypes/application-vnd.graft.project.svg`,
];
const SCRIPTS = {
  afterInstall: 'build/linux/after-install.sh',
  afterRemove: 'build/linux/after-remove.sh',
  fpm: SYSTEM_FILES,
};
/** So that rpm takes the folders away with the files, and two programs of one Electron do not claim the same links. */
const OF_RPM = ['--directories=/opt/Graft', '--rpm-rpmbuild-define=_build_id_links none'];
/** What Electron's program is linked with: electron-builder's own list lacks sound and buffers of graphics, which servers do without. */
const LIBRARIES = {
  deb: [
    ...['libgtk-3-0', 'libnotify4', 'libnss3', 'libxss1', 'libxtst6', 'xdg-utils'],
    ...['libatspi2.0-0', 'libuuid1', 'libsecret-1-0', 'libgbm1', 'libasound2t64 | libasound2'],
  ],
  // As Fedora calls it, or SUSE.
  rpm: [
    ...['gtk3', 'libnotify', 'nss', 'libXScrnSaver', '(libXtst or libXtst6)', 'xdg-utils'],
    ...['at-spi2-core', '(libuuid or libuuid1)'],
    ...['(mesa-libgbm or libgbm1)', '(alsa-lib or libasound2)'],
  ],
};
/** Apple's service is asked where there is something to sign in with. */
const canNotarize = ['APPLE_API_KEY', 'APPLE_ID', 'APPLE_KEYCHAIN_PROFILE'].some(
  (name) => process.env[name] !== undefined,
);

/**
 * @param {import('./package-contents.mjs').Target} target
 * @returns {import('electron-builder').Configuration}
 */
export const configurationFor = (target) => ({
  appId: 'org.graft.desktop',
  productName: 'Graft',
  copyright: 'MIT licence',
  // build/package.mjs puts the built shell there, with a package.json of its own, and draws the icons.
  directories: { app: 'dist/electron', output: 'dist/packages', buildResources: 'dist/icons' },
  // Set where the binary was fetched by hand: nothing is downloaded then.
  ...(process.env['ELECTRON_DIST'] ? { electronDist: process.env['ELECTRON_DIST'] } : {}),
  npmRebuild: false,
  nodeGypRebuild: false,
  asar: true,
  files: ['*.mjs', '*.cjs', 'package.json', '!node_modules'],
  extraResources: packageContents(projectRoot, target),
  electronLanguages: ['en', 'en-US'],
  fileAssociations: [
    { ext: 'graft', name: 'Graft project', description: 'Graft project', role: 'Editor' },
  ],
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
  linux: {
    target: ['AppImage', 'deb', 'rpm', 'tar.gz'],
    category: 'Science',
    executableName: SHELL,
    syncDesktopName: true,
    synopsis: 'Label images and train segmentation networks, offline',
    maintainer: 'The Graft authors <graft@graft.invalid>',
    icon: 'dist/icons/icons',
    mimeTypes: [PROJECT_TYPE],
    desktop: { entry: { Keywords: 'segmentation;annotation;microscopy;images;' } },
  },
  deb: { ...SCRIPTS, packageName: 'graft', depends: LIBRARIES.deb },
  // Its program at the head of the file wants no libfuse 2, which newer systems have not.
  toolsets: { appimage: '1.0.3' },
  rpm: {
    ...SCRIPTS,
    fpm: [...SYSTEM_FILES, ...OF_RPM],
    packageName: 'graft',
    depends: LIBRARIES.rpm,
  },
  mac: {
    target: ['dmg'],
    category: 'public.app-category.graphics-design',
    hardenedRuntime: true,
    gatekeeperAssess: false,
    entitlements: 'build/mac/entitlements.plist',
    entitlementsInherit: 'build/mac/entitlements.plist',
    notarize: canNotarize,
  },
  win: { target: ['nsis', 'zip'] },
  // Without asking for an administrator; settings and projects are the user's, and stay.
  nsis: {
    oneClick: false,
    perMachine: false,
    allowToChangeInstallationDirectory: true,
    deleteAppDataOnUninstall: false,
  },
});

export default configurationFor(process);
