// What the kernels of columns share: who computes what. REAL is the type of the data, set when the text is compiled.

static constexpr int THREADS = 256;

__device__ __forceinline__ double endless() { return __longlong_as_double(0x7ff0000000000000LL); }
__device__ __forceinline__ double no_number() { return __longlong_as_double(0x7ff8000000000000LL); }

// Columns side by side take neighbouring threads, `width` of a block's; the others of a column are its slots.
struct Place {
  int column, slot, slots;
};

__device__ __forceinline__ Place place_of(int tile, int width) {
  return {tile * width + (int)threadIdx.x % width, (int)threadIdx.x / width, THREADS / width};
}
