#!/usr/bin/env node
/**
 * Stands in for the program fpm where that cannot be had: makes a .deb of what electron-builder hands over, by
 * dpkg-deb. Named by CUSTOM_FPM_PATH. Refuses whatever it does not know, so that nothing is lost in silence.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
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
  const flag = Object.entries(FLAGS).find(([name]) => name === arg)?.[1];
  const value = args.shift();
  if (flag === undefined || value === undefined)
    throw new Error(`unknown to this stand-in: ${arg}`);
  (given[flag] ??= []).push(value);
}
/** @param {string} flag */
const one = (flag) => {
  const value = given[flag]?.[0];
  if (value === undefined) throw new Error(`missing: ${flag}`);
  return value;
};
if (one('from') !== 'dir' || one('to') !== 'deb') throw new Error('only dir to deb');

const root = mkdtempSync(`${one('package')}-`);
try {
  for (const input of inputs) {
    const [from = '', to = ''] = input.split('=');
    if (!existsSync(from)) throw new Error(`File not found: ${from}`);
    const target = path.join(root, to);
    mkdirSync(path.dirname(target), { recursive: true });
    // Hard links: the contents are large, and only read.
    execFileSync('cp', ['-al', from.replace(/\/$/, ''), target]);
  }
  const control = path.join(root, 'DEBIAN');
  mkdirSync(control);
  const fields = {
    Package: one('name'),
    Version: one('version'),
    License: one('license'),
    Vendor: one('vendor'),
    Architecture: one('architecture'),
    Maintainer: one('maintainer'),
    Depends: (given['depends'] ?? []).join(', '),
    Recommends: (given['recommends'] ?? []).join(', '),
    Section: 'science',
    Priority: one('priority'),
    Homepage: one('url'),
    Description: one('description').trim(),
  };
  const lines = Object.entries(fields).filter(([, value]) => value !== '');
  writeFileSync(
    path.join(control, 'control'),
    `${lines.map(([name, value]) => `${name}: ${value}`).join('\n')}\n`,
  );
  for (const script of ['postinst', 'postrm']) {
    cpSync(one(script), path.join(control, script));
    chmodSync(path.join(control, script), 0o755);
  }
  // A quick one for trying: the real one takes minutes.
  const compression = process.env['STAND_IN_COMPRESSION'] ?? one('compression');
  execFileSync(
    'dpkg-deb',
    ['--root-owner-group', `-Z${compression}`, '--build', root, one('package')],
    {
      stdio: 'inherit',
    },
  );
} finally {
  rmSync(root, { recursive: true, force: true });
}
