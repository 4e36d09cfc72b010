/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/components/converter_error.h"

#include <math.h>

#include "base/constants.h"
#include "base/rng.h"

/* sub numbers of stream OAC_RNG_BENCH; sim/bench.c uses those below 16. */
enum { DRAW_DNL = 16, DRAW_SHARE, DRAW_SIGN, DRAW_PERIOD, DRAW_PHASE };

void oac_converter_error(int bits, double inl_lsb, double dnl_lsb, uint64_t bench_seed,
                         uint32_t converter, double *error_lsb)
{
    uint32_t codes = UINT32_C(1) << bits;
    double share = oac_rng_uniform(bench_seed, OAC_RNG_BENCH, converter, DRAW_SHARE);
    double sign =
        oac_rng_uniform(bench_seed, OAC_RNG_BENCH, converter, DRAW_SIGN) < 0.5 ? -1.0 : 1.0;
    double periods =
        3.0 + floor(7.0 * oac_rng_uniform(bench_seed, OAC_RNG_BENCH, converter, DRAW_PERIOD));
    double phase = oac_rng_uniform(bench_seed, OAC_RNG_BENCH, converter, DRAW_PHASE);
    for (uint32_t c = 0; c < codes; c++) {
        double p = (double)c / (double)(codes - 1);
        double bow = sign * share * 4.0 * p * (1.0 - p);
        double ripple =
            (1.0 - share) * sin(2.0 * OAC_PI * (periods * p + phase)) * sin(OAC_PI * p);
        double step = 0.0;
        if (dnl_lsb > 0.0)
            step = oac_rng_normal(bench_seed, OAC_RNG_BENCH, (uint64_t)converter << 32 | c,
                                  DRAW_DNL);
        error_lsb[c] = inl_lsb * (bow + ripple) + dnl_lsb * sqrt(0.5) * step;
    }
}

double oac_converter_noise_lsb2(int64_t bits, double enob_bits)
{
    if (!(enob_bits < (double)bits))
        return 0.0;
    return (exp2(2.0 * ((double)bits - enob_bits)) - 1.0) / 12.0;
}
