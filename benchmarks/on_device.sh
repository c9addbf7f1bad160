#!/usr/bin/env bash
# What a machine with a GPU shows in about 8 minutes, into one report.  usage: benchmarks/on_device.sh [REPORT]
#
# Needs Python with CuPy, NumPy, SciPy and pytest, and no package registry; the repository need not be installed. Each
# step has its time, and one that fails does not keep the next from running: the report says so, and so does the exit.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
report=$(realpath -m "${1:-on_device.txt}")
python=${PYTHON:-python3}
export PYTHONPATH=$root:$root/backends/cupy:$root/backends/rust/python:$root/tests/gpu_rig
cd "$root" || exit 1
failed=0

step() { # SECONDS TITLE COMMAND...
  local seconds=$1 title=$2 start=$SECONDS; shift 2
  echo "== $title"
  if timeout "$seconds" "$@"; then
    echo "-- done in $((SECONDS - start)) s"
  else
    echo "-- FAILED (exit $?) after $((SECONDS - start)) s"
    failed=1
  fi
}

kit=("$python" -m pytest -q --noconftest -p no:cacheprovider -p device_backend)
fused="pairwise_euclidean or pairwise_distances_argmin or pairwise_distances_argmin_min or assigned_distances or lloyd_step or silhouette_samples"
fused+=" or column_mean_variance or column_moments or column_sums or column_median_mad or column_quantiles or impute or zscore"
fused+=" or rolling_mean or rolling_std or rolling_skew or rolling_kurt or rolling_slope or rolling_min or rolling_max or ffill or bfill or lagged_features or ar1_residuals"
{
  step 20 "commit" git rev-parse HEAD
  step 20 "device" nvidia-smi
  step 60 "times of the fused kernels" "$python" -m benchmarks.fused
  step 150 "conformance of the fused kernels, copied there and back" "${kit[@]}" --pyargs acm_dispatch.testing --backend=cupy -k "$fused"
  step 90 "arrays that stay there" "${kit[@]}" tests/test_device_arrays.py -k "gpu and ($fused)"
  step 40 "streams, copies, full memory" "${kit[@]}" tests/test_gpu.py
  if command -v compute-sanitizer > /dev/null; then
    for tool in memcheck racecheck synccheck; do
      step 60 "compute-sanitizer, $tool" compute-sanitizer --tool "$tool" --error-exitcode 1 "$python" -m benchmarks.fused --small
    done
  else
    echo "== compute-sanitizer: not on this machine"
  fi
  echo "== $([ $failed = 0 ] && echo 'everything passed' || echo 'something FAILED')"
  exit $failed
} 2>&1 | tee "$report"
