// Gaps filled with a number a column. After columns.cuh.

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
