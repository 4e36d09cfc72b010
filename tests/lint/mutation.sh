#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Proves that the tests can fail: applies each fault of tests/lint/mutations to a copy of the tree, builds only
# the suite that must notice it, and requires that suite to turn red (and to be green without the fault).
# The copy and its build stay in FOLDER, so a second run builds little.
# Usage: mutation.sh FOLDER [NAME...]     NAME: only these faults
set -eu
source=$(cd "$(dirname "$0")/../.." && pwd)
folder=$1
shift
only=" $* "
mkdir -p "$folder/tree"
folder=$(cd "$folder" && pwd)
tree=$folder/tree
build=$folder/build

# The copy: only files that differ are written, so that ninja rebuilds only what changed.
(cd "$source" && find . \( -name .git -o -name 'build*' \) -prune -o -type f -print) |
  while IFS= read -r file; do
    cmp -s "$source/$file" "$tree/$file" && continue
    mkdir -p "$tree/${file%/*}"
    cp "$source/$file" "$tree/$file"
  done
(cd "$tree" && find . -type f -print) | while IFS= read -r file; do
  [ -e "$source/$file" ] || rm "$tree/$file"
done

cmake -S "$tree" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS=-O1 >"$folder/log" 2>&1 || {
  cat "$folder/log"
  exit 1
}

unset OAC_REQUIRE_ALL # which data there is, is not the question here
export OAC_SOURCE_DIR="$source" OAC_BINARY_DIR="$build"

build_suite() { ninja -C "$build" "$1" >"$folder/log" 2>&1; }
run_suite() { # SUITE FILTER
  program=$(find "$build/tests" -type f -name "$1" -perm -u+x | head -n 1)
  timeout 120 "$program" --jobs 2 ${2:+--filter "$2"} >"$folder/log" 2>&1
}

passed=0
failed=0
note() { # ok|FAILED NAME TEXT
  [ "$1" = ok ] && passed=$((passed + 1)) || failed=$((failed + 1))
  printf '%-6s %-34s %s\n' "$1" "$2" "$3"
}

try_fault() { # name file edit suite filter
  [ "$only" = "  " ] || case $only in *" $1 "*) ;; *) return 0 ;; esac
  if [ ! -f "$tree/$2" ]; then note FAILED "$1" "there is no $2"; return 0; fi
  if ! build_suite "$4"; then note FAILED "$1" "$4 does not build without the fault: $(tail -n 3 "$folder/log")"; return 0; fi
  if ! run_suite "$4" "$5"; then note FAILED "$1" "$4 is red without the fault: $(tail -n 3 "$folder/log")"; return 0; fi
  if grep -q 'Tested: 0 ' "$folder/log"; then note FAILED "$1" "no test of $4 matches '$5'"; return 0; fi
  sed "$3" "$source/$2" >"$folder/mutant"
  if cmp -s "$source/$2" "$folder/mutant"; then note FAILED "$1" "the edit no longer matches $2: $3"; return 0; fi
  cp "$folder/mutant" "$tree/$2"
  if ! build_suite "$4"; then
    note FAILED "$1" "does not compile: $(grep -m 1 error: "$folder/log" || tail -n 1 "$folder/log")"
  elif run_suite "$4" "$5"; then
    note FAILED "$1" "$4 ${5:-} does not notice: $3 in $2"
  else
    note ok "$1" "$4: $(sed -n 's/.*Failing: \([0-9]*\).*Crashing: \([0-9]*\).*/\1 failing, \2 crashing/p' "$folder/log" | tail -n 1)"
  fi
  cp "$source/$2" "$tree/$2"
}

restore() { rm -f "$folder/mutant"; }
trap restore EXIT

name= file= edit= suite= filter=
finish_block() {
  [ -z "$name" ] || try_fault "$name" "$file" "$edit" "$suite" "$filter" </dev/null
  name= file= edit= suite= filter=
}
while IFS= read -r line; do
  case $line in
  '#'*) ;;
  '') finish_block ;;
  'fault: '*) name=${line#fault: } ;;
  'file: '*) file=${line#file: } ;;
  'edit: '*) edit=${line#edit: } ;;
  'suite: '*) suite=${line#suite: } ;;
  'filter: '*) filter=${line#filter: } ;;
  *)
    echo "tests/lint/mutations: cannot read: $line"
    exit 1
    ;;
  esac
done <"$source/tests/lint/mutations"
finish_block

echo "mutation: $passed passed, $failed failed"
[ "$failed" = 0 ]
