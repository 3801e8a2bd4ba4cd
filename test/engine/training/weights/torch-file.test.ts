import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { deflateSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { readForeignWeights } from '../../../../engine/training/weights/foreign-weight-file.ts';
import { readTorchFile } from '../../../../engine/training/weights/torch-file.ts';
import { entryNames, looksLikeZip } from '../../../../engine/training/weights/zip-entries.ts';
import { AppError } from '../../../../shared/errors.ts';
import { temporaryFolder } from '../../../fixtures/projects.ts';
import { FIXTURES } from './made-up-weights.ts';
import { code, op, pickle, single, tensor, torchStream, torchZip } from './torch-writer.ts';

const kept = (name: string) => gunzipSync(readFileSync(join(FIXTURES, `torch-${name}.gz`)));
const read = (bytes: Buffer) =>
  readTorchFile(bytes, {
    subject: 'w.pth',
    names: looksLikeZip(bytes) ? entryNames(bytes) : null,
  });

function refusal(bytes: Buffer): string {
  try {
    read(bytes);
  } catch (error) {
    if (error instanceof AppError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'none';
}

const VALUES = Float32Array.from({ length: 9 }, (_, i) => (i - 4) / 3);
const floats = Float32Array.from([1, 2, 3, 4, 5, 6]);
const bytesOf = (values: Float32Array) => new Uint8Array(values.buffer);
const SIX = { elements: 6, shape: [2, 3] };

describe('what PyTorch wrote', () => {
  it.each(['types-zip', 'types-stream'])('%s: every kind of tensor, by value', (name) => {
    const { tensors, notes } = read(kept(name));
    expect(notes).toEqual([
      'Weights are those under state_dict of the file; left out: epoch, arch, best, optimizer.',
    ]);
    expect([...tensors.keys()]).toEqual([
      ...['float64', 'float32', 'float16', 'bfloat16'],
      ...['turned', 'part', 'tied', 'parameter', 'last'],
    ]);
    for (const [type, deviation] of [
      ['float64', 1e-7],
      ['float32', 0],
      ['float16', 1e-3],
      ['bfloat16', 1e-2],
      ['tied', 0],
      ['parameter', 0],
    ] as const) {
      const { shape, values } = tensors.get(type) ?? { shape: [], values: [] };
      expect(shape).toEqual([3, 3]);
      values.forEach((v, i) => {
        expect(Math.abs(v - (VALUES[i] ?? NaN))).toBeLessThanOrEqual(deviation);
      });
    }
    const at = (...indices: number[]) => indices.map((i) => VALUES[i] ?? NaN);
    expect([...(tensors.get('turned')?.values ?? [])]).toEqual(at(0, 3, 6, 1, 4, 7, 2, 5, 8));
    expect([...(tensors.get('part')?.values ?? [])]).toEqual(at(3, 5, 6, 8));
    // Channels last in memory, [2, 3, 3, 3] by its strides.
    const last = tensors.get('last')?.values ?? new Float32Array();
    expect([...last]).toEqual(Array.from({ length: 54 }, (_, i) => VALUES[i % 9] ?? NaN));
  });

  it('written by hand, in both formats', () => {
    const data = single('a', tensor({ ...SIX, strides: [1, 2] }));
    for (const file of [torchZip(data, { 0: bytesOf(floats) }), torchStream(data, { 0: floats })]) {
      expect(read(file).tensors.get('a')).toEqual({
        shape: [2, 3],
        values: Float32Array.of(1, 3, 5, 2, 4, 6),
      });
    }
  });

  it('is read in a process of its own', async () => {
    const path = join(temporaryFolder(), 'resnet18.pth');
    writeFileSync(path, kept('resnet18-stream'));
    const { network, report, obstacle } = await readForeignWeights(path, {
      preprocessing: 'auto',
      base: 8,
    });
    expect(obstacle).toBeNull();
    expect(network).toMatchObject({ encoder: 'resnet18', encoderWidth: 1 / 16 });
    expect(report).toMatchObject({ naming: 'torchvision', unused: ['fc.weight', 'fc.bias'] });
  });
});

describe('files that were made to do harm', () => {
  const good = tensor(SIX);
  const attack = (data: Buffer) => torchZip(data, { 0: bytesOf(floats) });

  it.each([
    [
      'os.system',
      code(op.name('os', 'system'), '(', op.text('true'), 'tR'),
      /asks for os\.system\./,
    ],
    [
      'posix.system by stack',
      code(op.text('posix'), op.text('system'), '\u0093'),
      /asks for posix\.system\./,
    ],
    ['builtins.eval', code(op.name('builtins', 'eval'), '(', op.text('1'), 'tR'), /builtins\.eval/],
    ['a class of its own', op.name('__main__', 'Net'), /asks for __main__\.Net\./],
    ['a name that breaks lines', op.name('a"\u0007', 'b'), /asks for a\\"\\u0007\.b/],
    ['INST', code('(', op.raw('ios\nsystem\n')), /holds the instruction INST/],
    ['OBJ', code('(', op.text('x'), 'o'), /holds the instruction OBJ/],
    ['EXT1', op.raw('\u0082\u0001'), /holds the instruction EXT1/],
    ['a call of text', code(op.text('os'), ')R'), /calls what is no function/],
    ['BUILD of a name', code(op.name('collections', 'OrderedDict'), '}b'), /\(BUILD\)/],
    ['BUILD of a list', code(']', '}b'), /\(BUILD\)/],
    [
      'a dictionary of tuples',
      code('})', op.int(1), 's'),
      /keys that are neither text nor numbers/,
    ],
  ])('%s is refused by name, and nothing is run', (_, body, message) => {
    for (const file of [attack(pickle(body)), torchStream(pickle(body))]) {
      expect(refusal(file)).toMatch(/^unsupported: .*runs nothing/);
      expect(refusal(file)).toMatch(message);
    }
  });

  it.each([
    ['a storage too small', single('a', tensor({ elements: 7, shape: [7] })), /fewer bytes/],
    [
      'beyond its storage',
      single('a', tensor({ elements: 6, shape: [7] })),
      /beyond its storage \(7 of 6\)/,
    ],
    [
      'an offset beyond',
      single('a', tensor({ elements: 6, offset: 6, shape: [1] })),
      /beyond its storage/,
    ],
    [
      'a negative side',
      single('a', tensor({ elements: 6, shape: [-1] })),
      /shape of a tensor is none/,
    ],
    [
      'one number 10^12 times',
      single('a', tensor({ elements: 6, shape: [1e6, 1e6], strides: [0, 0] })),
      /claims more numbers/,
    ],
    [
      'a storage that is missing',
      single('a', tensor({ ...SIX, key: '../0' })),
      /storage \.\.\/0 is missing/,
    ],
    [
      'a storage called',
      pickle(op.name('torch', 'FloatStorage'), '(', op.int(1), 'tR'),
      /something else than a tensor/,
    ],
    ['an empty stack', pickle('R'), /empty stack/],
    ['a mark that is missing', pickle('t'), /mark is missing/],
    ['what it never had', pickle('h\u0007'), /never had/],
    [
      'a number of a megabyte',
      pickle('\u008b', Buffer.from([0, 0, 16, 0])),
      /a number has 1048576 bytes/,
    ],
    ['text of 4 GB', pickle('X', Buffer.from([255, 255, 255, 255])), /ends in the middle/],
    ['text of 2^63 bytes', pickle('\u008d', Buffer.alloc(8, 255)), /ends in the middle/],
    ['three million values', pickle('N'.repeat(3_000_000)), /more than 2000000 values/],
  ])('%s is damage', (_, data, message) => {
    expect(refusal(attack(data))).toMatch(/^corrupt: w\.pth is damaged/);
    expect(refusal(attack(data))).toMatch(message);
  });

  it('tensors that share one storage a thousand times take no more than the file may', () => {
    const shared = Array.from({ length: 1000 }, (_, i) => [
      op.text(`t${i}`),
      tensor({ elements: 65_536, shape: [65_536] }),
    ]);
    const data = pickle('}(', ...shared.flat(), 'u');
    const file = torchZip(data, { 0: new Uint8Array(4 * 65_536) });
    const before = process.memoryUsage().arrayBuffers;
    expect(refusal(file)).toMatch(/claims more numbers than it holds/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 24);
  });

  it('values that hold one another by the memo double nothing', () => {
    // Sixty tuples, each of the one before twice: 2^60 if they were copied.
    const twice = Array.from({ length: 60 }, (_, i) =>
      code('q', Buffer.of(i), 'h', Buffer.of(i), '\u0086'),
    );
    const bomb = code(op.int(1), ...twice);
    const itself = code('}q\u0064', op.text('me'), 'h\u0064s');
    const data = pickle(
      '}(',
      op.text('bomb'),
      bomb,
      op.text('itself'),
      itself,
      op.text('a'),
      good,
      'u',
    );
    const { tensors, notes } = read(attack(data));
    expect([...tensors.keys()]).toEqual(['a']);
    expect(notes).toEqual(['No tensors, left out: bomb, itself.']);
  });

  it('entries that unpack to gigabytes are not unpacked', () => {
    const file = attack(single('a', good));
    const bomb = Buffer.from(deflateSync(new Uint8Array(2 ** 20)));
    expect(bomb.length).toBeLessThan(2000);
    // The size that the entry of the directory claims, which fflate makes room by.
    const directory = file.lastIndexOf('PK\u0001\u0002', undefined, 'latin1');
    file.writeUInt32LE(2 ** 31 - 1, directory + 24);
    expect(refusal(file)).toMatch(/claims 2147 MB, far more than the file can hold/);
  });

  it('keys of no dictionary of ours are special', () => {
    const data = pickle('}(', op.text('__proto__'), good, op.text('constructor'), good, 'u');
    const { tensors } = read(attack(data));
    expect([...tensors.keys()]).toEqual(['__proto__', 'constructor']);
    expect(Object.hasOwn({}, 'shape')).toBe(false);
  });

  it('programs of TorchScript and several sets of weights are told from weights', () => {
    const script = torchZip(single('a', good), { '../constants.pkl': new Uint8Array() });
    const renamed = Buffer.from(
      script
        .toString('latin1')
        .replaceAll('archive/data/../constants.pkl', 'archive/code/aa/constants.pkl'),
      'latin1',
    );
    expect(refusal(renamed)).toMatch(/^unsupported: .*TorchScript program/);
    const two = pickle(
      '}(',
      op.text('x'),
      '}',
      op.text('a'),
      good,
      's',
      op.text('y'),
      '}',
      op.text('a'),
      good,
      'su',
    );
    expect(refusal(attack(two))).toMatch(/several sets of them \(x, y\)/);
    expect(refusal(attack(pickle(op.int(3))))).toMatch(
      /holds no tensors by name\. Save the weights alone/,
    );
  });

  it.each(['resnet18-zip', 'resnet18-stream'])('%s, cut off anywhere, is refused', (name) => {
    const whole = kept(name);
    for (const share of [0.001, 0.05, 0.3, 0.6, 0.9, 0.9999]) {
      const cut = whole.subarray(0, Math.floor(share * whole.length));
      if (looksLikeZip(cut)) expect(() => entryNames(cut)).toThrow();
      else expect(refusal(cut)).toMatch(/^corrupt: w\.pth is damaged, cut off/);
    }
  });
});
