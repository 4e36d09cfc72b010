/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/components/adc.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "sim/components/converter_error.h"
#include "sim/rig.h"

double oac_adc_lsb_v(const struct oac_rig *rig)
{
    if (rig->receiver.kind == OAC_RECEIVER_COUNTER)
        return 1.0;
    return rig->adc.full_scale_v / (exp2((double)rig->adc.bits) - 1.0);
}

double oac_adc_min_v(const struct oac_rig *rig)
{
    return rig->receiver.kind == OAC_RECEIVER_COUNTER ? 0.0 : rig->adc.min_v;
}

double oac_adc_noise_lsb(const struct oac_rig *rig)
{
    if (rig->receiver.kind == OAC_RECEIVER_COUNTER)
        return 0.0;
    return sqrt(oac_converter_noise_lsb2(rig->adc.bits, rig->adc.enob_bits));
}

double oac_adc_linear(const struct oac_adc *adc, double v_v)
{
    return (v_v + adc->offset_v - adc->min_v) / adc->lsb_v;
}

static double nearest_code(double u, double last)
{
    return fmin(fmax(nearbyint(u), 0.0), last);
}

double oac_adc_convert(const struct oac_adc *adc, double v_v, double z, bool *clipped)
{
    double last = (double)adc->codes - 1.0;
    double u = oac_adc_linear(adc, v_v) + adc->noise_lsb * z;
    if (adc->error_lsb)
        u += adc->error_lsb[(uint32_t)nearest_code(u, last)];
    double code = nearest_code(u, last);
    if (clipped)
        *clipped = !(nearbyint(u) == code);
    return code;
}

enum oac_status oac_adc_create(const struct oac_rig *rig, double offset_v, uint32_t converter,
                               struct oac_adc **adc, struct oac_err *err)
{
    struct oac_adc *made = oac_alloc(1, sizeof *made, "an ADC", err);
    if (!made)
        return err->status;
    made->bits = (int)rig->adc.bits;
    made->codes = UINT32_C(1) << made->bits;
    made->min_v = oac_adc_min_v(rig);
    made->lsb_v = oac_adc_lsb_v(rig);
    made->offset_v = offset_v;
    made->noise_lsb = oac_adc_noise_lsb(rig);
    if (rig->adc.inl_lsb > 0.0 || rig->adc.dnl_lsb > 0.0) {
        made->error_lsb =
            oac_alloc(made->codes, sizeof *made->error_lsb, "an ADC's error table", err);
        if (!made->error_lsb)
            goto free_adc;
        oac_converter_error(made->bits, rig->adc.inl_lsb, rig->adc.dnl_lsb,
                            (uint64_t)rig->bench_seed, converter, made->error_lsb);
    }
    *adc = made;
    return OAC_OK;

free_adc:
    free(made);
    return err->status;
}

void oac_adc_destroy(struct oac_adc *adc)
{
    if (!adc)
        return;
    free(adc->error_lsb);
    free(adc);
}
