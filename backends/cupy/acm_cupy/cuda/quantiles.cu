// Quantiles of columns, and the passes that those of distances from medians take, too. After brackets.cuh.

// One block a column: between which values of a sample each quantile lies.
extern "C" __global__ void __launch_bounds__(THREADS, 4)
quantile_brackets(const REAL* x, const double* levels, double level, int count, int infinities, Bracket* brackets,
                  int* present, int n, int d, int start, int columns) {
  __shared__ Key sample[SAMPLE];
  int own = blockIdx.x;
  if (threadIdx.x == 0) present[own] = 0;
  Column column = {x, d, start + own, infinities != 0, false, 0};
  write_brackets(sample, column, n, levels, level, count, brackets + own, columns);
}

static constexpr int LEVELS = 16, WIDEST = 32, BATCH = 8;

// What a block counts of each of its columns.
struct Tallies {
  int below[LEVELS][WIDEST], at_low[LEVELS][WIDEST], at_high[LEVELS][WIDEST], between[WIDEST], base[WIDEST], values[WIDEST];
};

__device__ __forceinline__ bool lies_between(Key key, Key low, Key high) {
  return key != ABSENT && key > low && key < high;
}

// Counts some keys of a column, and answers how many lie between the ends of a bracket.
__device__ __forceinline__ int tally(Tallies& tallies, const Key (&keys)[BATCH], Key low, Key high, int k, int side) {
  int below = 0, at_low = 0, between = 0, at_high = 0;
#pragma unroll
  for (int j = 0; j < BATCH; j++) {
    if (keys[j] == ABSENT) continue;
    below += keys[j] < low;
    at_low += keys[j] == low;
    between += lies_between(keys[j], low, high);
    at_high += keys[j] == high && high != low;
  }
  if (below) atomicAdd(&tallies.below[k][side], below);
  if (at_low) atomicAdd(&tallies.at_low[k][side], at_low);
  if (at_high) atomicAdd(&tallies.at_high[k][side], at_high);
  return between;
}

// Where this thread's keys go, of which there are `own`: after those of the column that all blocks had before. By all threads.
__device__ __forceinline__ int place_for(Tallies& tallies, Bracket* bracket, int own, int side, bool first) {
  int place = own ? atomicAdd(&tallies.between[side], own) : 0;
  __syncthreads();
  if (first) {
    tallies.base[side] = tallies.between[side] ? atomicAdd(&bracket->between, tallies.between[side]) : 0;
    tallies.between[side] = 0;
  }
  __syncthreads();
  return place + tallies.base[side];
}

__device__ __forceinline__ void clear(Tallies& tallies) {
  for (int i = threadIdx.x; i < (int)(sizeof(Tallies) / sizeof(int)); i += THREADS) ((int*)&tallies)[i] = 0;
  __syncthreads();
}

// One block a chunk of rows and some columns: counts what is below each bracket and at its ends, and gathers the rest.
extern "C" __global__ void __launch_bounds__(THREADS, 4)
quantile_candidates(const REAL* x, const double* medians, int from_median, int count, int infinities, Bracket* brackets,
                    int* present, Key* gathered, int room, int n, int d, int start, int columns, int width, int tiles,
                    int length) {
  __shared__ Tallies tallies;
  Place at = place_of(blockIdx.x % tiles, width);
  int side = threadIdx.x % width, chunk = blockIdx.x / tiles * length, end = n - chunk < length ? n : chunk + length;
  bool inside = at.column < columns;
  clear(tallies);
  Column column = {x, d, start + at.column, infinities != 0, from_median != 0, 0};
  if (inside && from_median) column.median = medians[at.column];
  for (int first = chunk; first < end; first += at.slots * BATCH) {
    Key keys[BATCH];
    int own = 0;
#pragma unroll
    for (int j = 0; j < BATCH; j++) {
      int row = first + at.slot + j * at.slots;
      keys[j] = inside && row < end ? column(row) : ABSENT;
      own += keys[j] != ABSENT;
    }
    if (own) atomicAdd(&tallies.values[side], own);
    for (int k = 0; k < count; k++) {
      size_t to = (size_t)k * columns + at.column;
      Key low = inside ? brackets[to].low : 0, high = inside ? brackets[to].high : 0;
      int between = tally(tallies, keys, low, high, k, side);
      int place = place_for(tallies, brackets + to, between, side, inside && at.slot == 0);
      if (between == 0) continue;
#pragma unroll
      for (int j = 0; j < BATCH; j++)
        if (lies_between(keys[j], low, high) && place < room) gathered[to * room + place++] = keys[j];
    }
  }
  __syncthreads();
  if (at.slot || !inside) return;
  atomicAdd(&present[at.column], tallies.values[side]);
  for (int k = 0; k < count; k++) {
    Bracket* bracket = brackets + (size_t)k * columns + at.column;
    atomicAdd(&bracket->below, tallies.below[k][side]);
    atomicAdd(&bracket->at_low, tallies.at_low[k][side]);
    atomicAdd(&bracket->at_high, tallies.at_high[k][side]);
  }
}

// One block a column and quantile.
extern "C" __global__ void __launch_bounds__(THREADS, 4)
quantiles(const REAL* x, const double* levels, double level, int count, int method, int infinities, int bracketed,
          const Bracket* brackets, const int* present, const Key* gathered, int room, REAL* found, int n, int d, int start,
          int columns) {
  __shared__ Workspace work;
  int own = blockIdx.x % columns, k = blockIdx.x / columns;
  size_t place = (size_t)k * columns + own;
  Column column = {x, d, start + own, infinities != 0, false, 0};
  Lookup lookup = {bracketed ? brackets + place : nullptr, gathered + place * room, room};
  int values = bracketed ? present[own] : count_present(work, column, n);
  double number = quantile(work, column, n, lookup, count == 1 ? level : levels[k], values, method);
  if (threadIdx.x == 0) found[(size_t)k * d + start + own] = (REAL)number;
}
