/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The arithmetic of sampled fields, compiled once per processor level (cmake/levels.cmake).
 *
 * Complex arrays are interleaved (re, im), single precision; n counts samples. Arrays do not alias unless said.
 * Modulator: with a = turns0 + turns_per_v V (half the arms' phase difference, in turns of 2 pi)
 *     first output   amplitude (cos 2 pi a + i s sin 2 pi a) e^{i chirp 2 pi a}
 *     second output  amplitude (sin 2 pi a - i s cos 2 pi a) e^{i chirp 2 pi a},      s = sqrt(r)
 * so that |first|^2 = T and |second|^2 = T_on (1 + r) - T (sim/components/mzm.h); a finite extinction is the
 * unequal arms' and its phase the residual chirp. Accuracy: 3e-7 of amplitude for |a| < 1000. */
#ifndef OAC_SIM_WAVEFORM_FIELD_H
#define OAC_SIM_WAVEFORM_FIELD_H

#include <stddef.h>

struct oac_field_modulator {
    float amplitude; /* sqrt(T_on) */
    float s;         /* sqrt(r) */
    float chirp;
    float turns0, turns_per_v;
};

struct oac_field_kernel {
    /* out, second (2 n): fields of both outputs; second may be NULL. */
    void (*modulate)(size_t n, const float *volts, const struct oac_field_modulator *modulator,
                     float *out, float *second);
    /* field (2 levels * hold): each level (2 levels) again and again */
    void (*repeat)(size_t levels, size_t hold, const float *level, float *field);
    /* t (n) = power transmission of the first output: amplitude^2 |.|^2; chirp does not matter. */
    void (*transmit)(size_t n, const float *volts, const struct oac_field_modulator *modulator,
                     float *t);
    /* field (2 n) *= sqrt(max(0, factor * (1 + sigma z[i]))): real power noise; z may be NULL */
    void (*intensity)(size_t n, float factor, float sigma, const float *z, float *field);
    /* field (2 n) *= e^{2 pi i turns[i]} */
    void (*rotate)(size_t n, const float *turns, float *field);
    /* field (2 n) = field x other, complex, sample by sample */
    void (*multiply)(size_t n, const float *other, float *field);
    /* field (2 n) += sigma z (2 n): complex white noise; z standard normals */
    void (*add_noise)(size_t n, float sigma, const float *z, float *field);
    /* power (n) += scale |field|^2 */
    void (*add_power)(size_t n, float scale, const float *field, float *power);
    /* out (n) += a x[i] */
    void (*add_scaled)(size_t n, float a, const float *x, float *out);
    /* sums[0] = sum p[i] t[i] g[i], sums[1] = sum p[i] t[i] g[i]^2, in double, in an order that the level
       fixes; g NULL: 1 */
    void (*contract)(size_t n, const float *p, const float *t, const float *g, double sums[2]);
};

/* For the level base/kernel.h has selected. */
const struct oac_field_kernel *oac_field_kernel(void);

#endif
