/**
 * How a kernel is laid out over workgroups, and a long one over several dispatches. A dispatch is never interrupted, and a
 * card draws the screen between submissions, so one that is estimated to take long is divided: each part computes some of
 * the workgroups, of which none knows of another, and the bits are those of the whole.
 */
import { estimatedMs, LONGEST_SUBMISSION_MS, type Work } from './submissions.ts';

export type Groups = readonly [x: number, y: number, z: number];

/** Half of a submission: a card half as strong as the weak one that estimates are for still keeps to it. */
export const LONGEST_KERNEL_MS = LONGEST_SUBMISSION_MS / 2;

/** Workgroups that one dispatch computes. */
export interface GroupsPart {
  readonly first: Groups;
  readonly count: Groups;
  /** Of all. */
  readonly share: number;
}

/**
 * Parts of which none is estimated to take longer than LONGEST_KERNEL_MS, unless it is a single workgroup. Cut along the
 * longest side, and only where this does not suffice along the next one.
 */
export function dividedGroups(groups: Groups, work: Work): GroupsPart[] {
  const whole = groups[0] * groups[1] * groups[2];
  const ms = estimatedMs(work);
  const divide = (first: Groups, count: Groups): GroupsPart[] => {
    const share = (count[0] * count[1] * count[2]) / whole;
    const longest = Math.max(...count);
    if (share * ms <= LONGEST_KERNEL_MS || longest <= 1) return [{ first, count, share }];
    const axis = count.indexOf(longest);
    const most = Math.max(1, Math.floor((longest * LONGEST_KERNEL_MS) / (share * ms)));
    // As many as are needed, of the same size.
    const each = Math.ceil(longest / Math.ceil(longest / most));
    const along = (from: Groups, value: number): Groups => {
      const [x, y, z] = from.map((one, i) => (i === axis ? value : one));
      return [x ?? 0, y ?? 0, z ?? 0];
    };
    return Array.from({ length: Math.ceil(longest / each) }, (_, i) =>
      divide(
        along(first, (first[axis] ?? 0) + i * each),
        along(count, Math.min(each, longest - i * each)),
      ),
    ).flat();
  };
  return divide([0, 0, 0], groups);
}

/** Workgroups of a kernel that counts them in one row: a device takes 65,535 along each axis. */
export function inRows(count: number): Groups {
  const rows = Math.ceil(count / 32768);
  return [Math.ceil(count / rows), rows, 1];
}

/** Number of the workgroup that `inRows` has laid out. */
export const GROUP_NUMBER = 'i32(group.x + group.y * groups.x)';

/**
 * How the entry point of a kernel begins. `group`: its workgroup, of `groups`, the kernel's all, whoever dispatches them;
 * `lane`: the number of the invocation in it.
 */
export const entryPoint = (lanes: number): string => `@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group_of_part: vec3<u32>, @builtin(num_workgroups) groups_of_part: vec3<u32>,
  @builtin(local_invocation_index) lane: u32) {
  let group = group_of_part + first_group();
  let groups = all_groups(groups_of_part);`;

/** What `entryPoint` calls, in a kernel that is dispatched at once. */
export const WHOLE_CODE = `
fn first_group() -> vec3<u32> { return vec3<u32>(); }
fn all_groups(of_part: vec3<u32>) -> vec3<u32> { return of_part; }`;

/** The same of a part, which is told by a uniform at that binding. */
export const partCode = (binding: number): string => `
struct Division { first: vec4<u32>, groups: vec4<u32> }
@group(0) @binding(${binding}) var<uniform> division: Division;
fn first_group() -> vec3<u32> { return division.first.xyz; }
fn all_groups(of_part: vec3<u32>) -> vec3<u32> { return division.groups.xyz; }`;

/** The uniform of a part. */
export const partUniform = ({ first }: GroupsPart, groups: Groups): number[] => [
  ...first,
  0,
  ...groups,
  0,
];
