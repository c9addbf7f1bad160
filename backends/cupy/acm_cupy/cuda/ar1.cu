// What autoregressions of the first order leave. After columns.cuh.

// Larger means, or coefficients beyond 1, and a difference or a prediction may be no number where the residual is one.
static constexpr double LARGE = 0x1p900;

extern "C" __global__ void __launch_bounds__(THREADS)
ar1_residuals(const REAL* x, const REAL* phi, const REAL* mu, REAL* residuals, int n, int d, int width, int tiles,
              int length) {
  Place at = place_of(blockIdx.x % tiles, width);
  if (at.column >= d) return;
  double coefficient = (double)phi[at.column], mean = (double)mu[at.column];
  double part = fabs(mean) < LARGE && fabs(coefficient) <= 1 ? 1.0 : 0.125;
  int first = blockIdx.x / tiles * length, end = n - first < length ? n : first + length;
  for (int row = first + at.slot; row < end; row += at.slots) {
    size_t place = (size_t)row * d + at.column;
    double value = (double)x[place], before = row ? (double)x[place - d] : no_number();
    double predicted = isfinite(before) ? coefficient * (before * part - mean * part) : 0.0;
    double residual = isfinite(value) ? (value * part - mean * part) - predicted : no_number();
    residuals[place] = (REAL)(residual / part);
  }
}
