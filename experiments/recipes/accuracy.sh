#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The curves and tables of docs/accuracy.md: runs `oac run` once per point and writes one text file of columns per
# curve, then the pictures (gnuplot, if it is installed). Takes about an hour on one core; a curve that is there
# already is kept, so that it can be interrupted and taken up again.
#   experiments/recipes/accuracy.sh DIR [IMAGES]
# DIR receives the files (docs/accuracy in this project); IMAGES is 10000 unless given.
# OAC and MODEL in the environment choose another program and network.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
out=${1:?usage: experiments/recipes/accuracy.sh DIR [IMAGES]}
images=${2:-10000}
oac=${OAC:-$root/build/release/cli/oac}
model=${MODEL:-$root/experiments/mnist/mnist.h5}
mkdir -p "$out"

# value KEY JSON-FILE: a top-level number of the result
value() { sed -n "s/^  \"$1\": \\(.*[^,]\\),*\$/\\1/p" "$2"; }

# interval JSON-FILE: low and high of the 95 % interval
interval() { awk '/"accuracy_ci95"/ { getline low; getline high; gsub(/[ ,]/, "", low); gsub(/ /, "", high); print low, high }' "$1"; }

json=$(mktemp)
trap 'rm -f "$json"' EXIT

# point X OPTIONS...: one line of columns
point() {
  x=$1
  shift
  "$oac" run --model "$model" --images "$images" --threads 1 --quiet --json "$@" >"$json" 2>/dev/null || return 1
  echo "$x $(value accuracy "$json") $(interval "$json") $(value accuracy_digital "$json")" \
    "$(value photons_per_mac_detected "$json") $(value aj_per_mac_detected "$json")" \
    "$(value photons_per_mac_launched "$json") $(value logit_error_rms "$json")" \
    "$(value clipped_readouts "$json") $(value readouts_per_image "$json")"
}

# curve NAME X-COLUMN OPTION VALUES OPTIONS...: VALUES go one by one behind OPTION (which ends in = or a space)
curve() {
  name=$1 column=$2 option=$3 values=$4
  shift 4
  [ ! -s "$out/$name.dat" ] || return 0
  echo "$name" >&2
  {
    echo "# $("$oac" --version)"
    for v in $values; do
      line=$(point "$v" $option"$v" "$@") || { echo "accuracy.sh: $name failed at $v" >&2; continue; }
      [ -n "${head:-}" ] || {
        echo "# model $(value model "$json") $(value model_sha256 "$json")"
        echo "# images $images  seed 1  oac run $option$column $*"
        echo "# $column accuracy low high digital detected aj_detected launched logit_rms clipped readouts_per_image"
        head=done
      }
      echo "$line"
    done
  } >"$out/$name.part"
  head=
  mv "$out/$name.part" "$out/$name.dat"
}

photons="0.1 0.15 0.2 0.3 0.5 0.7 1 1.5 2 3 5 7 10"
curve snspd-rails photons/MAC "--photons-per-mac=" "$photons" --rig netcast-snspd
curve snspd-offset photons/MAC "--photons-per-mac=" "$photons" --rig netcast-snspd --encoding offset
for encoding in rails offset balanced; do
  curve "shot-$encoding" photons/MAC "--photons-per-mac=" "$photons" --rig ideal --noise shot --encoding "$encoding"
done

rates="0.5e6 1e6 2e6 3e6 5e6 1e7 2e7 5e7 1e8 1e9 1e10"
curve 86km-rate slots/s "--set=slot_rate_hz=" "$rates" --rig netcast-86km
# The same with a capacitor that shrinks with the slot: 10 pF at 5 MBd.
for rate in 5e6 2e7 1e8 1e9 2e9 5e9 1e10; do
  farad=$(awk "BEGIN { print 10e-12 * 5e6 / $rate }")
  curve "86km-capacitor-$rate" slots/s "--set=slot_rate_hz=" "$rate" --rig netcast-86km --set "receiver.capacitance_f=$farad"
done
curve 86km-photons photons/MAC "--photons-per-mac=" "20 50 100 200 500 1000 2000 5000 10000 20000 50000" --rig netcast-86km

sources="none shot thermal read rin drive ase adc drift all"
for rig in netcast-local netcast-86km netcast-snspd; do
  curve "noise-$rig" noise "--noise=" "$sources" --rig "$rig"
done
curve noise-netcast-snspd-0.2 noise "--noise=" "$sources" --rig netcast-snspd --photons-per-mac 0.2

command -v gnuplot >/dev/null 2>&1 || {
  echo "accuracy.sh: the pictures need gnuplot (Debian: gnuplot-nox)" >&2
  exit 0
}
cd "$out" && gnuplot "$root/experiments/recipes/accuracy.gp"
