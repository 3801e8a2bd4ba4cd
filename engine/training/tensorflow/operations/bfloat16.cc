/** Walks over tensors in bfloat16: compiled for AVX-512 alone, which every processor that multiplies bfloat16 has. */
#if defined(__x86_64__)
#include <immintrin.h>

#include "loops.h"
#include "vectors.h"

namespace graft {
namespace {

// Widened by sixteen zeros; narrowed to the nearest, of two as near the even one, as IEEE 754 rounds.

inline __m512i widened(__m256i bits) { return _mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16); }

inline __m256i narrowed(__m512 value) {
  const __m512i bits = _mm512_castps_si512(value);
  const __m512i isOdd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  const __m512i rounded = _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff)), isOdd);
  // What is not a number stays so, whatever its other bits.
  const __mmask16 isNone = _mm512_cmp_ps_mask(value, value, _CMP_UNORD_Q);
  const __m512i kept = _mm512_mask_mov_epi32(rounded, isNone, _mm512_set1_epi32(0x7fc00000));
  return _mm512_cvtepi32_epi16(_mm512_srli_epi32(kept, 16));
}

template <typename T>
T load(const Bfloat16* from);
template <typename T>
void store(Bfloat16* to, T value);

template <>
inline Vector load<Vector>(const Bfloat16* from) {
  return reinterpret_cast<Vector>(widened(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from))));
}
template <>
inline Vector8 load<Vector8>(const Bfloat16* from) {
  const __m128i bits = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  return reinterpret_cast<Vector8>(_mm512_castsi512_si256(widened(_mm256_castsi128_si256(bits))));
}
template <>
inline float load<float>(const Bfloat16* from) {
  const uint32_t bits = static_cast<uint32_t>(from->bits) << 16;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}
template <>
inline void store<Vector>(Bfloat16* to, Vector value) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), narrowed(reinterpret_cast<__m512>(value)));
}
template <>
inline void store<Vector8>(Bfloat16* to, Vector8 value) {
  const __m512 wide = _mm512_castps256_ps512(reinterpret_cast<__m256>(value));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm256_castsi256_si128(narrowed(wide)));
}
template <>
inline void store<float>(Bfloat16* to, float value) {
  const __m256i bits = narrowed(_mm512_castps128_ps512(_mm_set_ss(value)));
  to->bits = static_cast<uint16_t>(_mm_cvtsi128_si32(_mm256_castsi256_si128(bits)));
}

}  // namespace
}  // namespace graft

// Last: what it walks with stands above.
#include "walks.h"

namespace graft {

const Walks<Bfloat16> bfloat16Walks = walksOf<Bfloat16>();

}  // namespace graft
#endif
