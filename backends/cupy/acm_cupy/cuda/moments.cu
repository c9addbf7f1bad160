// Sums of columns: parts of chunks of rows, then the parts together. After sums.cuh.
// Columns with numbers whose powers may leave the range are summed once more by the block that finds it out, counted in a
// unit of their own; what others are counted in is 1.

// The most columns of a block that puts parts together.
static constexpr int FEW = 8;

template <Detail DETAIL>
__device__ __forceinline__ void sum_chunk(const REAL* x, Sums* parts, int n, int d, int width, int tiles, int length) {
  __shared__ Sums shared[THREADS];
  Place at = place_of(blockIdx.x % tiles, width);
  int chunk = blockIdx.x / tiles, first = chunk * length, end = n - first < length ? n : first + length;
  Sums sums = sums_of_rows<DETAIL>(shared, x, at, width, first, end, d, 0);
  if (at.slot == 0 && at.column < d) parts[(size_t)chunk * d + at.column] = sums;
}

__device__ __forceinline__ int exponent_of(const Sums& sums) {
  if (sizeof(REAL) == 4) return 0;  // powers of float32 numbers neither overflow nor underflow in double
  double largest = sums.count > 0 ? fmax(fabs(sums.minimum), fabs(sums.maximum)) : 0.0;
  bool fits = largest == 0 || (largest >= LEAST_FITTING && largest <= LARGEST_FITTING);
  return fits ? 0 : ilogb(largest) + 1;
}

// Of a column, in 2^exponent: but for the extremes, which are as they are, and the origin's row.
struct Counted {
  Sums sums;
  int exponent;
};

// What is found lies in shared memory, and not in registers, while it may be sought anew.
template <Detail DETAIL>
__device__ __forceinline__ Counted sums_of_column(const REAL* x, const Sums* parts, Place at, int width, int n, int d,
                                                  int chunks) {
  __shared__ Sums shared[THREADS], found[FEW];
  Sums sums = sums_of_none();
  if (at.column < d)
    for (int chunk = at.slot; chunk < chunks; chunk += at.slots)
      merge<DETAIL>(sums, parts[(size_t)chunk * d + at.column]);
  sums = merged_slots<DETAIL>(shared, sums, at, width);
  int exponent = exponent_of(sums), own = threadIdx.x % width;
  if (at.slot == 0) found[own] = sums;
  if (__syncthreads_or(exponent != 0)) {
    sums = sums_of_rows<DETAIL>(shared, x, at, width, 0, n, d, exponent);
    if (at.slot == 0 && exponent) {
      sums.minimum = found[own].minimum;
      sums.maximum = found[own].maximum;
      found[own] = sums;
    }
  }
  __syncthreads();
  return {found[own], exponent};
}

__device__ __forceinline__ double first_value(const REAL* x, const Sums& sums, int column, int d) {
  return sums.count > 0 ? (double)x[(size_t)sums.first * d + column] : no_number();
}

extern "C" __global__ void __launch_bounds__(THREADS)
spread_parts(const REAL* x, Sums* parts, int n, int d, int width, int tiles, int length) {
  sum_chunk<SPREAD>(x, parts, n, d, width, tiles, length);
}

extern "C" __global__ void __launch_bounds__(THREADS)
shape_parts(const REAL* x, Sums* parts, int n, int d, int width, int tiles, int length) {
  sum_chunk<SHAPE>(x, parts, n, d, width, tiles, length);
}

extern "C" __global__ void __launch_bounds__(THREADS)
pair_parts(const REAL* x, Sums* parts, int n, int d, int width, int tiles, int length) {
  sum_chunk<PAIRS>(x, parts, n, d, width, tiles, length);
}

// Origin, mean and squares, a row each; counted in units where these are asked for.
extern "C" __global__ void __launch_bounds__(THREADS)
mean_variance(const REAL* x, const Sums* parts, double* numbers, long long* counts, int* exponents, int in_units, int n,
              int d, int width, int chunks) {
  Place at = place_of(blockIdx.x, width);
  Counted found = sums_of_column<SPREAD>(x, parts, at, width, n, d, chunks);
  if (at.slot || at.column >= d) return;
  int from = in_units ? found.exponent : 0, to = found.exponent - from;
  counts[at.column] = (long long)found.sums.count;
  exponents[at.column] = found.exponent;
  numbers[at.column] = ldexp(first_value(x, found.sums, at.column, d), -from);
  numbers[d + at.column] = ldexp(found.sums.mean, to);
  numbers[2 * (size_t)d + at.column] = ldexp(found.sums.squares, 2 * to);
}

// Mean, variance, skewness, kurtosis, minimum and maximum, a row each.
extern "C" __global__ void __launch_bounds__(THREADS)
moments(const REAL* x, const Sums* parts, REAL* numbers, long long* counts, int ddof, int n, int d, int width,
        int chunks) {
  Place at = place_of(blockIdx.x, width);
  Counted found = sums_of_column<SHAPE>(x, parts, at, width, n, d, chunks);
  if (at.slot || at.column >= d) return;
  Sums sums = found.sums;
  double count = sums.count, freedom = count - ddof, nan = no_number();
  double origin = ldexp(first_value(x, sums, at.column, d), -found.exponent);
  double variance = freedom > 0 ? ldexp(sums.squares / freedom, 2 * found.exponent) : nan;
  double skewness = count * sqrt(count - 1) / (count - 2) * sums.cubes / (sums.squares * sqrt(sums.squares));
  double adjustment = (count - 1) / ((count - 2) * (count - 3));
  double kurtosis = count * (count + 1) * sums.fourths / (sums.squares * sums.squares) - 3 * (count - 1);
  double row[6] = {ldexp(origin + sums.mean, found.exponent), variance, count < 3 ? nan : skewness,
                   count < 4 ? nan : adjustment * kurtosis, count > 0 ? sums.minimum : nan, count > 0 ? sums.maximum : nan};
  counts[at.column] = (long long)count;
#pragma unroll
  for (int k = 0; k < 6; k++) numbers[(size_t)k * d + at.column] = (REAL)row[k];
}

// Origin, mean, squares, cubes, fourths, minimum, maximum, before, after and products, a row each; then the two counts.
extern "C" __global__ void __launch_bounds__(THREADS)
all_sums(const REAL* x, const Sums* parts, double* numbers, long long* counts, int n, int d, int width, int chunks) {
  Place at = place_of(blockIdx.x, width);
  Counted found = sums_of_column<PAIRS>(x, parts, at, width, n, d, chunks);
  if (at.slot || at.column >= d) return;
  Sums sums = found.sums;
  int exponent = found.exponent;
  double nan = no_number();
  double row[10] = {first_value(x, sums, at.column, d), ldexp(sums.mean, exponent), ldexp(sums.squares, 2 * exponent),
                    ldexp(sums.cubes, 3 * exponent), ldexp(sums.fourths, 4 * exponent),
                    sums.count > 0 ? sums.minimum : nan, sums.count > 0 ? sums.maximum : nan,
                    ldexp(sums.before, exponent), ldexp(sums.after, exponent), ldexp(sums.products, 2 * exponent)};
#pragma unroll
  for (int k = 0; k < 10; k++) numbers[(size_t)k * d + at.column] = row[k];
  counts[at.column] = (long long)sums.count;
  counts[d + at.column] = (long long)sums.pairs;
}
