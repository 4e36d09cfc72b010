/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernel's light of each code against the equation in double precision, at every level. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/kernel.h"
#include "sim/readout.h"

#define PI    3.14159265358979323846
#define CODES 256

static const struct {
    double turns0, per_code; /* of 256 codes */
    bool slope;
} curves[] = {
    {-0.5, 0.5 / 255, true},  {0.5, -0.5 / 255, true},  {0.0, 0.5 / 255, true},
    {1.0, 0.5 / 255, true},   {-3.0, 0.5 / 255, true},  {-0.507, 0.51 / 255, true},
    {-0.45, 0.3 / 255, true}, {-0.6, 0.5 / 255, false}, {-0.3, 0.6 / 255, false},
    {0.0, 20.0 / 255, false},
};

static void every_code(size_t c, uint16_t null_code)
{
    const double alpha = 0.2, beta = 0.19;
    struct oac_transmission curve;
    oac_transmission_init(&curve, alpha, beta, curves[c].turns0, curves[c].per_code, CODES,
                          null_code);
    cr_assert_eq(curve.slope, curves[c].slope, "curve %zu", c);
    uint16_t code[CODES];
    float t[CODES], alone;
    for (uint16_t i = 0; i < CODES; i++)
        code[i] = i;
    const double per_code = curves[c].per_code, turns0 = curves[c].turns0;
    const double null = cos(2.0 * PI * (turns0 + per_code * null_code));
    /* Two values of 4e-7 beta, and turns in single precision beyond the slope. */
    const double tolerance =
        beta * (8e-7 + (curve.slope ? 0.0 : 2.0 * PI * 0x1p-23 * (1.0 + 255.0 * per_code)));
    for (size_t n = CODES - 17; n <= CODES; n++) {
        memset(t, 0, sizeof t);
        oac_readout_kernel()->transmit(n, code, &curve, t);
        for (size_t i = 0; i < n; i++) {
            double exact = beta * (cos(2.0 * PI * (turns0 + per_code * (double)i)) - null);
            cr_assert_float_eq((double)t[i], exact, tolerance,
                               "level %s, curve %zu, code %zu: %.9g, exactly %.9g",
                               oac_kernel()->level, c, i, (double)t[i], exact);
        }
        for (size_t i = n; i < CODES; i++)
            cr_assert_eq(t[i], 0.0f, "code %zu was not asked for", i);
    }
    cr_assert_eq(t[null_code], 0.0f, "the null code comes out as exactly nothing");
    for (uint16_t i = 0; i < CODES; i++) {
        oac_readout_kernel()->transmit(1, &i, &curve, &alone);
        cr_assert_eq(alone, t[i], "the light of code %u depends on its place", i);
    }
}

Test(readout, every_code_lets_through_what_its_equation_says)
{
    static const char *const names[] = {"v1", "v3", "v4", "native"};
    struct oac_err err;
    for (size_t l = 0; l < 4; l++) {
        if (oac_kernel_select(names[l], &err))
            continue; /* not of this processor */
        for (size_t c = 0; c < sizeof curves / sizeof curves[0]; c++) {
            every_code(c, 0);
            every_code(c, 77);
        }
    }
    cr_assert_eq(oac_kernel_select("auto", &err), OAC_OK);
}
