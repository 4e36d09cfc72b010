# SPDX-License-Identifier: GPL-3.0-or-later
# The pictures of docs/accuracy.md from the columns that accuracy.sh wrote: run in their folder.
set terminal svg size 760,430 font "DejaVu Sans,13" background rgb "#fbfcfd"
set grid ytics xtics lc rgb "#d8dee6" lw 1
set border 3 lc rgb "#3e4c59"
set tics nomirror
set logscale x
set ylabel "images right [%]"
set key right bottom Left reverse samplen 2 spacing 1.2
set bars small
percent(column_) = 100 * column_

set output "snspd.svg"
set xlabel "detected photons per MAC"
set xrange [0.08:12.5]
set yrange [0:100]
plot "snspd-rails.dat" using 6:(percent($5)) with lines lc rgb "#616e7c" dt 2 title "digital", \
     "snspd-rails.dat" using 6:(percent($2)):(percent($3)):(percent($4)) with yerrorlines lc rgb "#2b6cb0" lw 2 pt 7 ps 0.5 title "netcast-snspd, rails, all noise", \
     "snspd-offset.dat" using 6:(percent($2)):(percent($3)):(percent($4)) with yerrorlines lc rgb "#c05621" lw 2 pt 7 ps 0.5 title "netcast-snspd, offset, all noise", \
     "shot-rails.dat" using 6:(percent($2)) with linespoints lc rgb "#2b6cb0" dt 3 pt 6 ps 0.5 title "shot noise alone, rails", \
     "shot-balanced.dat" using 6:(percent($2)) with linespoints lc rgb "#2f855a" dt 3 pt 6 ps 0.5 title "shot noise alone, balanced", \
     "shot-offset.dat" using 6:(percent($2)) with linespoints lc rgb "#c05621" dt 3 pt 6 ps 0.5 title "shot noise alone, offset"

set output "86km-rate.svg"
set xlabel "slots per second"
set format x "10^{%L}"
set xrange [4e5:1.5e10]
set key at graph 0.985,0.86 right top
set label 1 "readouts clip" at 4.6e5,74
set label 2 "read noise wins" at 1.3e8,33
plot "86km-rate.dat" using 1:(percent($5)) with lines lc rgb "#616e7c" dt 2 title "digital", \
     "86km-rate.dat" using 1:(percent($2)):(percent($3)):(percent($4)) with yerrorlines lc rgb "#2b6cb0" lw 2 pt 7 ps 0.5 title "10 pF", \
     "< sort -g 86km-capacitor-*.dat" using 1:(percent($2)):(percent($3)):(percent($4)) with yerrorlines lc rgb "#c05621" lw 2 pt 7 ps 0.5 title "capacitor shrinks with the slot"

unset label 1
unset label 2
set output "86km-photons.svg"
set xlabel "detected photons per MAC"
set xrange [15:7e4]
set key right bottom
plot "86km-photons.dat" using 6:(percent($5)) with lines lc rgb "#616e7c" dt 2 title "digital", \
     "86km-photons.dat" using 6:(percent($2)):(percent($3)):(percent($4)) with yerrorlines lc rgb "#2b6cb0" lw 2 pt 7 ps 0.5 title "netcast-86km, rails, all noise"
