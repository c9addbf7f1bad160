// Mean, powers, extremes and pairs of some values of a column, and how those of two parts are merged (Chan, Pebay).
// After columns.cuh. Sums are in double. Every part counts from a value of its own, so that neither an offset nor a jump
// costs digits, and is merged in an order that depends on sizes alone.

// Rows that a thread adds at a time.
static constexpr int BATCH = 8;

// Values whose fourth powers, and those of their least differences, stay within the range of double.
static constexpr double LEAST_FITTING = 0x1p-100, LARGEST_FITTING = 0x1p100;

// All but the extremes are of differences from `origin`, a value of the part's first row that has one, row `first`.
struct Sums {
  double count, first, origin, mean, squares, cubes, fourths, minimum, maximum, pairs, before, after, products;
};

__device__ __forceinline__ Sums sums_of_none() { return {0, 0, 0, 0, 0, 0, 0, endless(), -endless(), 0, 0, 0, 0}; }

// What is summed: deviations, the higher powers as well, or pairs of neighbours, too.
enum Detail { SPREAD, SHAPE, PAIRS };

__device__ __forceinline__ void move_pairs(Sums& sums, double by) {
  sums.products += by * (sums.before + sums.after + sums.pairs * by);
  sums.before += sums.pairs * by;
  sums.after += sums.pairs * by;
}

template <Detail DETAIL>
__device__ __forceinline__ void merge(Sums& a, Sums b) {
  if (b.count == 0) return;
  if (a.count == 0) {
    a = b;
    return;
  }
  double shift = b.origin - a.origin, distance = shift + (b.mean - a.mean), count = a.count + b.count;
  double unit = 1 / count, p = a.count * unit, q = b.count * unit, between = distance * distance * (a.count * q);
  if (DETAIL >= SHAPE) {
    double fourths = between * (p * p - p * q + q * q) + 6 * (p * p * b.squares + q * q * a.squares);
    a.fourths += b.fourths + distance * distance * fourths + 4 * distance * (p * b.cubes - q * a.cubes);
    a.cubes += b.cubes + distance * (between * (p - q) + 3 * (p * b.squares - q * a.squares));
  }
  a.squares += b.squares + between;
  bool earlier = b.first < a.first;
  if (DETAIL == PAIRS) {
    if (earlier) move_pairs(a, -shift);
    else move_pairs(b, shift);
    a.pairs += b.pairs;
    a.before += b.before;
    a.after += b.after;
    a.products += b.products;
  }
  a.mean = earlier ? b.mean - distance * p : a.mean + distance * q;
  a.origin = earlier ? b.origin : a.origin;
  a.first = earlier ? b.first : a.first;
  a.minimum = fmin(a.minimum, b.minimum);
  a.maximum = fmax(a.maximum, b.maximum);
  a.count = count;
}

// A value counted in 2^exponent; NaN and infinities stay what they are.
__device__ __forceinline__ double counted(const REAL* x, size_t place, int exponent) {
  double value = (double)x[place];
  return exponent ? ldexp(value, -exponent) : value;
}

// The mean of BATCH values first, then their distances from it.
template <Detail DETAIL>
__device__ __forceinline__ Sums sums_of_values(const double (&values)[BATCH], int row) {
  Sums sums = sums_of_none();
  double total = 0;
#pragma unroll
  for (int k = BATCH - 1; k >= 0; k--)
    if (isfinite(values[k])) {
      sums.origin = values[k];
      sums.first = row + k;
    }
#pragma unroll
  for (int k = 0; k < BATCH; k++) {
    if (!isfinite(values[k])) continue;
    sums.count += 1;
    total += values[k] - sums.origin;
    sums.minimum = fmin(sums.minimum, values[k]);
    sums.maximum = fmax(sums.maximum, values[k]);
  }
  sums.mean = sums.count > 0 ? total / sums.count : 0.0;
#pragma unroll
  for (int k = 0; k < BATCH; k++) {
    if (!isfinite(values[k])) continue;
    double distance = (values[k] - sums.origin) - sums.mean, square = distance * distance;
    sums.squares += square;
    if (DETAIL >= SHAPE) {
      sums.cubes = fma(square, distance, sums.cubes);
      sums.fourths = fma(square, square, sums.fourths);
    }
  }
  return sums;
}

// Each value with the one before it; before the first, with `earlier`.
__device__ __forceinline__ void add_pairs(Sums& sums, const double (&values)[BATCH], double earlier) {
#pragma unroll
  for (int k = 0; k < BATCH; k++) {
    if (isfinite(values[k]) && isfinite(earlier)) {
      double left = earlier - sums.origin, right = values[k] - sums.origin;
      sums.pairs += 1;
      sums.before += left;
      sums.after += right;
      sums.products = fma(left, right, sums.products);
    }
    earlier = values[k];
  }
}

template <Detail DETAIL>
__device__ __forceinline__ void add_batch(Sums& sums, const REAL* x, int column, int row, int end, int d, int exponent) {
  double values[BATCH], earlier = no_number();
#pragma unroll
  for (int k = 0; k < BATCH; k++)
    values[k] = row + k < end ? counted(x, (size_t)(row + k) * d + column, exponent) : no_number();
  if (DETAIL == PAIRS && row > 0) earlier = counted(x, (size_t)(row - 1) * d + column, exponent);
  Sums batch = sums_of_values<DETAIL>(values, row);
  if (DETAIL == PAIRS) add_pairs(batch, values, earlier);
  merge<DETAIL>(sums, batch);
}

// What the slots of a column have together, given to all of them. Every thread of the block must call it.
template <Detail DETAIL>
__device__ __forceinline__ Sums merged_slots(Sums* shared, Sums sums, Place at, int width) {
  shared[threadIdx.x] = sums;
  __syncthreads();
  for (int half = at.slots / 2; half > 0; half /= 2) {
    if (at.slot < half) {
      merge<DETAIL>(sums, shared[threadIdx.x + half * width]);
      shared[threadIdx.x] = sums;
    }
    __syncthreads();
  }
  Sums all = shared[threadIdx.x % width];
  __syncthreads();
  return all;
}

// The sums of rows [first, end) of a column, the same in all of its slots. Every thread of the block must call it.
template <Detail DETAIL>
__device__ __forceinline__ Sums sums_of_rows(Sums* shared, const REAL* x, Place at, int width, int first, int end, int d,
                                             int exponent) {
  Sums sums = sums_of_none();
  if (at.column < d)
    for (int row = first + at.slot * BATCH; row < end; row += at.slots * BATCH)
      add_batch<DETAIL>(sums, x, at.column, row, end, d, exponent);
  return merged_slots<DETAIL>(shared, sums, at, width);
}
