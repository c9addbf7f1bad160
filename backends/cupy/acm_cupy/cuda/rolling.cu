// Statistics of moving windows, each made of its own values only: nothing that left a window can remain in it.
// After columns.cuh.
//
// A thread takes a group of 8 rows of a column. Their 8 windows share all rows but 8 of each: what they share is merged of
// the groups before, which lie in a ring in shared memory (Chan, Pebay), and the 8 others are added at once. Windows of
// numbers whose powers leave the range are computed again by their thread, counted in a unit of their own.

static constexpr int GROUP = 8, RING = 768;

// Values whose fourth powers, and those of their least differences, stay within the range of double.
static constexpr double LEAST_FITTING = 0x1p-100, LARGEST_FITTING = 0x1p100;

// What a result is made with.
struct Options {
  int window, least_count, ddof;
};

// Count and mean, and sums of the second to ORDER-th powers of distances from it, all but the count from `origin`.
template <int ORDER>
struct Moments {
  static constexpr int DEGREE = ORDER < 3 ? 1 : 0;
  double count, origin, mean, largest, powers[ORDER > 1 ? ORDER - 1 : 1];

  __device__ __forceinline__ void clear() {
    count = origin = mean = largest = 0;
    for (double& power : powers) power = 0;
  }

  __device__ __forceinline__ void take(const double (&values)[GROUP], const int (&)[GROUP]) {
    clear();
    double total = 0;
#pragma unroll
    for (int k = GROUP - 1; k >= 0; k--)
      if (isfinite(values[k])) origin = values[k];
#pragma unroll
    for (int k = 0; k < GROUP; k++) {
      if (!isfinite(values[k])) continue;
      count += 1;
      total += values[k] - origin;
      largest = fmax(largest, fabs(values[k]));
    }
    mean = count > 0 ? total / count : 0.0;
    if (ORDER == 1) return;
#pragma unroll
    for (int k = 0; k < GROUP; k++) {
      if (!isfinite(values[k])) continue;
      double distance = (values[k] - origin) - mean, power = distance;
#pragma unroll
      for (int p = 0; p < ORDER - 1; p++) powers[p] += power *= distance;
    }
  }

  __device__ __forceinline__ void merge(const Moments& b) {
    if (b.count == 0) return;
    if (count == 0) {
      *this = b;
      return;
    }
    double distance = (b.origin - origin) + (b.mean - mean), all = count + b.count, unit = 1 / all;
    double p = count * unit, q = b.count * unit, between = distance * distance * (count * q);
    if (ORDER > 3) {
      double fourths = between * (p * p - p * q + q * q) + 6 * (p * p * b.powers[0] + q * q * powers[0]);
      powers[2] += b.powers[2] + distance * distance * fourths + 4 * distance * (p * b.powers[1] - q * powers[1]);
    }
    if (ORDER > 2) powers[1] += b.powers[1] + distance * (between * (p - q) + 3 * (p * b.powers[0] - q * powers[0]));
    if (ORDER > 1) powers[0] += b.powers[0] + between;
    mean += distance * q;
    largest = fmax(largest, b.largest);
    count = all;
  }

  __device__ __forceinline__ double size() const { return largest; }

  __device__ __forceinline__ double result(const Options& options) const {
    double n = count, squares = powers[0];
    if (n < options.least_count || n < (ORDER > 2 ? ORDER : 1)) return no_number();
    if (ORDER == 1) return origin + mean;
    if (ORDER == 2) return n > options.ddof ? sqrt(squares / (n - options.ddof)) : no_number();
    if (squares == 0) return no_number();
    if (ORDER == 3) return n * sqrt(n - 1) * powers[1] / ((n - 2) * (squares * sqrt(squares)));
    double ratio = n * (n + 1) * powers[2] / (squares * squares) - 3 * (n - 1);
    return (n - 1) * ratio / ((n - 2) * (n - 3));
  }
};

// Means of values and of the rows that have one, and sums of squared distances of rows and of products of both.
struct Trend {
  static constexpr int DEGREE = 1;
  double count, origin, mean, largest, time, squares, products;

  __device__ __forceinline__ void clear() { count = origin = mean = largest = time = squares = products = 0; }

  __device__ __forceinline__ void take(const double (&values)[GROUP], const int (&rows)[GROUP]) {
    clear();
#pragma unroll
    for (int k = GROUP - 1; k >= 0; k--)
      if (isfinite(values[k])) origin = values[k];
#pragma unroll
    for (int k = 0; k < GROUP; k++) {
      if (!isfinite(values[k])) continue;
      count += 1;
      mean += values[k] - origin;
      time += rows[k];
      largest = fmax(largest, fabs(values[k]));
    }
    if (count == 0) return;
    mean /= count;
    time /= count;
#pragma unroll
    for (int k = 0; k < GROUP; k++) {
      if (!isfinite(values[k])) continue;
      double elapsed = rows[k] - time;
      squares = fma(elapsed, elapsed, squares);
      products = fma(elapsed, (values[k] - origin) - mean, products);
    }
  }

  __device__ __forceinline__ void merge(const Trend& b) {
    if (b.count == 0) return;
    if (count == 0) {
      *this = b;
      return;
    }
    double distance = (b.origin - origin) + (b.mean - mean), elapsed = b.time - time, all = count + b.count;
    double q = b.count / all, weight = count * q * elapsed;
    squares += b.squares + weight * elapsed;
    products += b.products + weight * distance;
    mean += distance * q;
    time += elapsed * q;
    largest = fmax(largest, b.largest);
    count = all;
  }

  __device__ __forceinline__ double size() const { return largest; }

  __device__ __forceinline__ double result(const Options& options) const {
    return count < options.least_count || count < 2 ? no_number() : products / squares;
  }
};

template <bool GREATEST>
struct Extreme {
  static constexpr int DEGREE = 1;
  double count, value;

  __device__ __forceinline__ void clear() {
    count = 0;
    value = GREATEST ? -endless() : endless();
  }

  __device__ __forceinline__ void add(double number) { value = GREATEST ? fmax(value, number) : fmin(value, number); }

  __device__ __forceinline__ void take(const double (&values)[GROUP], const int (&)[GROUP]) {
    clear();
#pragma unroll
    for (int k = 0; k < GROUP; k++) {
      if (!isfinite(values[k])) continue;
      count += 1;
      add(values[k]);
    }
  }

  __device__ __forceinline__ void merge(const Extreme& b) {
    count += b.count;
    add(b.value);
  }

  __device__ __forceinline__ double size() const { return 0; }  // needs no unit

  __device__ __forceinline__ double result(const Options& options) const {
    return count < options.least_count || count == 0 ? no_number() : value;
  }
};

// A column, and rows counted from the first of a chunk, where Trend's times are small.
struct Column {
  const REAL* x;
  int n, d, column, chunk;

  __device__ __forceinline__ double operator()(int row) const {
    return row >= 0 && row < n && column < d ? (double)x[(size_t)row * d + column] : no_number();
  }
};

// The 8 rows from `row` on that come before `end`, counted in 2^exponent.
template <class Part>
__device__ __forceinline__ void add_rows(Part& part, const Column& column, int row, int end, int exponent) {
  double values[GROUP];
  int rows[GROUP];
#pragma unroll
  for (int k = 0; k < GROUP; k++) {
    double value = row + k < end ? column(row + k) : no_number();
    values[k] = exponent ? ldexp(value, -exponent) : value;
    rows[k] = row + k - column.chunk;
  }
  Part more;
  more.take(values, rows);
  part.merge(more);
}

__device__ __forceinline__ int exponent_of(double largest) {
  if (sizeof(REAL) == 4) return 0;  // powers of float32 numbers neither overflow nor underflow in double
  bool fits = largest == 0 || (largest >= LEAST_FITTING && largest <= LARGEST_FITTING);
  return fits ? 0 : ilogb(largest) + 1;
}

// The window that ends at a row once more, in a unit of its own: a power of two of which no value has as much as one.
template <class Part>
__device__ __forceinline__ double result_in_unit(const Column& column, int row, const Options& options) {
  double largest = 0;
  for (int k = row + 1 - options.window; k <= row; k++)
    if (isfinite(column(k))) largest = fmax(largest, fabs(column(k)));
  int exponent = exponent_of(largest);
  Part part;
  part.clear();
  for (int first = row + 1 - options.window; first <= row; first += GROUP)
    add_rows(part, column, first, row + 1, exponent);
  return ldexp(part.result(options), Part::DEGREE * exponent);
}

// The results of the group from `row` on, given its values and what its windows share; answers which need a unit.
template <class Part>
__device__ __forceinline__ unsigned write_group(const Part& common, const double (&own)[GROUP], const Column& column, int row,
                                            const Options& options, REAL* out) {
  int reach = max(options.window, GROUP);
  double oldest[GROUP], values[GROUP];
  int rows[GROUP];
  unsigned odd = 0;
#pragma unroll
  for (int k = 0; k < GROUP; k++) oldest[k] = column(row + k - reach);
#pragma unroll 1
  for (int j = 0; j < GROUP && row + j < column.n; j++) {
#pragma unroll
    for (int k = 0; k < GROUP; k++) {
      int place = k <= j ? row + k : row + k - reach;
      bool inside = row + j - place < options.window;  // always, but of windows shorter than a group
      values[k] = !inside ? no_number() : k <= j ? own[k] : oldest[k];
      rows[k] = place - column.chunk;
    }
    Part part;
    part.take(values, rows);
    part.merge(common);
    if (exponent_of(part.size())) odd |= 1u << j;
    out[(size_t)(row + j) * column.d + column.column] = (REAL)part.result(options);
  }
  return odd;
}

// One block a chunk of rows and some columns, as many groups at a time as there are slots; first those before the chunk.
template <class Part>
__device__ __forceinline__ void roll(const REAL* x, REAL* out, const Options& options, int n, int d, int width, int tiles,
                                     int length) {
  constexpr int FIELDS = sizeof(Part) / sizeof(double);
  __shared__ double ring[FIELDS][RING];
  Place at = place_of(blockIdx.x % tiles, width);
  int depth = RING / width, side = threadIdx.x % width, chunk = blockIdx.x / tiles * length;
  int end = n - chunk < length ? n : chunk + length, shared = max(options.window - GROUP, 0);
  int groups = shared / GROUP, before = (groups + at.slots - 1) / at.slots * at.slots;
  Column column = {x, n, d, at.column, chunk};
  for (int step = 0; chunk + (step - before) * GROUP < end; step += at.slots) {
    int row = chunk + (step - before + at.slot) * GROUP, entry = (step + at.slot) % depth, rows[GROUP];
    double own[GROUP];
#pragma unroll
    for (int k = 0; k < GROUP; k++) {
      own[k] = column(row + k);
      rows[k] = row + k - chunk;
    }
    Part part;
    part.take(own, rows);
#pragma unroll
    for (int f = 0; f < FIELDS; f++) ring[f][entry * width + side] = ((const double*)&part)[f];
    __syncthreads();
    if (step >= before && at.column < d && row < n) {
      Part common, other;
      common.clear();
      for (int g = 0; g < groups; g++) {
        entry = entry ? entry - 1 : depth - 1;
#pragma unroll
        for (int f = 0; f < FIELDS; f++) ((double*)&other)[f] = ring[f][entry * width + side];
        common.merge(other);
      }
      int oldest = row - shared;
      if (shared % GROUP) add_rows(common, column, oldest, oldest + shared % GROUP, 0);
      unsigned odd = write_group(common, own, column, row, options, out);
      for (; odd; odd &= odd - 1) {
        int last = row + __ffs(odd) - 1;
        out[(size_t)last * d + at.column] = (REAL)result_in_unit<Part>(column, last, options);
      }
    }
    __syncthreads();
  }
}

extern "C" __global__ void __launch_bounds__(THREADS, 2)
rolling_mean(const REAL* x, REAL* out, int window, int least_count, int ddof, int n, int d, int width, int tiles,
             int length) {
  roll<Moments<1>>(x, out, {window, least_count, ddof}, n, d, width, tiles, length);
}

extern "C" __global__ void __launch_bounds__(THREADS, 2)
rolling_std(const REAL* x, REAL* out, int window, int least_count, int ddof, int n, int d, int width, int tiles,
            int length) {
  roll<Moments<2>>(x, out, {window, least_count, ddof}, n, d, width, tiles, length);
}

extern "C" __global__ void __launch_bounds__(THREADS, 2)
rolling_skew(const REAL* x, REAL* out, int window, int least_count, int ddof, int n, int d, int width, int tiles,
             int length) {
  roll<Moments<3>>(x, out, {window, least_count, ddof}, n, d, width, tiles, length);
}

extern "C" __global__ void __launch_bounds__(THREADS, 2)
rolling_kurt(const REAL* x, REAL* out, int window, int least_count, int ddof, int n, int d, int width, int tiles,
             int length) {
  roll<Moments<4>>(x, out, {window, least_count, ddof}, n, d, width, tiles, length);
}

extern "C" __global__ void __launch_bounds__(THREADS, 2)
rolling_slope(const REAL* x, REAL* out, int window, int least_count, int ddof, int n, int d, int width, int tiles,
              int length) {
  roll<Trend>(x, out, {window, least_count, ddof}, n, d, width, tiles, length);
}

extern "C" __global__ void __launch_bounds__(THREADS, 2)
rolling_min(const REAL* x, REAL* out, int window, int least_count, int ddof, int n, int d, int width, int tiles,
            int length) {
  roll<Extreme<false>>(x, out, {window, least_count, ddof}, n, d, width, tiles, length);
}

extern "C" __global__ void __launch_bounds__(THREADS, 2)
rolling_max(const REAL* x, REAL* out, int window, int least_count, int ddof, int n, int d, int width, int tiles,
            int length) {
  roll<Extreme<true>>(x, out, {window, least_count, ddof}, n, d, width, tiles, length);
}
