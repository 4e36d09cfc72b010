#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Proves that the way the tests are run turns ctest red. Given a folder with a CTestTestfile.cmake of seeded
# programs, registered exactly as real suites are, runs ctest on it and requires: NAME=PATTERN arguments fail
# with PATTERN in their output, NAME arguments alone pass.
# Usage: turns_red.sh FOLDER sound leak='LeakSanitizer' ...
set -eu
folder=$1
shift
failed=0
for expectation in "$@"; do
  name=${expectation%%=*}
  pattern=${expectation#"$name"}
  pattern=${pattern#=}
  status=0
  output=$(ctest --test-dir "$folder" --output-on-failure -R "^seeded_$name\$" 2>&1) || status=$?
  if [ -z "$pattern" ]; then
    [ "$status" = 0 ] && echo "ok: $name is green" && continue
  elif [ "$status" = 8 ] && printf '%s\n' "$output" | grep -q "$pattern"; then
    echo "ok: $name is red ($pattern)"
    continue
  fi
  failed=1
  printf 'FAILED: seeded_%s gave ctest status %s, wanted %s. Output:\n%s\n' "$name" "$status" \
    "${pattern:-green}" "$output"
done
exit $failed
