/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inner loops of the analytic engine, compiled per processor level (sim/readout_impl.h).
 *
 * A window's readouts follow from its light sums, all per row k (output electrons at launch l = 1):
 *
 *     signal  = l (base + s1)                     mean; base is what the null code lets through
 *     shot    = l (shot_x X1 + shot_s (base + s1))   electrons that carry shot noise; X1 = sum Tx
 *     mean    = signal + gx X1 + fixed
 *     var     = fixed_var + shot_gain shot + signal_var signal + gx_var X1 + x2_var X2
 *               + l^2 (base_v + v) + l (base_a + a) + signal2_var signal^2    X2 = sum Tx^2
 *     u       = code0 + g mean + z sqrt(g^2 var + code_var),  g = code_per_electron
 *
 * s1, v, a are matrix products of the client's Tx (Tx^2) with rows of physics.md's variance table. */
#ifndef OAC_SIM_READOUT_H
#define OAC_SIM_READOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Constants of one loaded frame, (padded rows) each, zero in the padding. Electrons or electrons^2 unless
 * the name says code. */
struct oac_readout_rows {
    float *base, *base_v, *base_a;
    float *shot_x, *shot_s, *shot_gain;
    float *fixed, *gx;
    float *fixed_var, *gx_var, *x2_var, *signal_var, *signal2_var;
    float *code0, *code_per_electron, *code_var;
    float *low_code, *high_code; /* saturation of integrator or ADC; +-inf in the padding */
    float *packed;               /* all of the above for the kernel: oac_readout_pack() */
};
#define OAC_READOUT_ROW_ARRAYS 18

/* Copies the arrays, (padded) each, into packed (padded / 16, OAC_READOUT_ROW_ARRAYS, 16), so that one pointer
 * leads the kernel to all constants of 16 rows. To be called after every change. */
void oac_readout_pack(struct oac_readout_rows *rows, size_t padded);

struct oac_readout_window {
    float launch;
    float x1, x2;            /* sum Tx, sum Tx^2 */
    const float *s1, *v, *a; /* (padded rows); v and a may be NULL; a only with v */
    const float *z;          /* (padded rows) standard normals; NULL: no noise */
    const float
        *code_per_electron; /* (padded rows) the frame's, or times the drift of the gain */
};

struct oac_readout_finish {
    bool round; /* to integral codes, after clipping to low_code, high_code */
    bool raw;   /* leave u as it is: no clipping, no rounding, no count */
};

/* T = alpha + beta cos(2 pi turns), less the null code's. When all codes stay on one slope between a null
 * and a peak (`slope`), what varies is beta sin(2 pi t) with |t| <= OAC_SLOPE_TURNS:
 * t = slope0 + slope_per_code code; slope_null is its value at the null code. */
#define OAC_SLOPE_TURNS 0.26
#define OAC_SLOPE_TERMS 5
struct oac_transmission {
    float alpha, beta, null;
    float turns0, turns_per_code;
    bool slope;
    float slope0, slope_per_code, slope_null;
    float series[OAC_SLOPE_TERMS]; /* beta sin(2 pi t)/t by powers of t^2 */
};

/* The curve that codes 0 .. codes-1 run through at turns0 + turns_per_code code, for this null code; by the
 * arithmetic of transmit(), so that the null code comes out as exactly 0. */
void oac_transmission_init(struct oac_transmission *curve, double alpha, double beta,
                           double turns0, double turns_per_code, uint32_t codes,
                           uint16_t null_code);

struct
    oac_readout_light { /* what reaches the rows in every slot: w x, and wd xd where V_pi follows the wavelength */
    const float *w, *x;
    const float *wd, *xd; /* NULL: none */
};

struct oac_readout_kernel {
    /* code (padded) for one window; *shot_sum is the sum of `shot` over rows, *shot_min its minimum;
     * returns how many saturated. */
    uint32_t (*window)(size_t rows, size_t padded, const struct oac_readout_rows *constants,
                       const struct oac_readout_window *window,
                       const struct oac_readout_finish *finish, float *code, float *shot_sum,
                       float *shot_min);

    /* out[i] = table[code[i]] */
    void (*lookup)(size_t n, const float *table, const uint16_t *code, float *out);

    /* A modulator without a table: t[i] = T(code[i]) - null, with
     * T = alpha + beta cos(2 pi (turns0 + turns_per_code code)), within 4e-7 beta. */
    void (*transmit)(size_t n, const uint16_t *code, const struct oac_transmission *curve,
                     float *t);

    /* The same at angles of its own, disturbed: out[n] = T (1 + gain z_gain[n]) - null at
     * turns[n] + shift + sigma z[n] [turns]; z, z_gain may be NULL. */
    void (*disturb)(size_t n, const float *turns, const struct oac_transmission *curve,
                    float shift, float sigma, const float *z, float gain, const float *z_gain,
                    float *out);

    /* out[i] = T^2 - null^2 of t[i] = T - null */
    void (*square)(size_t n, const float *t, float null, float *out);

    /* Dead time: for each row's rate per slot n = launch (w x + wd xd) + dark, of matrices (slots, ldw), adds
     * up n/(1 + n dead) in mean[k] and n/(1 + n dead)^3 in variance[k]; raises *peak to the largest n. */
    void (*dead_time)(size_t slots, size_t padded, size_t ldw,
                      const struct oac_readout_light *light, float launch, float dark,
                      float dead, float *mean, float *variance, float *peak);
};

/* For the level base/kernel.h has selected. */
const struct oac_readout_kernel *oac_readout_kernel(void);

#endif
