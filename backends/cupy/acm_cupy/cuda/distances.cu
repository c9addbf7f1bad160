// Distances between rows: all pairs, the nearest row, and to an assigned centre. After tiles.cuh.

// One block a tile of the result. Of x with itself (`mirrored`) each pair of tiles is computed once.
extern "C" __global__ void __launch_bounds__(THREADS, 2)
pairwise_euclidean(const REAL* x, const REAL* y, REAL* out, int n, int m, int d, int mirrored) {
  __shared__ union { Tiles tiles; double slab[TILE][SIDE + 1]; } shared;
  double squares[EACH][EACH];
  int wide = (m + TILE - 1) / TILE, first_x = blockIdx.x / wide * TILE, first_y = blockIdx.x % wide * TILE;
  int tx = threadIdx.x % SIDE, ty = threadIdx.x / SIDE;
  if (mirrored && first_y < first_x) return;
  squared_distances(squares, shared.tiles, x, nullptr, first_x, n, y, nullptr, first_y, m, d);
  unsigned odd = 0;  // which of this thread's pairs have squares out of range
#pragma unroll
  for (int i = 0; i < EACH; i++)
#pragma unroll
    for (int j = 0; j < EACH; j++) {
      int row = first_x + ty + i * SIDE, column = first_y + tx + j * SIDE;
      if (row < n && column < m) {
        if (is_in_range(squares[i][j])) out[(size_t)row * m + column] = (REAL)sqrt(squares[i][j]);
        else odd |= 1u << (i * EACH + j);
      }
    }
  bool twice = mirrored && first_y != first_x;
  if (twice) {
#pragma unroll
    for (int i = 0; i < EACH; i++) {  // 16 rows of the tile at a time, written as 16 columns
#pragma unroll
      for (int j = 0; j < EACH; j++) shared.slab[tx + j * SIDE][ty] = sqrt(squares[i][j]);
      __syncthreads();
      for (int e = threadIdx.x; e < TILE * SIDE; e += THREADS) {
        int row = first_y + e / SIDE, column = first_x + i * SIDE + e % SIDE;
        if (row < m && column < n) out[(size_t)row * n + column] = (REAL)shared.slab[e / SIDE][e % SIDE];
      }
      __syncthreads();
    }
  }
  for (; odd; odd &= odd - 1) {
    int place = __ffs(odd) - 1;
    int row = first_x + ty + place / EACH * SIDE, column = first_y + tx + place % EACH * SIDE;
    double length = length_in_units(x + (size_t)row * d, y + (size_t)column * d, d);
    out[(size_t)row * m + column] = (REAL)length;
    if (twice) out[(size_t)column * n + row] = (REAL)length;
  }
}

struct Nearest {
  double square;
  int index;
};

// The lesser square wins, of equal ones the lower index.
__device__ __forceinline__ void keep_nearer(Nearest& best, double square, int index) {
  if (square < best.square || (square == best.square && index < best.index)) best = {square, index};
}

__device__ __forceinline__ Nearest nearest_of_half_warp(Nearest best, unsigned lanes) {
#pragma unroll
  for (int offset = SIDE / 2; offset > 0; offset /= 2) {
    double square = __shfl_xor_sync(lanes, best.square, offset, SIDE);
    int index = __shfl_xor_sync(lanes, best.index, offset, SIDE);
    keep_nearer(best, square, index);
  }
  return best;
}

__device__ __forceinline__ double farthest_coordinate(const REAL* x, const REAL* y, int d, double part) {
  double largest = 0;
  for (int k = 0; k < d; k++) largest = fmax(largest, fabs((double)x[k] * part - (double)y[k] * part));
  return largest;
}

// The nearest row where squares leave the range: again by half a warp, in a unit of the smallest difference.
__device__ __forceinline__ int nearest_in_units(const REAL* x, const REAL* y, int m, int d, unsigned lanes) {
  int lane = threadIdx.x % SIDE;
  double part = 1;
  Nearest least;
  for (int attempt = 0; attempt < 2; attempt++) {
    least = {endless(), 0x7fffffff};
    for (int j = lane; j < m; j += SIDE) keep_nearer(least, farthest_coordinate(x, y + (size_t)j * d, d, part), j);
    least = nearest_of_half_warp(least, lanes);
    if (least.square <= 1) break;
    part = 0.5;  // of large numbers halves differ by a number
  }
  if (least.square == 0) return least.index;
  int exponent = ilogb(least.square) + 1;
  Nearest best = {endless(), 0x7fffffff};
  for (int j = lane; j < m; j += SIDE) {
    double sum = 0;
    for (int k = 0; k < d; k++) {
      double t = ldexp((double)x[k] * part - (double)y[(size_t)j * d + k] * part, -exponent);
      sum = fma(t, t, sum);
    }
    keep_nearer(best, sum, j);
  }
  return nearest_of_half_warp(best, lanes).index;
}

__device__ __forceinline__ bool are_equal(const REAL* x, const REAL* y, int d, unsigned lanes) {
  bool equal = true;
  for (int k = threadIdx.x % SIDE; k < d; k += SIDE) equal = equal && x[k] == y[k];
  return __all_sync(lanes, equal);
}

// One block 64 rows of x; the squares of a tile are compared where they are computed, and none is stored.
extern "C" __global__ void __launch_bounds__(THREADS, 2)
nearest_rows(const REAL* x, const REAL* y, long long* indices, REAL* distances, int n, int m, int d) {
  __shared__ Tiles tiles;
  __shared__ double least[TILE];
  __shared__ int nearest[TILE];
  double squares[EACH][EACH];
  Nearest best[EACH];
  int first_x = blockIdx.x * TILE, tx = threadIdx.x % SIDE, ty = threadIdx.x / SIDE;
#pragma unroll
  for (int i = 0; i < EACH; i++) best[i] = {endless(), 0x7fffffff};
  for (int first_y = 0; first_y < m; first_y += TILE) {
    squared_distances(squares, tiles, x, nullptr, first_x, n, y, nullptr, first_y, m, d);
#pragma unroll
    for (int j = 0; j < EACH; j++)
#pragma unroll
      for (int i = 0; i < EACH; i++) {  // in ascending order: of equal squares a thread keeps the first
        int index = first_y + tx + j * SIDE;
        if (index < m && squares[i][j] < best[i].square) best[i] = {squares[i][j], index};
      }
  }
#pragma unroll
  for (int i = 0; i < EACH; i++) {
    best[i] = nearest_of_half_warp(best[i], half_warp());
    if (tx == 0) {
      least[ty + i * SIDE] = best[i].square;
      nearest[ty + i * SIDE] = best[i].index;
    }
  }
  __syncthreads();
  for (int r = ty; r < TILE && first_x + r < n; r += SIDE) {
    const REAL* row = x + (size_t)(first_x + r) * d;
    double square = least[r];
    int index = nearest[r];
    bool sure = is_in_range(square) || (square == 0 && are_equal(row, y + (size_t)index * d, d, half_warp()));
    if (!sure) index = nearest_in_units(row, y, m, d, half_warp());
    if (tx == 0) {
      indices[first_x + r] = index;
      distances[first_x + r] = (REAL)(sure ? sqrt(square) : length_in_units(row, y + (size_t)index * d, d));
    }
  }
}

// Half a warp a row; a label that names no centre gives NaN.
extern "C" __global__ void __launch_bounds__(THREADS)
assigned_distances(const REAL* x, const REAL* centers, const long long* labels, REAL* out, int n, int count, int d) {
  int lane = threadIdx.x % SIDE;
  long long row = (long long)blockIdx.x * SIDE + threadIdx.x / SIDE;
  if (row >= n) return;
  long long label = labels[row];
  bool known = label >= 0 && label < count;
  const REAL *own = x + (size_t)row * d, *center = centers + (known ? (size_t)label * d : 0);
  double sum = 0;
  if (known)
    for (int k = lane; k < d; k += SIDE) {
      double t = difference(own, center, k);
      sum = fma(t, t, sum);
    }
#pragma unroll
  for (int offset = SIDE / 2; offset > 0; offset /= 2) sum += __shfl_xor_sync(half_warp(), sum, offset, SIDE);
  if (lane) return;
  if (!known) out[row] = (REAL)nan("");
  else out[row] = (REAL)(is_in_range(sum) ? sqrt(sum) : length_in_units(own, center, d));
}
