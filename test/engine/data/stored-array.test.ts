import { strToU8, zipSync } from 'fflate';
import { gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodeImage, pageCount } from '../../../engine/data/decode.ts';
import { decodeMask } from '../../../engine/data/decode-mask.ts';
import { encodeTiff } from '../../../engine/data/encode-tiff.ts';
import { fileInMemory } from '../../../engine/data/image-file.ts';
import { encodeNifti, pixelSizeOfNifti } from '../../../engine/data/nifti.ts';
import { encodeNpy } from '../../../engine/data/npy.ts';

const bytes = (base64: string) => Buffer.from(base64, 'base64');
const unpacked = (base64: string) => Buffer.from(inflateSync(bytes(base64)));

// nibabel 5.4: numpy.arange(24).reshape(4, 3, 2) as int16 (NIfTI-1), as uint8 (NIfTI-2).
const NIFTI_1 = unpacked(
  'eNqLYWQgCjAzsAAxEwMjFKICFgYBMN1gjx9vcIbQgwUw4ZHD5k5ixRgY8rQNoSw2Bh4GIaBNHAx8DCLAkOIChpUYMATZGXgZhIFhysnAzyDKwMrAzSDIIM4AAPc/DEk=',
);
const NIFTI_2 = unpacked(
  'eNqTYWJgyNM2YuDlkuJiYuBgYGaAABYoDeMzQWlGAjR+8GE/lLYnlVZgQjHHnmEIACZM/xPpblg4EVRnT111WAAbjxATB58IC5eAGCM7rzAzJ78oK7egOACB3hLa',
);
// numpy 2.4: numpy.arange(6).reshape(2, 3) as '>u2', in Fortran's order.
const NPY_FORTRAN = bytes(
  'k05VTVBZAQB2AHsnZGVzY3InOiAnPnUyJywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwgMyksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAADAAEABAACAAU=',
);
const NPY_OBJECTS = bytes(
  'k05VTVBZAQB2AHsnZGVzY3InOiAnfE8nLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMSwpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAqABJWWAAAAAAAAAIwWbnVtcHkuX2NvcmUubXVsdGlhcnJheZSMDF9yZWNvbnN0cnVjdJSTlIwFbnVtcHmUjAduZGFycmF5lJOUSwCFlEMBYpSHlFKUKEsBSwGFlGgDjAVkdHlwZZSTlIwCTziUiYiHlFKUKEsDjAF8lE5OTkr/////Sv////9LP3SUYoldlH2UjAVtYXNrc5RLAXNhdJRiLg==',
);
// masks: numpy.eye(3, dtype=bool); flows: zeros.
const NPZ = bytes(
  'UEsDBC0AAAAIAAAAIQDEibRi//////////8JABQAbWFza3MubnB5AQAQAIkAAAAAAAAATAAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBek2SorqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RrGOgrGmjoKtQpkAy5GBgYGMAYAUEsDBC0AAAAIAAAAIQBPpDwS//////////8JABQAZmxvd3MubnB5AQAQAJAAAAAAAAAASQAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBuk2airqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RpGOgpGmjoKtQpkAy4GNAAAUEsBAi0DLQAAAAgAAAAhAMSJtGJMAAAAiQAAAAkAAAAAAAAAAAAAAIABAAAAAG1hc2tzLm5weVBLAQItAy0AAAAIAAAAIQBPpDwSSQAAAJAAAAAJAAAAAAAAAAAAAACAAYcAAABmbG93cy5ucHlQSwUGAAAAAAIAAgBuAAAACwEAAAAA',
);

const of = (page = 0) => ({ subject: 'a', page });
const image = (file: Uint8Array, page = 0) => decodeImage(fileInMemory(file), of(page));
const mask = (file: Uint8Array, page = 0) => decodeMask(fileInMemory(file), of(page));
const refusal = (file: Uint8Array) =>
  image(file).then(
    () => 'none',
    (error: unknown) => (error instanceof Error ? error.message : ''),
  );

describe('NIfTI', () => {
  it.each([
    ['NIfTI-1', NIFTI_1, Float32Array],
    ['NIfTI-2', NIFTI_2, Uint8Array],
    ['packed', gzipSync(NIFTI_1), Float32Array],
  ])('%s: slice k, voxel (i, j) is the pixel x = i, y = j', async (_, file, type) => {
    expect(await pageCount(fileInMemory(file), { subject: 'a' })).toBe(2);
    for (const k of [0, 1]) {
      const { width, height, channels, data } = await image(file, k);
      expect([width, height, channels]).toEqual([4, 3, 1]);
      const wanted = Array.from({ length: 12 }, (__, p) => 6 * (p % 4) + 2 * Math.floor(p / 4) + k);
      expect(data).toEqual(type.from(wanted));
    }
    expect((await mask(file, 1)).values[5]).toBe(9);
  });

  it('is written as read, and its header is that of NIfTI-1', async () => {
    const data = Uint16Array.of(1, 2, 3, 4, 5, 70);
    const file = encodeNifti({ width: 3, height: 2, data }, { size: 65, unit: 'nm' });
    expect(await pixelSizeOfNifti(fileInMemory(file), 'a.nii.gz')).toEqual({
      pixelSize: { size: 0.065, unit: 'um' },
      why: 'its NIfTI header',
    });
    expect(await image(file)).toMatchObject({ width: 3, height: 2, data });
    const header = gunzipSync(file);
    expect([header.readInt32LE(0), header.readInt16LE(70), header.readFloatLE(108)]).toEqual([
      ...[348, 512, 352],
    ]);
    expect(header.toString('latin1', 344, 348)).toBe('n+1\0');
  });

  it('scales where the header says so', async () => {
    const file = Buffer.from(NIFTI_1);
    file.writeFloatLE(0.5, 112);
    file.writeFloatLE(10, 116);
    expect((await image(file)).data.slice(0, 3)).toEqual(Float32Array.of(10, 13, 16));
  });

  it.each([
    ['axes', 40, 9, /speaks of 9 axes/],
    ['a side', 42, -4, /its axes have -4×3×2 voxels/],
    ['sides', 42, 100, /voxels need 1552 bytes, and \d+ are there/],
    ['a type', 70, 32, /complex numbers/],
    ['a type of its own', 70, 3, /numbers of type 3/],
    ['its mark', 344, 0x696e, /voxels stand in a file of their own/],
  ])('with a wrong header is refused by %s', async (what, at, value, message) => {
    const file = Buffer.from(NIFTI_1);
    file.writeInt16LE(value, at);
    if (what === 'its mark') file.write('ni1', 344, 'latin1');
    expect(await refusal(file)).toMatch(message);
    expect(await refusal(gzipSync(file))).toMatch(message);
  });

  it.each([
    ['no size', 0],
    ['another size', 352],
  ])(
    'whose header gives %s is said to, and by its name where nothing else says what it is',
    async (_, size) => {
      const file = Buffer.from(NIFTI_1);
      file.writeInt32LE(size, 0);
      const why = `its header says that it has ${size} bytes; those of NIfTI have 348 or 540`;
      expect(await refusal(file)).toContain(why);
      expect(await refusal(gzipSync(file))).toContain(why);
      file.write('xxx', 344, 'latin1');
      const called = (subject: string) => decodeImage(fileInMemory(file), { subject });
      await expect(called('a.nii.gz')).rejects.toThrow(
        /^a\.nii\.gz is called as NIfTI is, but has no/,
      );
      await expect(called('a.png')).rejects.toThrow(/is not an image that Graft can read/);
    },
  );

  it('with a header that contradicts itself is read by the rest of it, which is said', async () => {
    const file = Buffer.from(NIFTI_1);
    file.writeInt16LE(7, 72);
    file.writeFloatLE(2, 112);
    file.writeFloatLE(Number.NaN, 116);
    const { data, notes } = await image(file);
    expect(data.slice(0, 3)).toEqual(Float32Array.of(0, 12, 24));
    expect(notes).toEqual([
      'its header says 7 bits a voxel, and its type has 16: the type is taken',
      'its header says that NaN is added to each value: nothing is added',
    ]);
  });

  it('that claims more than it holds is not unpacked', async () => {
    const file = Buffer.from(NIFTI_1);
    [30_000, 30_000, 2].forEach((side, i) => file.writeInt16LE(side, 42 + 2 * i));
    expect(await refusal(gzipSync(file))).toMatch(/more than it can hold/);
    expect(await refusal(NIFTI_1.subarray(0, 360))).toMatch(/and 360 are there/);
    expect(await refusal(NIFTI_1.subarray(0, 100))).toMatch(/header is cut off/);
  });
});

describe('arrays of NumPy', () => {
  it('are read in either order, of bytes and of sides', async () => {
    const { width, height, data } = await image(NPY_FORTRAN);
    expect([width, height, data]).toEqual([3, 2, Uint16Array.of(0, 1, 2, 3, 4, 5)]);
    const again = encodeNpy({ shape: [2, 3], data: Uint32Array.of(1, 2, 3, 4, 5, 70_000) });
    expect((await mask(again)).objects).toEqual(Uint32Array.of(1, 2, 3, 4, 5, 70_000));
  });

  it('have pages, or channels where the last side is short', async () => {
    const stack = encodeNpy({
      shape: [2, 1, 5],
      data: Uint8Array.from({ length: 10 }, (_, i) => i),
    });
    expect(await pageCount(fileInMemory(stack), { subject: 'a' })).toBe(2);
    expect((await image(stack, 1)).data).toEqual(Uint8Array.of(5, 6, 7, 8, 9));
    const colours = encodeNpy({ shape: [1, 2, 3], data: Uint8Array.of(1, 2, 3, 4, 5, 6) });
    expect(await image(colours)).toMatchObject({ width: 2, height: 1, channels: 3, notes: [] });
    // Far shorter than both others: a guess, which is said.
    const five = encodeNpy({ shape: [40, 48, 5], data: new Uint8Array(40 * 48 * 5) });
    expect(await image(five)).toMatchObject({ width: 48, height: 40, channels: 5 });
    expect((await image(five)).notes).toEqual([
      'its 40×48×5 numbers are read as an image of 5 channels',
    ]);
    // Of four sides, the last is that of channels by the same rule.
    const values = Uint8Array.from({ length: 2 * 3 * 9 * 11 }, (_, i) => i);
    const times = encodeNpy({ shape: [2, 3, 9, 11], data: values });
    expect(await pageCount(fileInMemory(times), { subject: 'a' })).toBe(6);
    expect(await image(times, 4)).toMatchObject({
      ...{ width: 11, height: 9, channels: 1, data: values.slice(4 * 99, 5 * 99) },
      notes: ['its 2×3×9×11 numbers are read as 2×3 images'],
    });
    const many = encodeNpy({ shape: [2, 9, 11, 3], data: values });
    expect(await image(many, 1)).toMatchObject({ width: 11, height: 9, channels: 3, notes: [] });
    const pages = encodeNpy({ shape: [5, 40, 48], data: new Uint8Array(40 * 48 * 5) });
    expect(await pageCount(fileInMemory(pages), { subject: 'a' })).toBe(5);
    expect((await image(pages)).notes).toEqual([]);
  });

  it('what is no number becomes 0, and is said, in images as in masks', async () => {
    const file = encodeNpy({ shape: [2, 2], data: Float32Array.of(0, 1, NaN, Infinity) });
    const said = ['2 samples were not finite and became 0'];
    expect(await image(file)).toMatchObject({ data: Float32Array.of(0, 1, 0, 0), notes: said });
    const { values, notes } = await mask(file);
    expect([[...values], notes]).toEqual([[0, 1, 0, 0], said]);
  });

  it('integers that become 32-bit floating point are said to, as those of a TIFF are', async () => {
    const said = ['integer samples read as 32-bit floating point'];
    const wide = encodeNpy({ shape: [1, 2], data: Uint32Array.of(7, 70_000) });
    expect(await image(wide)).toMatchObject({ bitDepth: 32, notes: said });
    expect(await image(NIFTI_1)).toMatchObject({ bitDepth: 32, notes: said });
    expect(await image(NPY_FORTRAN)).toMatchObject({ bitDepth: 16, notes: [] });
  });

  it('number objects with all of 32 bits, told apart to the last and numbered anew', async () => {
    const numbers = Uint32Array.of(0, 2 ** 24, 2 ** 24 + 1, 2 ** 32 - 1, 7, 2 ** 24 + 1);
    for (const file of [
      encodeNpy({ shape: [2, 3], data: numbers }),
      encodeNifti({ width: 3, height: 2, data: numbers }, null),
      encodeTiff({ width: 3, height: 2, channels: 1, data: numbers }),
    ]) {
      const { objects, notes } = await mask(file);
      expect(objects).toEqual(Uint32Array.of(0, 2, 3, 4, 1, 3));
      expect(notes).toEqual([
        'its objects have numbers of more than 24 bits: they are numbered anew, from 1',
        'its 4 values number objects: each is kept apart, all of one class',
      ]);
    }
    const floats = encodeNpy({ shape: [1, 2], data: Float32Array.of(1, 2 ** 25) });
    await expect(mask(floats)).rejects.toThrow(/cannot be told apart as it holds them/);
  });

  it('of half precision: normal, subnormal and no numbers, in either order of bytes', async () => {
    // numpy 2.4: numpy.array([[1.5, -2, 65504], [numpy.inf, 2**-24, 0.333]], '>f2').
    const big = bytes(
      'k05VTVBZAQB2AHsnZGVzY3InOiAnPmYyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAo+AMAAe/98AAABNVQ=',
    );
    const { bitDepth, data, notes } = await image(big);
    expect([bitDepth, [...data]]).toEqual([32, [1.5, -2, 65504, 0, 2 ** -24, 0.3330078125]]);
    expect(notes).toEqual(['1 sample was not finite and became 0']);
    // numpy.array([[0, 1, 2], [2, 1, 0]], '<f2').
    const little = bytes(
      'k05VTVBZAQB2AHsnZGVzY3InOiAnPGYyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAA8AEAAQAA8AAA=',
    );
    expect([...(await mask(little)).values]).toEqual([0, 1, 2, 2, 1, 0]);
  });

  it('in a .npz: the first, and the others are named', async () => {
    const { values, notes } = await mask(NPZ);
    expect([...values]).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1]);
    expect(notes).toEqual(['masks.npy of it is read; flows.npy is left out']);
  });

  it('in a .npz: what is said of an array is said beside others, and nothing of what Finder puts in', async () => {
    const five = encodeNpy({ shape: [40, 48, 5], data: new Uint8Array(40 * 48 * 5) });
    const finder = strToU8('\0\u0005\u0016\u0007');
    const alone = zipSync({ '__MACOSX/._x.npy': finder, 'x.npy': five, '._x.npy': finder });
    const guessed = 'its 40×48×5 numbers are read as an image of 5 channels';
    expect((await image(alone)).notes).toEqual([guessed]);
    const two = zipSync({ 'x.npy': five, 'y.npy': five });
    const left = 'x.npy of it is read; y.npy is left out';
    expect((await image(two)).notes).toEqual([guessed, left]);
  });

  it('of objects are refused, and so is what is no image or cut off', async () => {
    expect(await refusal(NPY_OBJECTS)).toMatch(/objects of Python, which is a pickle/);
    expect(await refusal(NPY_FORTRAN.subarray(0, 130))).toMatch(/need 12 bytes, and 2 are there/);
    expect(await refusal(encodeNpy({ shape: [3], data: new Uint8Array(3) }))).toMatch(
      /shape \(3\)/,
    );
  });
});

it('label TIFF of 32 bits keeps more objects than 16 bits have, 70,000 of them', async () => {
  const data = Uint32Array.from({ length: 70_000 }, (_, i) => i + 1);
  const { kind, objects } = await mask(encodeTiff({ width: 700, height: 100, channels: 1, data }));
  expect(kind).toBe('grey');
  expect(objects).toEqual(data);
});
