// One kernel that fits into registers, and one that is planted to spill.

extern "C" __global__ void axpy(const double* __restrict__ x, double* __restrict__ y, double a, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] += a * x[i];
}

extern "C" __global__ void __launch_bounds__(1024, 2) spilling(const double* x, double* y, int n) {
  double a[48];
#pragma unroll
  for (int k = 0; k < 48; k++) a[k] = x[threadIdx.x * 48 + k];
  for (int i = 0; i < n; i++) {
#pragma unroll
    for (int k = 0; k < 48; k++) a[k] = a[k] * a[(k + 7) % 48] + a[(k + 13) % 48];
  }
#pragma unroll
  for (int k = 0; k < 48; k++) y[threadIdx.x * 48 + k] = a[k];
}
