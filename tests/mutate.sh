#!/usr/bin/env bash
# Breaks one rule at a time, builds, and says which test noticed.
# SPDX-License-Identifier: Apache-2.0
#
# Each file of tests/mutations is a patch against a folder of exporter: its first line says what is
# wrong then, and the tests of that folder must notice. One that no test catches fails the run, and so does one that no longer applies or builds.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat <<'USAGE'
Usage: tests/mutate.sh [--check | NAME...]

  NAME...  only these of tests/mutations, without .patch
  --check  only see that every patch applies to the working tree; takes a second
USAGE
}

scratch=build/mutate
tree=$scratch/tree
build=$scratch/build
# What takes long and no rule of the evaluation decides.
export GTEST_FILTER='-*TenMillion*'

patches() {
  if (($#)); then printf 'tests/mutations/%s.patch\n' "$@"; else ls tests/mutations/*.patch; fi
}

check() {
  local patch failed=0
  for patch in $(patches); do
    patch --dry-run --silent --fuzz=0 -p1 <"$patch" >/dev/null || {
      echo "mutate: $patch no longer applies: mend or remove it"
      failed=1
    }
  done
  return "$failed"
}

# Copies what differs, so that a second run builds little. A copy is always newer than what was built
# from the file before it.
prepare() {
  local file
  mkdir -p $tree
  git ls-files -co --exclude-standard | while read -r file; do
    cmp -s "$file" "$tree/$file" || cp --parents -t $tree "$file"
  done
  ln -sfn "$PWD/.cache" $tree/.cache
  cmake -G Ninja -S $tree -B $build -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS=-g0 >/dev/null
}

# The folder of a patch, or its file beside the folders, as the names of its tests begin: exporter_http_.
suite() { sed -n 's|^+++ b/\(exporter/[a-z]*/\).*|\1|p; s|^+++ b/\(exporter/[a-z_]*\)[.]cc.*|\1|p' "$1" | head -n 1 | tr / _; }

suites() { patches "$@" | while read -r patch; do suite "$patch"; done | sort -u; }

# All tests of one suite.
compile() {
  local programs
  mapfile -t programs < <(ctest --test-dir $build -N -R "^$1" | sed -n "s/.*: \($1.*\)/\1/p")
  cmake --build $build --target "${programs[@]}" >$scratch/build.log 2>&1
}

# 0: all pass.
run_tests() {
  ctest --test-dir $build -R "^$1" -j "$(nproc)" --stop-on-failure \
    --output-on-failure >$scratch/test.log 2>&1
}

first_failure() {
  sed -n 's/^\[  FAILED  \] \([^ ,]*\).*/\1/p' $scratch/test.log | head -n 1
}

# As it was before the patch. Not by the patch reversed: that may find another place.
restore() {
  local file
  sed -n 's|^+++ b/||p' "$1" | while read -r file; do cp "$file" "$tree/$file"; done
}

# Prints a line on what became of one patch; 1 when it survived.
try() {
  local name suite verdict=0 line
  name=$(basename "$1" .patch)
  suite=$(suite "$1")
  patch --silent --fuzz=0 -d $tree -p1 <"$1"
  if ! compile "$suite"; then
    line='DOES NOT BUILD'
    verdict=1
  elif run_tests "$suite"; then
    line='SURVIVED'
    verdict=1
  else
    line="caught by $(first_failure)"
  fi
  restore "$1"
  printf '%-40s %s\n' "$name" "$line"
  return $verdict
}

case ${1:-} in
  --help) usage; exit 0 ;;
  --check) check; exit ;;
  -*) usage >&2; exit 2 ;;
esac

prepare
for suite in $(suites "$@"); do
  compile "$suite" || { tail -n 20 $scratch/build.log; exit 1; }
  run_tests "$suite" || { tail -n 40 $scratch/test.log; echo "mutate: the tests fail without any mutation"; exit 1; }
done
survived=0
count=0
for patch in $(patches "$@"); do
  count=$((count + 1))
  try "$patch" || survived=$((survived + 1))
done
echo "mutate: $count mutations, $((count - survived)) caught, $survived not"
((survived == 0))
