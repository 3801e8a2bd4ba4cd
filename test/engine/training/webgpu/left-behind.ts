/**
 * What workgroups share holds on a card whatever other kernels have left there; a software driver hands out zeros. Here it
 * holds what is no number, so that a kernel that reads before it has written fails its test.
 */

/** As kernels declare what they share. */
const SHARED = /var<workgroup> (\w+)\s*: array<(f32|i32|vec[234]<[fi]32>), (\d+)>;/g;
/** Where a kernel begins (workgroups.ts); the number of its invocations stands before it. */
const BEGINS = /let groups = all_groups\(groups_of_part\);/;

/** A value that is wrong wherever it is used, of f32 through a variable: WGSL refuses constants that are no numbers. */
const LEFT = 'var no_number = bitcast<f32>(0x7fc00000u + (groups.x - groups.x));';

/** Code of a kernel that begins by leaving that in all it shares. Errors: what it shares, or its beginning, is not known. */
function withLeftBehind(code: string): string {
  const shared = [...code.matchAll(SHARED)];
  if (shared.length !== code.split('var<workgroup>').length - 1) {
    throw new Error('a kernel declares what it shares in another way');
  }
  if (shared.length === 0) return code;
  const [, lanes = ''] = /@workgroup_size\((\d+)\)/.exec(code) ?? [];
  if (lanes === '' || !BEGINS.test(code)) throw new Error('a kernel begins in another way');
  const fills = shared.map(
    ([, name = '', type = '', count = '']) =>
      `for (var i = lane; i < ${count}u; i += ${lanes}u) { ${name}[i] = ${type}(${type.includes('i32') ? '-1' : 'no_number'}); }`,
  );
  return code.replace(BEGINS, (begin) =>
    [begin, LEFT, ...fills, 'workgroupBarrier();'].join('\n  '),
  );
}

/** Graft's kernels that are made on this device from now on begin so. */
export function leaveNoNumbers(device: GPUDevice): void {
  const create = device.createShaderModule.bind(device);
  device.createShaderModule = (descriptor) => {
    const { label = '', code } = descriptor;
    return create(
      label.startsWith('graft') ? { ...descriptor, code: withLeftBehind(code) } : descriptor,
    );
  };
}
