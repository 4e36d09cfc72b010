# SPDX-License-Identifier: GPL-3.0-or-later
# The rules that need no compiler. Usage, from the root of the tree:
#   awk -f tests/lint/rules.awk tests/lint/layers FILE...
# One line "file:line: rule: what is wrong" per violation; exit 1 if there is any.

function fault(rule, text) {
  printf "%s:%d: %s: %s\n", FILENAME, FNR, rule, text
  faults++
}

function among(word, list,   words, n, i) {
  n = split(list, words, " ")
  for (i = 1; i <= n; i++)
    if (words[i] == word)
      return 1
  return 0
}

# Is `path` in one of the folders (which may be nested, such as driver/iio)?
function within(path, folders,   words, n, i) {
  n = split(folders, words, " ")
  for (i = 1; i <= n; i++)
    if (index(path, words[i] "/") == 1)
      return 1
  return 0
}

# `name` follows from `prefix`: equal, or the prefix of a family (ends in / or is a bare word)
function follows(name, prefix) {
  return name == prefix || (prefix !~ /\.h$/ && index(name, prefix) == 1)
}

function check_system_include(name,   prefix) {
  if (name in system_header)
    return
  for (prefix in fence)
    if (follows(name, prefix)) {
      if (!within(FILENAME, fence[prefix]))
        fault("fence", "<" name "> belongs to " fence[prefix] " only")
      return
    }
  fault("fence", "<" name "> is in no list of tests/lint/layers")
}

function check_own_include(name,   target) {
  if (name ~ /(^|\/)\.\.?\//) {
    fault("include", "\"" name "\": include from the root, without ./ or ../")
    return
  }
  if (name == "oac_version.h") # generated
    return
  target = name
  sub(/\/.*/, "", target)
  if (target == name || !(target in may))
    fault("include", "\"" name "\": include from the root, as \"folder/name.h\"")
  else if (!among(target, may[folder]))
    fault("layer", folder " may not include " target " (\"" name "\"); it may include: " may[folder])
}

FILENAME ~ /tests\/lint\/layers$/ {
  if ($1 == "layer") {
    may[$2] = ""
    for (i = 3; i <= NF; i++)
      may[$2] = may[$2] (i > 3 ? " " : "") $i
  } else if ($1 == "thirdparty") {
    fence[$2] = ""
    for (i = 3; i <= NF; i++)
      fence[$2] = fence[$2] (i > 3 ? " " : "") $i
  } else if ($1 == "system")
    for (i = 2; i <= NF; i++)
      system_header[$i] = 1
  next
}

FNR == 1 {
  folder = FILENAME
  sub(/\/.*/, "", folder)
  is_c = FILENAME ~ /\.[ch]$/
  spdx = 0
}

/SPDX-License-Identifier: GPL-3.0-or-later/ && FNR <= 2 { spdx = FNR }
/SPDX-License-Identifier: GPL-2.0( |$)/ && FNR <= 2 && FILENAME ~ /^tests\/qemu\/loop\// { spdx = FNR } # the kernel's
FNR == 2 && !spdx { fault("spdx", "the first line (after #!) is not an SPDX line") }
is_c && FNR == 1 && !spdx { fault("spdx", "the first line is not an SPDX line"); spdx = -1 }

/\t/ { fault("tab", "a tab character") }
/[ \t]$/ { fault("space", "white space at the end of the line") }
is_c && length($0) > 115 { fault("width", length($0) " columns; aim for 96, never more than 115") }
/\r/ { fault("space", "a carriage return") }
/(^|[^A-Za-z])(TO[D]O|FIX[M]E|XX[X])([^A-Za-z]|$)/ { fault("unfinished", "do it, or open an issue") }

is_c && /^[ \t]*#[ \t]*include[ \t]*</ {
  name = $0
  sub(/^[^<]*</, "", name)
  sub(/>.*/, "", name)
  check_system_include(name)
}

is_c && /^[ \t]*#[ \t]*include[ \t]*"/ {
  name = $0
  sub(/^[^"]*"/, "", name)
  sub(/".*/, "", name)
  check_own_include(name)
}

END { exit faults > 0 }
