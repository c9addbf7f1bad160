// Scores of columns from what is known of each. After columns.cuh.

static constexpr double LARGEST = 0x1.fffffffffffffp1023, LEAST = 0x0.0000000000001p-1022;

// A difference from larger numbers than this could be larger than all numbers.
static constexpr double LARGE = 0x1p900;

// A value scored: ((value - offset) - shift) / spread, all in 2^exponent.
struct Line {
  double offset, shift, spread;
  int exponent;
};

// A number in 2^exponent, finite where it was, and more than 0.
__device__ __forceinline__ double in_unit(double number, int exponent) {
  if (exponent == 0 || !isfinite(number)) return number;
  double scaled = fmin(fmax(ldexp(number, -exponent), -LARGEST), LARGEST);
  return scaled == 0 && number > 0 ? LEAST : scaled;
}

// What was given takes the place of the column's own.
__device__ __forceinline__ void give(Line& line, const REAL* center, const REAL* scale, int column) {
  if (scale) line.spread = in_unit((double)scale[column], line.exponent);
  if (!center) return;
  double middle = (double)center[column];
  int own = line.exponent;
  if (fabs(middle) > LARGE && isfinite(middle)) line.exponent = max(own, ilogb(middle) + 3);
  line.offset = ldexp(middle, -line.exponent);
  line.shift = 0;
  line.spread = ldexp(line.spread, own - line.exponent);
}

__device__ __forceinline__ double score(double value, const Line& line, double clip) {
  double counted = line.exponent ? ldexp(value, -line.exponent) : value;
  double found = ((counted - line.offset) - line.shift) / line.spread;
  if (!isfinite(value)) return found;
  return found > clip ? clip : found < -clip ? -clip : found;
}

// What the scores of a matrix are made with: its shape, its layout, and the caller's numbers.
struct Task {
  const REAL* x;
  const REAL *center, *scale;  // or nothing
  REAL* scores;
  double floor, clip;
  int n, d, tiles, length;
};

__device__ __forceinline__ void score_chunk(const Task& task, Line line, Place at) {
  give(line, task.center, task.scale, at.column);
  double least = in_unit(task.floor, line.exponent);
  if (line.spread < least) line.spread = least;  // NaN stays
  int first = blockIdx.x / task.tiles * task.length;
  int end = task.n - first < task.length ? task.n : first + task.length;
  for (int row = first + at.slot; row < end; row += at.slots) {
    size_t place = (size_t)row * task.d + at.column;
    task.scores[place] = (REAL)score((double)task.x[place], line, task.clip);
  }
}

// By centres and scales that are both given.
extern "C" __global__ void __launch_bounds__(THREADS)
scores_by_given(const REAL* x, const REAL* center, const REAL* scale, REAL* scores, double floor, double clip, int n,
                int d, int width, int tiles, int length) {
  Place at = place_of(blockIdx.x % tiles, width);
  if (at.column < d) score_chunk({x, center, scale, scores, floor, clip, n, d, tiles, length}, {0, 0, 0, 0}, at);
}

// By means and deviations, of which `has_center` and `has_scale` tell what is given instead.
extern "C" __global__ void __launch_bounds__(THREADS)
scores_by_deviation(const REAL* x, const double* origins, const double* means, const double* squares,
                    const long long* counts, const int* exponents, int ddof, const REAL* center, const REAL* scale,
                    int has_center, int has_scale, REAL* scores, double floor, double clip, int n, int d, int width,
                    int tiles, int length) {
  Place at = place_of(blockIdx.x % tiles, width);
  if (at.column >= d) return;
  long long freedom = counts[at.column] - ddof;
  double deviation = freedom > 0 ? sqrt(squares[at.column] / freedom) : no_number();
  Task task = {x, has_center ? center : nullptr, has_scale ? scale : nullptr, scores, floor, clip, n, d, tiles, length};
  score_chunk(task, {origins[at.column], means[at.column], deviation, exponents[at.column]}, at);
}

// By medians and halves of median distances; where these are large, in a unit in which no difference overflows.
extern "C" __global__ void __launch_bounds__(THREADS)
scores_by_median(const REAL* x, const double* medians, const double* halves, double consistency, const REAL* center,
                 const REAL* scale, int has_center, int has_scale, REAL* scores, double floor, double clip, int n, int d,
                 int width, int tiles, int length) {
  Place at = place_of(blockIdx.x % tiles, width);
  if (at.column >= d) return;
  double median = medians[at.column], half = halves[at.column];
  int exponent = fabs(median) > LARGE || half > LARGE ? 4 : 0;
  Task task = {x, has_center ? center : nullptr, has_scale ? scale : nullptr, scores, floor, clip, n, d, tiles, length};
  score_chunk(task, {ldexp(median, -exponent), 0, consistency * ldexp(half, -exponent) * 2, exponent}, at);
}
