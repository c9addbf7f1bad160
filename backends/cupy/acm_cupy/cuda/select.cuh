// The key of a rank in a column or among some keys, by one block: digit by digit (radix select) until few are left.
// After columns.cuh.

typedef unsigned long long Key;

// Orders as doubles do; of what is missing, which comes last, ABSENT.
static constexpr Key ABSENT = ~0ull, SIGN = 1ull << 63;
static constexpr int KEPT = 512, DIGITS = 256;

__device__ __forceinline__ Key key_of(double value) {
  Key bits = (Key)__double_as_longlong(value);
  return bits & SIGN ? ~bits : bits | SIGN;
}

__device__ __forceinline__ double value_of(Key key) {
  return __longlong_as_double((long long)(key & SIGN ? key & ~SIGN : ~key));
}

// A column's values, or halves of their distances from a median: the whole distance may be larger than all numbers.
struct Column {
  const REAL* x;
  int d, column;
  bool infinities, from_median;
  double median;

  __device__ __forceinline__ Key operator()(int row) const {
    double value = (double)x[(size_t)row * d + column];
    if (isnan(value) || (isinf(value) && !infinities)) return ABSENT;
    return key_of(from_median ? fabs(value * 0.5 - median / 2) : value);
  }
};

struct Keys {
  const Key* keys;

  __device__ __forceinline__ Key operator()(int place) const { return keys[place]; }
};

// What a block selects with.
struct Workspace {
  int histogram[DIGITS];
  Key kept[KEPT], least, greatest, found;
  int count, digit, rank;
};

// The digit of the key of this rank, from how many there are of each: by the first warp, 8 digits a lane.
__device__ __forceinline__ void find_digit(Workspace& work, int rank) {
  if (threadIdx.x >= 32) return;
  int own = 0, lane = threadIdx.x;
  for (int k = 0; k < DIGITS / 32; k++) own += work.histogram[lane * (DIGITS / 32) + k];
  int below = own;
  for (int reach = 1; reach < 32; reach *= 2) {
    int other = __shfl_up_sync(0xffffffffu, below, reach);
    if (lane >= reach) below += other;
  }
  below -= own;
  if (rank < below || rank >= below + own) return;
  int digit = lane * (DIGITS / 32);
  for (; rank >= below + work.histogram[digit]; digit++) below += work.histogram[digit];
  work.digit = digit;
  work.rank = rank - below;
  work.count = work.histogram[digit];
}

// Of few keys in shared memory the one of this rank: equal ones in the order of their places.
__device__ __forceinline__ void find_among_kept(Workspace& work, int count, int rank) {
  for (int i = threadIdx.x; i < count; i += THREADS) {
    Key key = work.kept[i];
    int before = 0;
    for (int j = 0; j < count; j++) before += work.kept[j] < key || (work.kept[j] == key && j < i);
    if (before == rank) work.found = key;
  }
}

template <class Source>
__device__ __forceinline__ void find_ends(Workspace& work, const Source& source, int n) {
  if (threadIdx.x == 0) {
    work.least = ABSENT;
    work.greatest = 0;
  }
  __syncthreads();
  Key least = ABSENT, greatest = 0;
  for (int i = threadIdx.x; i < n; i += THREADS) {
    Key key = source(i);
    if (key == ABSENT) continue;
    least = min(least, key);
    greatest = max(greatest, key);
  }
  atomicMin(&work.least, least);
  atomicMax(&work.greatest, greatest);
  __syncthreads();
}

// The key of this rank, of which there must be one. Every thread of the block must call it, and is given the key.
template <class Source>
__device__ __forceinline__ Key select(Workspace& work, const Source& source, int n, int rank) {
  __syncthreads();  // the last search may still be read
  find_ends(work, source, n);
  Key differing = work.least ^ work.greatest, prefix = work.least;
  int shift = differing ? 64 - __clzll((long long)differing) : 0, count = n;  // bits that are not known yet
  while (shift > 0 && count > KEPT) {
    int bits = min(shift, 8), next = shift - bits;
    work.histogram[threadIdx.x] = 0;
    __syncthreads();
    for (int i = threadIdx.x; i < n; i += THREADS) {
      Key key = source(i);
      if (key != ABSENT && (shift == 64 || (key ^ prefix) >> shift == 0))
        atomicAdd(&work.histogram[key >> next & (Key)((1 << bits) - 1)], 1);
    }
    __syncthreads();
    find_digit(work, rank);
    __syncthreads();
    prefix = (shift == 64 ? 0 : prefix >> shift << shift) | (Key)work.digit << next;
    rank = work.rank;
    count = work.count;
    shift = next;
    __syncthreads();
  }
  if (shift == 0) return prefix;
  if (threadIdx.x == 0) work.count = 0;
  __syncthreads();
  for (int i = threadIdx.x; i < n; i += THREADS) {
    Key key = source(i);
    if (key != ABSENT && (shift == 64 || (key ^ prefix) >> shift == 0)) work.kept[atomicAdd(&work.count, 1)] = key;
  }
  __syncthreads();
  find_among_kept(work, work.count, rank);
  __syncthreads();
  Key found = work.found;
  __syncthreads();
  return found;
}
