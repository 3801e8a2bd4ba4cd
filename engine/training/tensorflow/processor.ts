/** What the processor of this machine can do, as far as the system lists it. */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** Words of Linux's listing, all of which it takes → names that are shown; those that decide how fast a network trains. */
const FEATURES: Readonly<Record<string, string>> = {
  avx: 'AVX',
  avx2: 'AVX2',
  fma: 'FMA',
  // As code for it is compiled: the first processors had avx512f without the others.
  'avx512f avx512vl avx512bw avx512dq': 'AVX-512',
  avx512_vnni: 'AVX512-VNNI',
  avx512_bf16: 'AVX512-BF16',
  avx_vnni: 'AVX-VNNI',
  amx_tile: 'AMX',
  amx_bf16: 'AMX-BF16',
  // 64-bit ARM
  asimd: 'NEON',
  sve: 'SVE',
  bf16: 'BF16',
};

/** Names of the features that a listing like /proc/cpuinfo has, in the order of the table above. */
export function featuresOf(cpuinfo: string): string[] {
  const listed = new Set(
    cpuinfo
      .split('\n')
      .filter((line) => /^(flags|Features)\b/.test(line))
      .flatMap((line) => line.split(/\s+/)),
  );
  return Object.entries(FEATURES).flatMap(([words, name]) =>
    words.split(' ').every((word) => listed.has(word)) ? [name] : [],
  );
}

/** Of this machine; null where the system has no such listing, as outside Linux. */
export function processorFeatures(): readonly string[] | null {
  try {
    return featuresOf(readFileSync('/proc/cpuinfo', 'utf8'));
  } catch {
    return null;
  }
}

/** Those with bfloat16 products. */
const BFLOAT16_FEATURES = ['AVX512-BF16', 'AMX-BF16'];

/** Whether this processor is known to multiply bfloat16: what cannot be found out is not promised. */
export const computesBfloat16 = (
  features: readonly string[] | null = processorFeatures(),
): boolean => features?.some((feature) => BFLOAT16_FEATURES.includes(feature)) ?? false;

/** Model of the processor, as the system names it: runs on one kind have the same bits. */
export const processorName = (): string =>
  (cpus()[0]?.model ?? 'unknown').replaceAll(/\s+/g, ' ').trim().slice(0, 256);
