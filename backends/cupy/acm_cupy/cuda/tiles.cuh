// What the kernels of rows share: squared distances of a tile of pairs, and distances whose squares leave the range.
// REAL is the type of the data, set when the text is compiled. Arithmetic is in double whatever it is: the contract
// keeps the digits of float32 rows that are close together or long.

// 256 threads compute 64 x 64 pairs, 4 x 4 each, and keep 16 columns of both sides in shared memory, of which 4 are added
// at a time: of 50 columns 52 are computed.
static constexpr int TILE = 64, DEPTH = 16, STEP = 4, SIDE = 16, EACH = TILE / SIDE, THREADS = SIDE * SIDE;

// Column by column, so that the inner loop reads rows; the padding sends the stores of a warp to different banks.
struct Tiles {
  double a[DEPTH][TILE + 2];
  double b[DEPTH][TILE + 2];
};

// A sum of squares from here to the largest number has all its digits.
static constexpr double LEAST_SQUARE = 0x1p-960, LARGEST = 0x1.fffffffffffffp1023;

__device__ __forceinline__ double endless() { return __longlong_as_double(0x7ff0000000000000LL); }

__device__ __forceinline__ bool is_in_range(double square) {
  if (sizeof(REAL) == 4) return true;  // squares of float32 numbers neither overflow nor underflow in double
  return (square >= LEAST_SQUARE && square <= LARGEST) || isnan(square);
}

__device__ __forceinline__ double difference(const REAL* x, const REAL* y, int k) { return (double)x[k] - (double)y[k]; }

// Distance of two rows in a unit that suits their largest difference; not for rows with NaN.
__device__ __forceinline__ double length_in_units(const REAL* x, const REAL* y, int d) {
  double largest = 0;
  for (int k = 0; k < d; k++) largest = fmax(largest, fabs(difference(x, y, k)));
  if (largest == 0 || largest > LARGEST) return largest;
  int exponent = ilogb(largest) + 1;
  double sum = 0;
  for (int k = 0; k < d; k++) {
    double t = ldexp(difference(x, y, k), -exponent);
    sum = fma(t, t, sum);
  }
  return ldexp(sqrt(sum), exponent);
}

// Copies 64 rows of 16 columns; what lies outside counts as 0. With `order`, the row at place i is row order[i].
__device__ __forceinline__ void load_tile(double (*tile)[TILE + 2], const REAL* rows, const long long* order, int first,
                                          int end, int column, int d) {
#pragma unroll
  for (int e = threadIdx.x; e < TILE * DEPTH; e += THREADS) {
    int r = e / DEPTH, k = e % DEPTH;  // neighbouring threads read neighbouring columns
    bool inside = first + r < end && column + k < d;
    size_t row = inside ? (order ? (size_t)order[first + r] : (size_t)(first + r)) : 0;
    tile[k][r] = inside ? (double)rows[row * d + column + k] : 0.0;
  }
}

// Adds the squares of differences in STEP columns of the tiles; what lies beyond the last column is 0 there.
__device__ __forceinline__ void add_squares(double (&squares)[EACH][EACH], const Tiles& tiles, int first, int tx,
                                            int ty) {
#pragma unroll
  for (int k = first; k < first + STEP; k++) {
    double a[EACH], b[EACH];
#pragma unroll
    for (int i = 0; i < EACH; i++) a[i] = tiles.a[k][ty + i * SIDE];
#pragma unroll
    for (int j = 0; j < EACH; j++) b[j] = tiles.b[k][tx + j * SIDE];
#pragma unroll
    for (int i = 0; i < EACH; i++)
#pragma unroll
      for (int j = 0; j < EACH; j++) {
        double t = a[i] - b[j];
        squares[i][j] = fma(t, t, squares[i][j]);
      }
  }
}

// squares[i][j]: of the row first_x + ty + 16 i and the row first_y + tx + 16 j, by direct differences.
__device__ __forceinline__ void squared_distances(double (&squares)[EACH][EACH], Tiles& tiles, const REAL* x,
                                                  const long long* order_x, int first_x, int end_x, const REAL* y,
                                                  const long long* order_y, int first_y, int end_y, int d) {
  int tx = threadIdx.x % SIDE, ty = threadIdx.x / SIDE;
#pragma unroll
  for (int i = 0; i < EACH; i++)
#pragma unroll
    for (int j = 0; j < EACH; j++) squares[i][j] = 0;
  for (int column = 0; column < d; column += DEPTH) {
    load_tile(tiles.a, x, order_x, first_x, end_x, column, d);
    load_tile(tiles.b, y, order_y, first_y, end_y, column, d);
    __syncthreads();
    for (int few = 0; few < DEPTH && column + few < d; few += STEP) add_squares(squares, tiles, few, tx, ty);
    __syncthreads();
  }
}

// The 16 threads that share rows are half a warp.
__device__ __forceinline__ unsigned half_warp() { return 0xffffu << (threadIdx.x & 16); }
