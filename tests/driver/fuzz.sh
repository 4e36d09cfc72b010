#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A short run of the coverage-guided fuzzer on the virtual bench's protocol, under AddressSanitizer and
# UndefinedBehaviorSanitizer: a tree of its own, built with clang, because libFuzzer is part of that compiler.
# What it finds stays in FOLDER/found, so that the next run goes on from there.
# Usage: fuzz.sh FOLDER SECONDS
set -eu
source=$(cd "$(dirname "$0")/../.." && pwd)
folder=$1
seconds=$2
mkdir -p "$folder/found"

cannot() { # REASON
  echo "[SKIP] twin_fuzz: $1"
  [ "${OAC_REQUIRE_ALL:-0}" != 1 ] || exit 1
  exit 0
}

command -v clang >/dev/null 2>&1 || cannot "there is no clang (scripts/packages)"
echo 'int LLVMFuzzerTestOneInput(const char *b, unsigned long n) { (void)b; (void)n; return 0; }' >"$folder/probe.c"
clang -fsanitize=fuzzer,address,undefined -o "$folder/probe" "$folder/probe.c" >"$folder/log" 2>&1 ||
  cannot "clang has no libFuzzer (libclang-rt-14-dev): $(tail -n 1 "$folder/log")"

CC=clang cmake -S "$source" -B "$folder/build" -G Ninja -DOAC_SANITIZE=ON -DOAC_FUZZ=ON >"$folder/log" 2>&1 &&
  ninja -C "$folder/build" fuzz_iiod >"$folder/log" 2>&1 || {
  tail -n 30 "$folder/log"
  exit 1
}

status=0
"$folder/build/tests/fuzz_iiod" -max_total_time="$seconds" -max_len=2048 -timeout=20 -print_final_stats=1 \
  -artifact_prefix="$folder/" "$folder/found" "$source/tests/driver/fuzz_iiod" >"$folder/log" 2>&1 || status=$?
grep -E 'INITED|DONE|number_of_executed_units|peak_rss_mb' "$folder/log" || true
if [ "$status" != 0 ]; then
  tail -n 60 "$folder/log"
  echo "the input is in $folder; put it into tests/driver/fuzz_iiod with the repair"
fi
exit "$status"
