#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Proves that the lint can fail: in a small clean tree it passes, and with one seeded violation of a rule it
# exits 1 and names the rule. Usage: tests/lint/self_test.sh
set -eu
source=$(cd "$(dirname "$0")/../.." && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/tests" "$tree/base" "$tree/hal" "$tree/sim" "$tree/calibration" "$tree/cli" "$tree/driver/iio" "$tree/docs"
cp -r "$source/tests/lint" "$tree/tests/lint"
cp "$source/.clang-format" "$tree/.clang-format"
spdx='/* SPDX-License-Identifier: GPL-3.0-or-later */'
passed=0
failed=0

verdict() { # NAME OK?
  if [ "$2" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED: $1"; fi
}

printf '%s\n#include <stdio.h>\n#include <yaml.h>\n\n#include "base/good.h"\n' "$spdx" >"$tree/base/good.c"
if output=$("$tree/tests/lint/run" "$tree" 2>&1); then verdict "a clean tree passes" 0; else
  verdict "a clean tree passes" 1
  echo "$output"
fi

# seed RULE FILE TEXT: with FILE holding TEXT (printf format) the lint must fail and name RULE for FILE.
seed() {
  printf "$3" >"$tree/$2"
  if output=$("$tree/tests/lint/run" "$tree" 2>&1); then
    verdict "$1 in $2 is seen: lint passed" 1
  elif printf '%s\n' "$output" | grep -q "^$2:[0-9]*: $1:"; then
    verdict "$1 in $2" 0
  else
    verdict "$1 in $2 is seen: lint failed for another reason: $output" 1
  fi
  rm "$tree/$2"
}

c="$spdx\\n"
seed layer base/bad.c "$c#include \"hal/link.h\"\\n"
seed layer hal/bad.h "$c#include \"sim/analytic.h\"\\n"
seed layer sim/bad.c "$c#include \"driver/registry.h\"\\n"
seed layer calibration/bad.c "$c#include \"sim/rig.h\"\\n"
seed layer calibration/bad2.c "$c#  include  \"driver/registry.h\"\\n"
seed layer sim/bad.c "$c#include \"tests/support/need.h\"\\n"
seed include cli/bad.c "$c#include \"../base/status.h\"\\n"
seed include cli/bad.c "$c#include \"base/../hal/link.h\"\\n"
seed include cli/bad.c "$c#include \"command.h\"\\n"
seed fence sim/bad.c "$c#include <yaml.h>\\n"
seed fence cli/bad.c "$c#include <hdf5.h>\\n"
seed fence hal/bad.c "$c#include <H5public.h>\\n"
seed fence sim/bad.c "$c#include <openssl/evp.h>\\n"
seed fence base/bad.c "$c#include <zlib.h>\\n"
seed fence cli/bad.c "$c#include <curl/curl.h>\\n"
seed fence base/bad.c "$c#include <jansson.h>\\n"
seed fence base/bad.c "$c#include <argp.h>\\n"
seed fence sim/bad.c "$c#include <gsl/gsl_math.h>\\n"
seed fence cli/bad.c "$c#include <criterion/criterion.h>\\n"
seed fence driver/bad.c "$c#include <iio.h>\\n"
seed fence base/bad.c "$c#include <glib.h>\\n"
seed spdx base/bad.c "int x;\\n"
seed spdx base/bad.c "int x;\\n$c"
seed spdx base/bad.cmake "set(x 1)\\nset(y 1)\\n"
seed tab base/bad.c "${c}int\\tx;\\n"
seed space base/bad.c "${c}int x; \\n"
seed width base/bad.c "${c}/* $(printf '%0115d' 0) */\\n"
seed unfinished base/bad.c "$c/* TO""DO: later */\\n"
seed link docs/bad.md "[text](nowhere.md)\\n"
seed path docs/bad.md "see \`base/nowhere.c\`\\n"
seed test docs/bad.md "held by \`suite/no_such_test\`\\n"
seed unfinished base/bad.cmake "# SPDX-License-Identifier: GPL-3.0-or-later\\n# FIX""ME\\n"
if command -v clang-format >/dev/null 2>&1; then
  seed format base/bad.c "${c}int  x;\\n"
  seed format base/bad.h "${c}int f(void) { return 1; }\\n"
fi

echo "lint self test: $passed passed, $failed failed"
[ "$failed" = 0 ]
