// Quantiles of columns, without sorting them. After select.cuh.
//
// Of few rows a block selects at once. Of many, a sorted sample tells between which two values a quantile lies, with room
// for chance (Floyd and Rivest); one pass counts what is below and gathers what lies between; then a block selects among
// these. Where the sample misled, or too many lie between, it selects in the column itself.

static constexpr int SAMPLE = 4096;

// By how many standard deviations of a rank in the sample a bracket is wide, to either side.
static constexpr double SURE = 4.5;

// Of a quantile: between which keys it lies, and how many are below, equal to the first, between, equal to the second.
struct Bracket {
  Key low, high;
  int below, at_low, between, at_high;
};

// One of equal shares of the rows, at a place that no period of the data meets every time.
__device__ __forceinline__ int sampled_row(int i, int size, int n) {
  unsigned chance = (unsigned)i * 2654435761u >> 16;
  return (int)(((long long)i * n + (long long)chance * n / 65536) / size);
}

// Bitonic, ascending; a power of two of keys in shared memory.
__device__ __forceinline__ void sort(Key* keys, int size) {
  for (int run = 2; run <= size; run *= 2)
    for (int reach = run / 2; reach > 0; reach /= 2) {
      __syncthreads();
      for (int i = threadIdx.x; i < size / 2; i += THREADS) {
        int a = (i & -reach) * 2 + (i & (reach - 1)), b = a + reach;
        Key left = keys[a], right = keys[b];
        if ((left > right) == ((a & run) == 0)) {
          keys[a] = right;
          keys[b] = left;
        }
      }
    }
  __syncthreads();
}

// Writes the brackets of `levels` quantiles of a column; neighbours are `stride` apart. By all threads of a block.
__device__ __forceinline__ void write_brackets(Key* sample, const Column& column, int n, const double* levels, double level,
                                               int count, Bracket* brackets, int stride) {
  __shared__ int present;
  if (threadIdx.x == 0) present = 0;
  __syncthreads();
  int size = n < SAMPLE ? n : SAMPLE, own = 0;
  for (int i = threadIdx.x; i < SAMPLE; i += THREADS) {
    sample[i] = i < size ? column(sampled_row(i, size, n)) : ABSENT;
    own += sample[i] != ABSENT;
  }
  atomicAdd(&present, own);
  sort(sample, SAMPLE);
  for (int k = threadIdx.x; k < count; k += THREADS) {
    double part = count == 1 ? level : levels[k], middle = part * (present - 1);
    double room = SURE * sqrt(present * part * (1 - part)) + 2, first = floor(middle - room), last = ceil(middle + room);
    Key low = first < 0 ? 0 : sample[(int)first], high = last > present - 1 ? ABSENT : sample[(int)last];
    brackets[(size_t)k * stride] = {low, high, 0, 0, 0, 0};
  }
  __syncthreads();
}

// Where a quantile lies: ranks on either side, and its distance from the first.
struct Ranks {
  int low, high;
  double share;
};

enum Method { LINEAR, LOWER, HIGHER, MIDPOINT, NEAREST };

__device__ __forceinline__ Ranks ranks_of(double level, int count, int method) {
  double place = level * (count - 1), below = floor(place);
  int low = (int)below, high = (int)ceil(place);
  if (method == LINEAR) return {low, high, place - below};
  if (method == MIDPOINT) return {low, high, low == high ? 0.0 : 0.5};
  int rank = method == LOWER ? low : method == HIGHER ? high : (int)rint(place);
  return {rank, rank, 0.0};
}

// What a pass over the column has found, or nothing: a bracket, the keys in it, and for how many of them there was room.
struct Lookup {
  const Bracket* bracket;
  const Key* gathered;
  int room;
};

// Of all keys of a column the one of this rank, among those in its bracket where the bracket holds it.
__device__ __forceinline__ Key key_at(Workspace& work, const Column& column, int n, const Lookup& lookup, int rank) {
  if (lookup.bracket) {
    const Bracket& bracket = *lookup.bracket;
    int place = rank - bracket.below;
    if (place >= 0 && place < bracket.at_low) return bracket.low;
    place -= bracket.at_low;
    if (place >= 0 && place < bracket.between && bracket.between <= lookup.room)
      return select(work, Keys{lookup.gathered}, bracket.between, place);
    place -= bracket.between;
    if (place >= 0 && place < bracket.at_high) return bracket.high;
  }
  return select(work, column, n, rank);
}

__device__ __forceinline__ int count_present(Workspace& work, const Column& column, int n) {
  if (threadIdx.x == 0) work.count = 0;
  __syncthreads();
  int own = 0;
  for (int row = threadIdx.x; row < n; row += THREADS) own += column(row) != ABSENT;
  atomicAdd(&work.count, own);
  __syncthreads();
  int count = work.count;
  __syncthreads();
  return count;
}

// The quantile of a column of so many values; NaN of none.
__device__ __forceinline__ double quantile(Workspace& work, const Column& column, int n, const Lookup& lookup,
                                           double level, int count, int method) {
  if (count == 0) return no_number();
  Ranks ranks = ranks_of(level, count, method);
  double low = value_of(key_at(work, column, n, lookup, ranks.low));
  if (ranks.high == ranks.low || ranks.share == 0) return low;
  double high = value_of(key_at(work, column, n, lookup, ranks.high));
  return low == high ? low : low * (1 - ranks.share) + high * ranks.share;
}
