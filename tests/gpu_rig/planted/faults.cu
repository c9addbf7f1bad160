// Kernels with one fault each, and two that only look like it: the checked build must tell them apart.

extern "C" __global__ void missing_barrier(const double* x, double* out, int n) {
  __shared__ double s[256];
  s[threadIdx.x] = x[threadIdx.x];
  out[threadIdx.x] = s[255 - threadIdx.x];
}

extern "C" __global__ void with_barrier(const double* x, double* out, int n) {
  __shared__ double s[256];
  s[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  out[threadIdx.x] = s[255 - threadIdx.x];
}

extern "C" __global__ void one_too_far(const double* x, double* out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i <= n) out[i] = x[i];
}

extern "C" __global__ void divergent_barrier(const double* x, double* out, int n) {
  __shared__ double s[256];
  s[threadIdx.x] = x[threadIdx.x];
  if (threadIdx.x < 100) {
    __syncthreads();
  } else {
    s[threadIdx.x] += 1;
    __syncthreads();
  }
  out[threadIdx.x] = s[255 - threadIdx.x];
}

extern "C" __global__ void full_mask_of_half_the_lanes(const double* x, double* out, int n) {
  double v = x[threadIdx.x];
  if (threadIdx.x % 2 == 0) v += __shfl_xor_sync(0xffffffffu, v, 1);
  else __syncthreads();
  out[threadIdx.x] = v;
}

extern "C" __global__ void all_blocks_write_the_same(const double* x, double* out, int n) {
  out[threadIdx.x] = x[threadIdx.x];
}

extern "C" __global__ void half_filled(const double* x, double* out, int n) {
  extern __shared__ double s[];
  if (threadIdx.x < 128) s[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  out[threadIdx.x] = s[threadIdx.x];
}

extern "C" __global__ void exchange_in_a_warp(const double* x, double* out, int n) {
  __shared__ double s[256];
  s[threadIdx.x] = x[threadIdx.x];
  __syncwarp();
  out[threadIdx.x] = s[threadIdx.x ^ 1];
}

extern "C" __global__ void exchange_between_warps(const double* x, double* out, int n) {
  __shared__ double s[256];
  s[threadIdx.x] = x[threadIdx.x];
  __syncwarp();
  out[threadIdx.x] = s[threadIdx.x ^ 32];
}
