# SPDX-License-Identifier: GPL-3.0-or-later
# What has outgrown the aims of the house style: header 150 lines, source 300, function 60, nesting 3 levels
# below the function. A report, not a rule. Relies on clang-format: a function's braces stand in column 1.
# Usage: awk -f lengths.awk FILE...

function depth(text) {
  match(text, /^ */)
  return RLENGTH / 4
}

function close_file() {
  if (file == "")
    return
  limit = file ~ /\.h$/ ? 150 : 300
  if (lines > limit)
    printf "%s: %d lines (aim: %d)\n", file, lines, limit
}

FNR == 1 { close_file(); file = FILENAME; head = ""; begin = 0; deepest = 0 }
{ lines = FNR }
/^[A-Za-z_].*\(/ { head = $0 }
/^{/ { begin = FNR; deepest = 0 }
begin && /^ +(if|for|while|switch|do)[ (]/ && depth($0) > deepest { deepest = depth($0) }
begin && /^}/ {
  name = head
  sub(/\(.*/, "", name)
  sub(/.*[ *]/, "", name)
  if (FNR - begin - 1 > 60)
    printf "%s:%d: %s: %d lines (aim: 60)\n", FILENAME, begin, name, FNR - begin - 1
  if (deepest > 3)
    printf "%s:%d: %s: %d levels of nesting (aim: 3)\n", FILENAME, begin, name, deepest
  begin = 0
}
END { close_file() }
