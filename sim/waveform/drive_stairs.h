/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A staircase of levels behind two poles, as means over the samples of a grid; for drive.c. Exact.
 *
 * From a step of the input to u at t = 0, time in grid samples,
 *     z(t) = u + A e^{-t/t1} + B e^{-t/t2},   A = (y0 - u) t1/(t1 - t2),   B = z0 - u - A
 * with y the first pole's output, z the second's. A pole that is not there has t = 0.
 * Units: time in grid samples, levels and output in the caller's unit. Source: elementary. */
#ifndef OAC_SIM_WAVEFORM_DRIVE_STAIRS_H
#define OAC_SIM_WAVEFORM_DRIVE_STAIRS_H

#include <stddef.h>
#include <stdint.h>

struct oac_wave_poles {
    double t1, t2, share; /* share = t1/(t1 - t2) */
};

/* Edges of the staircase: edge j, from level j - 1 to level j, lies at j hold + whole + part + jitter z[j]. */
struct oac_wave_stairs {
    const float *level;  /* (levels) */
    size_t levels, hold; /* grid samples per level */
    int64_t whole;       /* delay, and what is left of it: 0 <= part < 1 */
    double part;
    double jitter;  /* rms */
    const float *z; /* (levels) standard normals; NULL: no jitter */
};

/* volts (samples) = the staircase behind the poles. Before its first edge it rests at its first level, behind its
 * last at its last. Pure. */
void oac_wave_stairs_smooth(const struct oac_wave_poles *poles,
                            const struct oac_wave_stairs *stairs, size_t samples, float *volts);

#endif
