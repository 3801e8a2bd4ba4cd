/**
 * Benchmarks on narrower instructions than the processor has, for Graft and its peers alike: how the code for AVX2 compares
 * where no processor is at hand that has nothing newer. Its caches, cores and clock stay those of the processor, so such a
 * table says which processor it was taken on.
 */

/** Variables that hold each library to AVX2: Graft's operations, oneDNN (in TensorFlow and PyTorch), PyTorch itself, MKL. */
const HELD_TO_AVX2 = {
  GRAFT_INSTRUCTIONS: 'avx2',
  ONEDNN_MAX_CPU_ISA: 'AVX2',
  ATEN_CPU_CAPABILITY: 'avx2',
  MKL_ENABLE_INSTRUCTIONS: 'AVX2',
} as const;

/** Environment of a benchmark; `instructions`: what --instructions says. Errors: where nobody knows the word. */
export function environmentFor(instructions: string | undefined): NodeJS.ProcessEnv {
  if (instructions === undefined) return process.env;
  if (instructions !== 'avx2') throw new Error(`--instructions is "${instructions}"; use avx2`);
  return { ...process.env, ...HELD_TO_AVX2 };
}
