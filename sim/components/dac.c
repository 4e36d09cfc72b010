/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/components/dac.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "sim/components/converter_error.h"
#include "sim/rig.h"

double oac_dac_lsb_v(const struct oac_rig_dac *params)
{
    return params->full_scale_v / (exp2((double)params->bits) - 1.0);
}

double oac_dac_voltage(const struct oac_dac *dac, uint32_t code)
{
    double v_v = dac->min_v + dac->lsb_v * (double)code;
    return dac->error_v ? v_v + dac->error_v[code] : v_v;
}

double oac_dac_noise_v(const struct oac_rig_dac *params)
{
    return oac_dac_lsb_v(params) *
           sqrt(oac_converter_noise_lsb2(params->bits, params->enob_bits));
}

enum oac_status oac_dac_create(const struct oac_rig_dac *params, uint64_t bench_seed,
                               uint32_t converter, struct oac_dac **dac, struct oac_err *err)
{
    struct oac_dac *made = oac_alloc(1, sizeof *made, "a DAC", err);
    if (!made)
        return err->status;
    made->bits = (int)params->bits;
    made->codes = UINT32_C(1) << made->bits;
    made->min_v = params->min_v;
    made->lsb_v = oac_dac_lsb_v(params);
    if (params->inl_lsb > 0.0 || params->dnl_lsb > 0.0) {
        made->error_v =
            oac_alloc(made->codes, sizeof *made->error_v, "a DAC's error table", err);
        if (!made->error_v)
            goto free_dac;
        oac_converter_error(made->bits, params->inl_lsb, params->dnl_lsb, bench_seed, converter,
                            made->error_v);
        for (uint32_t c = 0; c < made->codes; c++)
            made->error_v[c] *= made->lsb_v;
    }
    *dac = made;
    return OAC_OK;

free_dac:
    free(made);
    return err->status;
}

void oac_dac_destroy(struct oac_dac *dac)
{
    if (!dac)
        return;
    free(dac->error_v);
    free(dac);
}
