// Medians, and medians of the distances from them. After brackets.cuh.

static constexpr double MIDDLE = 0.5;

// One block a column: its median; of many rows, also between which distances from it theirs lies.
extern "C" __global__ void __launch_bounds__(THREADS, 4)
medians(const REAL* x, int infinities, int bracketed, Bracket* brackets, int* present, const Key* gathered, int room,
        double* found, int distances, int n, int d, int start) {
  __shared__ union { Workspace work; Key sample[SAMPLE]; } shared;
  int own = blockIdx.x;
  Column column = {x, d, start + own, infinities != 0, false, 0};
  Lookup lookup = {bracketed ? brackets + own : nullptr, gathered + (size_t)own * room, room};
  int values = bracketed ? present[own] : count_present(shared.work, column, n);
  double median = quantile(shared.work, column, n, lookup, MIDDLE, values, LINEAR);
  if (threadIdx.x == 0) found[own] = median;
  if (!distances) return;
  if (!bracketed) {
    if (threadIdx.x == 0) present[own] = values;
    return;
  }
  __syncthreads();
  column.from_median = true;
  column.median = median;
  write_brackets(shared.sample, column, n, nullptr, MIDDLE, 1, brackets + own, 1);
  if (threadIdx.x == 0) present[own] = 0;
}

// One block a column: half the median distance, which is a number where the whole is none; and both results.
extern "C" __global__ void __launch_bounds__(THREADS, 4)
median_deviations(const REAL* x, int infinities, int bracketed, const Bracket* brackets, const int* present,
                  const Key* gathered, int room, const double* medians, double scale, double* halves, REAL* locations,
                  REAL* deviations, int n, int d, int start) {
  __shared__ Workspace work;
  int own = blockIdx.x;
  double median = medians[own];
  Column column = {x, d, start + own, infinities != 0, true, median};
  Lookup lookup = {bracketed ? brackets + own : nullptr, gathered + (size_t)own * room, room};
  double half = quantile(work, column, n, lookup, MIDDLE, present[own], LINEAR);
  if (threadIdx.x) return;
  if (!isfinite(median)) half = no_number();
  halves[own] = half;
  locations[own] = (REAL)median;
  deviations[own] = (REAL)(scale * half * 2);
}
