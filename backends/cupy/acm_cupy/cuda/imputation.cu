// Gaps filled: with a number a column, or with the last value. After columns.cuh.

__device__ __forceinline__ bool is_missing(REAL value, int infinities) {
  return isnan(value) || (isinf(value) && !infinities);
}

// By given numbers, or by medians in double.
extern "C" __global__ void __launch_bounds__(THREADS)
fill_gaps(const REAL* x, const REAL* fill, const double* medians, int given, int infinities, REAL* filled, int n, int d,
          int width, int tiles, int length) {
  Place at = place_of(blockIdx.x % tiles, width);
  if (at.column >= d) return;
  REAL number = given ? fill[at.column] : (REAL)medians[at.column];
  int first = blockIdx.x / tiles * length, end = n - first < length ? n : first + length;
  for (int row = first + at.slot; row < end; row += at.slots) {
    size_t place = (size_t)row * d + at.column;
    REAL value = x[place];
    filled[place] = is_missing(value, infinities) ? number : value;
  }
}

// Rows in the order in which values are carried on: from the first, or from the last.
struct Order {
  const REAL* x;
  int n, d, column, backward;

  __device__ __forceinline__ size_t place(int step) const {
    return (size_t)(backward ? n - 1 - step : step) * d + column;
  }

  // The last step in [first, end) that has a value, of those that are `stride` apart back from the last; or -1.
  __device__ __forceinline__ int last_present(int first, int end, int stride) const {
    for (int step = end - 1; step >= first; step -= stride)
      if (!isnan(x[place(step)])) return step;
    return -1;
  }
};

// One block a chunk of rows and some columns: the last step of each with a value, or -1.
extern "C" __global__ void __launch_bounds__(THREADS)
last_of_chunks(const REAL* x, int* last, int backward, int n, int d, int width, int tiles, int length) {
  __shared__ int found[THREADS];
  Place at = place_of(blockIdx.x % tiles, width);
  int chunk = blockIdx.x / tiles, first = chunk * length, end = n - first < length ? n : first + length;
  Order order = {x, n, d, at.column, backward};
  if (at.slot == 0) found[threadIdx.x] = -1;
  __syncthreads();
  int own = at.column < d ? order.last_present(first, end - at.slot, at.slots) : -1;
  if (own >= 0) atomicMax(&found[threadIdx.x % width], own);
  __syncthreads();
  if (at.slot == 0 && at.column < d) last[(size_t)chunk * d + at.column] = found[threadIdx.x];
}

// One block a chunk of rows and some columns, of which each slot takes a part; what it starts with comes from those before.
extern "C" __global__ void __launch_bounds__(THREADS)
carry_on(const REAL* x, const int* last, REAL* filled, int limit, int backward, int n, int d, int width, int tiles,
         int length) {
  __shared__ int before[THREADS], found[THREADS];
  Place at = place_of(blockIdx.x % tiles, width);
  int side = threadIdx.x % width, chunk = blockIdx.x / tiles, start = chunk * length, part = length / at.slots;
  int stop = n - start < length ? n : start + length, first = start + at.slot * part, end = min(first + part, stop);
  Order order = {x, n, d, at.column, backward};
  bool inside = at.column < d;
  if (at.slot == 0) before[side] = -1;
  __syncthreads();
  for (int earlier = chunk - 1 - at.slot; inside && earlier >= 0; earlier -= at.slots) {
    int step = last[(size_t)earlier * d + at.column];
    if (step < 0) continue;
    atomicMax(&before[side], step);
    break;
  }
  found[threadIdx.x] = inside ? order.last_present(first, end, 1) : -1;
  __syncthreads();
  if (!inside) return;
  int source = before[side];
  for (int slot = 0; slot < at.slot; slot++) source = max(source, found[slot * width + side]);
  REAL carried = source < 0 ? (REAL)no_number() : x[order.place(source)];
  for (int step = first; step < end; step++) {
    REAL value = x[order.place(step)];
    if (!isnan(value)) {
      source = step;
      carried = value;
    }
    filled[order.place(step)] = step - source <= limit ? carried : value;
  }
}
