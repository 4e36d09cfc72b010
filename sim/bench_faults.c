/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is broken on a bench, as a researcher finds it: each fault is a value that no working part has.
 *
 *     dead detector       gain 0: what is left is the ADC's zero and its noise
 *     saturated detector  the ADC's input one full scale up: always its last code
 *     stuck modulator     r = 1: T is stuck_at T_on at any voltage, on either output
 *     dark laser          power 0
 *     swapped             rows of the demux swapped: readout a gets the light of b, and b that of a
 *     no light            every laser's light is lost on the way */
#include "sim/bench.h"

static size_t channel_of(const struct oac_config_reals *list, size_t i)
{
    return (size_t)list->value[i];
}

static void swap_ports(struct oac_bench *bench, size_t a, size_t b)
{
    for (size_t j = 0; j < bench->channels; j++) {
        double *at_a = &bench->demux[a * bench->channels + j];
        double *at_b = &bench->demux[b * bench->channels + j];
        double kept = *at_a;
        *at_a = *at_b;
        *at_b = kept;
    }
}

void oac_bench_break(const struct oac_rig *rig, struct oac_bench *bench)
{
    const struct oac_config_reals *list = &rig->fault.dead_detectors;
    for (size_t i = 0; i < list->count; i++)
        bench->channel[channel_of(list, i)].gain = 0.0;
    list = &rig->fault.saturated_detectors;
    for (size_t i = 0; i < list->count; i++) {
        struct oac_adc *adc = bench->channel[channel_of(list, i)].adc;
        adc->offset_v += (double)adc->codes * oac_adc_lsb_v(rig);
    }
    list = &rig->fault.stuck_modulators;
    for (size_t i = 0; i < list->count; i++) {
        struct oac_mzm *mzm = &bench->channel[channel_of(list, i)].weight;
        mzm->r = 1.0;
        mzm->t_on *= rig->fault.stuck_at;
    }
    list = &rig->fault.dark_lasers;
    for (size_t i = 0; i < list->count; i++)
        bench->channel[channel_of(list, i)].power_w = 0.0;
    list = &rig->fault.swapped;
    for (size_t i = 0; i + 1 < list->count; i += 2)
        swap_ports(bench, channel_of(list, i), channel_of(list, i + 1));
    if (rig->fault.no_light)
        for (size_t k = 0; k < bench->channels; k++)
            bench->channel[k].power_w = 0.0;
}
