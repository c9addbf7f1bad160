// Silhouettes without the matrix of distances: rows in the order of their clusters. After tiles.cuh.

// Where each cluster starts among the ordered rows, and in state[0] how many there are.
extern "C" __global__ void __launch_bounds__(THREADS)
cluster_starts(const long long* order, const long long* codes, int* starts, int* state, int n) {
  long long place = (long long)blockIdx.x * THREADS + threadIdx.x;
  if (place >= n) return;
  long long code = codes[order[place]];
  if (place == 0 || codes[order[place - 1]] != code) starts[code] = (int)place;
  if (place == n - 1) {
    starts[code + 1] = n;
    state[0] = (int)code + 1;
  }
}

// Whether no square of a difference of such numbers overflows or underflows.
__device__ __forceinline__ bool has_normal_square(REAL value) {
  if (sizeof(REAL) == 4) return true;
  double size = fabs((double)value);
  return size < 0x1p480 && (size >= 0x1p-420 || size == 0);
}

__device__ __forceinline__ double sum_of_half_warp(double sum) {
#pragma unroll
  for (int offset = SIDE / 2; offset > 0; offset /= 2) sum += __shfl_xor_sync(half_warp(), sum, offset, SIDE);
  return sum;
}

__device__ __forceinline__ double silhouette(double within, double between) {
  double score = (between - within) / fmax(within, between);
  return isnan(score) ? 0.0 : score;  // alone in its cluster, or a = b = 0
}

// One block 64 of the ordered rows, and one cluster after the other. state[1] tells whether a square may leave the range.
extern "C" __global__ void __launch_bounds__(THREADS, 2)
silhouettes(const REAL* x, const long long* order, const long long* codes, const int* starts, int* state, REAL* scores,
            int n, int d) {
  __shared__ Tiles tiles;
  double squares[EACH][EACH], within[EACH], between[EACH];
  int own[EACH], first_x = blockIdx.x * TILE, tx = threadIdx.x % SIDE, ty = threadIdx.x / SIDE;
  bool ordinary = true;
  for (int r = ty; r < TILE && first_x + r < n; r += SIDE)
    for (int k = tx; k < d; k += SIDE) ordinary = ordinary && has_normal_square(x[(size_t)order[first_x + r] * d + k]);
  if (!__syncthreads_and(ordinary) && threadIdx.x == 0) atomicOr(&state[1], 1);
#pragma unroll
  for (int i = 0; i < EACH; i++) {
    int place = first_x + ty + i * SIDE;
    own[i] = place < n ? (int)codes[order[place]] : -1;
    between[i] = endless();
    within[i] = 0;
  }
  int clusters = state[0];
  for (int cluster = 0; cluster < clusters; cluster++) {
    int start = starts[cluster], end = starts[cluster + 1];
    double sums[EACH] = {};
    for (int first_y = start; first_y < end; first_y += TILE) {
      squared_distances(squares, tiles, x, order, first_x, n, x, order, first_y, end, d);
#pragma unroll
      for (int j = 0; j < EACH; j++)
        if (first_y + tx + j * SIDE < end)
#pragma unroll
          for (int i = 0; i < EACH; i++) sums[i] += sqrt(squares[i][j]);
    }
#pragma unroll
    for (int i = 0; i < EACH; i++) {
      double sum = sum_of_half_warp(sums[i]);
      if (own[i] == cluster) within[i] = sum / (end - start - 1);
      else between[i] = fmin(between[i], sum / (end - start));
    }
  }
#pragma unroll
  for (int i = 0; i < EACH; i++)
    if (tx == 0 && own[i] >= 0) scores[order[first_x + ty + i * SIDE]] = (REAL)silhouette(within[i], between[i]);
}
