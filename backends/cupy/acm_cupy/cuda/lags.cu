// Each row next to those before it. After columns.cuh.

// Columns of the result are side by side in threads; of each, which column it is and by how many rows it is late.
extern "C" __global__ void __launch_bounds__(THREADS)
lagged_features(const REAL* x, REAL* features, int lags, int least, int by_column, int n, int d, int width, int tiles,
                int length) {
  Place at = place_of(blockIdx.x % tiles, width);
  int columns = d * lags;
  if (at.column >= columns) return;
  int column = by_column ? at.column / lags : at.column % d;
  int lag = least + (by_column ? at.column % lags : at.column / d);
  int first = blockIdx.x / tiles * length, end = n - first < length ? n : first + length;
  for (int row = first + at.slot; row < end; row += at.slots)
    features[(size_t)row * columns + at.column] = row < lag ? (REAL)no_number() : x[(size_t)(row - lag) * d + column];
}
