// The means of clusters, in an order of sums that does not depend on the schedule.

static constexpr int LANES = 32, WARPS = 8;

// One block a cluster, a chunk of rows and 32 columns. A warp looks for rows of the cluster 32 labels at a time; shares,
// the values times 2^-64, are summed as well for means whose sums overflow.
extern "C" __global__ void __launch_bounds__(LANES * WARPS)
cluster_sums(const REAL* x, const long long* labels, double* sums, double* shares, long long* counts, int n, int d,
             int clusters, int length) {
  __shared__ double of_warp[2][WARPS][LANES];
  __shared__ int found[WARPS];
  int cluster = blockIdx.x % clusters, chunk = blockIdx.x / clusters;
  int lane = threadIdx.x % LANES, warp = threadIdx.x / LANES;
  int end = n - chunk * (long long)length < length ? n : (chunk + 1) * length;
  for (int columns = blockIdx.y * LANES; columns < d; columns += gridDim.y * LANES) {
    int column = columns + lane, count = 0;
    double sum = 0, share = 0;
    for (int first = chunk * length + warp * LANES; first < end; first += LANES * WARPS) {
      bool belongs = first + lane < end && labels[first + lane] == cluster;
      unsigned members = __ballot_sync(0xffffffffu, belongs);
      count += __popc(members);
      for (; members; members &= members - 1) {
        double value = column < d ? (double)x[(size_t)(first + __ffs(members) - 1) * d + column] : 0.0;
        sum += value;
        share += value * 0x1p-64;
      }
    }
    of_warp[0][warp][lane] = sum;
    of_warp[1][warp][lane] = share;
    if (lane == 0) found[warp] = count;
    __syncthreads();
    if (warp < 2 && column < d) {
      double total = 0;
      for (int w = 0; w < WARPS; w++) total += of_warp[warp][w][lane];
      (warp ? shares : sums)[(size_t)blockIdx.x * d + column] = total;
    }
    if (threadIdx.x == 0 && columns == 0) {
      long long total = 0;
      for (int w = 0; w < WARPS; w++) total += found[w];
      counts[blockIdx.x] = total;
    }
    __syncthreads();
  }
}

// One thread a number of the result: the chunks' sums in their order.
extern "C" __global__ void __launch_bounds__(LANES * WARPS)
cluster_means(const double* sums, const double* shares, const long long* counts, const REAL* centers, REAL* means,
              long long* sizes, int d, int clusters, int chunks) {
  size_t place = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
  if (place >= (size_t)clusters * d) return;
  int cluster = place / d;
  double sum = 0, share = 0;
  long long size = 0;
  for (int chunk = 0; chunk < chunks; chunk++) {
    size += counts[(size_t)chunk * clusters + cluster];
    sum += sums[(size_t)chunk * clusters * d + place];
    share += shares[(size_t)chunk * clusters * d + place];
  }
  double mean = isfinite(sum) ? sum / size : share / size * 0x1p64;
  means[place] = size ? (REAL)mean : centers[place];
  if (place % d == 0) sizes[cluster] = size;
}
