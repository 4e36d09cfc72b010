/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Wavelength demultiplexer: static crosstalk between channels.
 *
 *     p_out[k] = sum_j X[k,j] p_in[j]
 *     X[k,k] = il,   X[k,k+-1] = il 10^(-adjacent_db/10),   elsewhere il 10^(-nonadjacent_db/10)
 * Crosstalk is stated, as data sheets do, against the light of a channel at its own port. The diagonal is the
 * insertion loss as measured at that port: it is not reduced further by what leaks, because a measured loss
 * already contains it. A passive device needs column sums <= 1 (oac_demux_column_max).
 * Units: power ratios. Validity: channels centred in their passbands; beats between wavelengths average out
 * (>= 100 GHz). Source: data-sheet definitions; docs/physics.md. */
#ifndef OAC_SIM_COMPONENTS_DEMUX_H
#define OAC_SIM_COMPONENTS_DEMUX_H

#include <stdbool.h>
#include <stddef.h>

struct oac_rig;

/* True when the rig has any crosstalk at all. Pure. */
bool oac_demux_has_crosstalk(const struct oac_rig *rig);

/* x (channels, channels), row-major X[k * channels + j]. Pure. */
void oac_demux_matrix(const struct oac_rig *rig, size_t channels, double *x);

/* The largest column sum of that matrix, with every crosstalk a whole spread above nominal: light leaving per
 * light entering. Pure. */
double oac_demux_column_max(const struct oac_rig *rig, size_t channels);

#endif
