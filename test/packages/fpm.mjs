#!/usr/bin/env node
/**
 * Stands in for the program fpm where that cannot be had: makes a .deb by dpkg-deb or an .rpm by rpmbuild of what
 * electron-builder hands over. Named by CUSTOM_FPM_PATH. Refuses whatever it does not know, so that nothing is lost in
 * silence.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

const FLAGS = {
  '-s': 'from',
  '-t': 'to',
  '-d': 'depends',
  '--deb-recommends': 'recommends',
  '--deb-compression': 'compression',
  '--rpm-compression': 'compression',
  '--rpm-os': 'os',
  '--rpm-summary': 'summary',
  '--rpm-rpmbuild-define': 'define',
  '--directories': 'directories',
  '--architecture': 'architecture',
  '--after-install': 'postinst',
  '--after-remove': 'postrm',
  '--description': 'description',
  '--version': 'version',
  '--package': 'package',
  '--name': 'name',
  '--maintainer': 'maintainer',
  '--vendor': 'vendor',
  '--url': 'url',
  '--deb-priority': 'priority',
  '--license': 'license',
  '--category': 'category',
};

/** @type {Record<string, string[]>} */
const given = {};
/** @type {string[]} */
const inputs = [];
const args = process.argv.slice(2);
while (args.length > 0) {
  const arg = args.shift() ?? '';
  if (arg === '--force') continue;
  if (!arg.startsWith('-')) {
    inputs.push(arg);
    continue;
  }
  const [, name = arg, joined] = /^(--[a-z-]+)=(.*)$/.exec(arg) ?? [];
  const flag = Object.entries(FLAGS).find(([known]) => known === name)?.[1];
  const value = joined ?? args.shift();
  if (flag === undefined || value === undefined)
    throw new Error(`unknown to this stand-in: ${arg}`);
  (given[flag] ??= []).push(value);
}
const all = (/** @type {string} */ flag) => given[flag] ?? [];
/** @param {string} flag */
const one = (flag) => {
  const value = given[flag]?.[0];
  if (value === undefined) throw new Error(`missing: ${flag}`);
  return value;
};

/** A quick one for trying: the real one takes minutes. */
const compression = () => process.env['STAND_IN_COMPRESSION'] ?? one('compression');

/** @param {string} root a folder, which becomes what the package holds */
function gather(root) {
  for (const input of inputs) {
    const [from = '', to = ''] = input.split('=');
    if (!existsSync(from)) throw new Error(`File not found: ${from}`);
    const target = path.join(root, to);
    mkdirSync(path.dirname(target), { recursive: true });
    // Hard links: the contents are large, and only read.
    execFileSync('cp', ['-al', from.replace(/\/$/, ''), target]);
  }
}

/** @param {Record<string, string>} fields */
const header = (fields) =>
  Object.entries(fields)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('');

/** @param {string} temporary a folder */
function makeDeb(temporary) {
  gather(temporary);
  const control = path.join(temporary, 'DEBIAN');
  mkdirSync(control);
  const fields = {
    Package: one('name'),
    Version: one('version'),
    License: one('license'),
    Vendor: one('vendor'),
    Architecture: one('architecture'),
    Maintainer: one('maintainer'),
    Depends: all('depends').join(', '),
    Recommends: all('recommends').join(', '),
    Section: 'science',
    Priority: one('priority'),
    Homepage: one('url'),
    Description: one('description').trim(),
  };
  writeFileSync(path.join(control, 'control'), header(fields));
  for (const script of ['postinst', 'postrm']) {
    cpSync(one(script), path.join(control, script));
    chmodSync(path.join(control, script), 0o755);
  }
  const flags = ['--root-owner-group', `-Z${compression()}`];
  execFileSync('dpkg-deb', [...flags, '--build', temporary, one('package')], { stdio: 'inherit' });
}

/**
 * Like fpm's: every file is the package's, of folders those below --directories alone.
 *
 * @param {string} root
 * @param {string} folder below root
 * @returns {string[]} lines of %files
 */
function ownedFiles(root, folder = '/') {
  return readdirSync(path.join(root, folder)).flatMap((name) => {
    const file = path.join(folder, name);
    if (!lstatSync(path.join(root, file)).isDirectory()) return [`"${file}"`];
    const owned = all('directories').some((own) => `${file}/`.startsWith(`${own}/`));
    return [...(owned ? [`%dir "${file}"`] : []), ...ownedFiles(root, file)];
  });
}

/** @param {string} temporary a folder */
function makeRpm(temporary) {
  const tree = path.join(temporary, 'tree');
  mkdirSync(tree);
  gather(tree);
  const fields = {
    Name: one('name'),
    Version: one('version'),
    Release: '1',
    Summary: one('summary'),
    License: one('license'),
    Vendor: one('vendor'),
    URL: one('url'),
    Packager: one('maintainer'),
    AutoReqProv: 'no',
  };
  const script = (/** @type {string} */ name) => readFileSync(one(name), 'utf8');
  const spec = [
    ...all('define').map((line) => `%global ${line}`),
    '%global __os_install_post %{nil}',
    header(fields) +
      all('depends')
        .map((name) => `Requires: ${name}\n`)
        .join(''),
    `%description\n${one('description').trim()}`,
    `%install\nmkdir -p %{buildroot}\ncp -al '${tree}/.' %{buildroot}`,
    `%post\n${script('postinst')}`,
    `%postun\n${script('postrm')}`,
    `%files\n%defattr(-,root,root,-)\n${ownedFiles(tree).join('\n')}`,
  ];
  const specFile = path.join(temporary, 'graft.spec');
  writeFileSync(specFile, `${spec.join('\n\n')}\n`);
  const payload = compression() === 'none' ? 'w0.gzdio' : 'w6T0.xzdio';
  const defines = { _topdir: path.join(temporary, 'rpm'), _binary_payload: payload };
  execFileSync(
    'rpmbuild',
    [
      ...Object.entries(defines).flatMap(([name, value]) => ['--define', `${name} ${value}`]),
      ...['--quiet', '-bb', '--target', `${one('architecture')}-${one('os')}`, specFile],
    ],
    { stdio: 'inherit' },
  );
  const built = path.join(defines._topdir, 'RPMS', one('architecture'));
  for (const file of readdirSync(built)) renameSync(path.join(built, file), one('package'));
}

const make = { deb: makeDeb, rpm: makeRpm }[one('to')];
if (one('from') !== 'dir' || make === undefined) throw new Error('only dir to deb or rpm');
const temporary = path.resolve(mkdtempSync(`${one('package')}-`));
try {
  make(temporary);
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
