/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The part of a readout's mean and variance that neither weights nor data change: dark current, ASE,
 * electronics, converter. Equations: docs/physics.md, variance table. */
#include <math.h>

#include "sim/analytic_bench.h"
#include "sim/components/receiver.h"

/* What one row's constants are made of, in output electrons of one window. */
struct row {
    double detectors;    /* 2 for a pair */
    double beat_weight;  /* of ASE with itself: squares of the detectors' gains */
    double mean_gain;    /* of light or dark that both detectors of a pair see alike */
    double shot_weight;  /* sum of the detectors' gains */
    double gain, excess; /* M, F */
    double ase; /* (R S/q) at the detector, one polarisation: electrons per slot per Hz, x T */
};

static struct row row_of(const struct oac_analytic *self, const struct oac_frame *frame,
                         size_t k)
{
    const struct oac_bench *bench = self->bench;
    const struct oac_bench_channel *channel = &bench->channel[k];
    double plus = channel->gain_plus, minus = channel->gain_minus;
    return (struct row){
        .detectors = frame->differential ? 2.0 : 1.0,
        .beat_weight = frame->differential ? plus * plus + minus * minus : plus * plus,
        .mean_gain = frame->differential ? plus - minus : plus,
        .shot_weight = frame->differential ? plus + minus : plus,
        .gain = bench->detector.gain,
        .excess = bench->detector.excess_noise,
        .ase = channel->electrons_per_joule * channel->ase_w_per_hz *
               bench->demux[k * bench->channels + k],
    };
}

/* Mean, shot noise and beat noise of ASE; and the share of the signal's variance it brings. */
static void ase_constants(const struct oac_analytic *self, struct oac_frame *frame, size_t k,
                          const struct row *row)
{
    int position = self->rig.amplifier.position;
    if (position == OAC_AMPLIFIER_NONE)
        return;
    struct oac_readout_rows *p = &frame->constants;
    const struct oac_amplifier *amplifier = &self->bench->amplifier;
    double shot = self->noise & OAC_NOISE_SHOT ? row->gain * row->excess : 0.0;
    double on = self->noise & OAC_NOISE_ASE ? 1.0 : 0.0;
    double per_slot = row->gain * amplifier->polarisations * row->ase *
                      oac_amplifier_bandwidth_hz(amplifier) * self->slot_s;
    double beat_per_slot = on * row->gain * row->gain * amplifier->polarisations * row->ase *
                           row->ase * self->slot_s * oac_amplifier_bandwidth2_hz(amplifier) *
                           row->beat_weight;
    if (position == OAC_AMPLIFIER_BEFORE_CLIENT) {
        p->gx[k] = (float)(row->mean_gain * per_slot);
        p->gx_var[k] = (float)(shot * row->shot_weight * per_slot);
        p->x2_var[k] = (float)beat_per_slot;
        return;
    }
    double slots = (double)frame->slots;
    p->fixed[k] += (float)(slots * row->mean_gain * per_slot);
    p->fixed_var[k] += (float)(slots * (shot * row->shot_weight * per_slot + beat_per_slot));
    /* A detector's responsivity p counts twice in a beat: p for a single one; for a pair, whose p + m is 2,
     * p^2 mu+ + m^2 mu- = shot + (p - m)/2 signal. */
    double beat = on * 2.0 * row->gain * row->ase;
    p->shot_gain[k] += (float)(frame->differential ? beat : beat * row->mean_gain);
    p->signal_var[k] = (float)(frame->differential ? beat * row->mean_gain / 2.0 : 0.0);
}

/* Signal: shot = shot_x X1 + shot_s signal, exact because T+ + T- of a modulator does not depend on its
 * drive: with U = sum_j light_j alpha_j, mean = ma U X1 + mb (...), shot = sa U X1 + sb (...). */
static void shot_constants(const struct oac_analytic *self, struct oac_frame *frame, size_t k,
                           const struct row *row)
{
    struct oac_readout_rows *p = &frame->constants;
    p->shot_s[k] = 1.0f;
    p->shot_gain[k] = self->noise & OAC_NOISE_SHOT ? (float)(row->gain * row->excess) : 0.0f;
    if (!frame->differential)
        return;
    double ma = row->mean_gain, mb = row->shot_weight, light = 0.0;
    for (size_t i = self->path_begin[k]; i < self->path_begin[k + 1]; i++)
        light += self->path_light[i] * self->source[self->path_from[i]].alpha;
    p->shot_s[k] = (float)(ma / mb);
    p->shot_x[k] = (float)(light * (mb - ma * ma / mb));
}

/* Low-frequency intensity noise of a laser of its own: one factor per window, so a variance that goes with
 * the squared signal. (With crosstalk, or a shared laser, the factor itself is drawn.) */
static void slow_rin_constants(const struct oac_analytic *self, struct oac_frame *frame,
                               size_t k)
{
    bool drawn = self->moving || self->rig.laser.shared;
    if (self->noise & OAC_NOISE_RIN && !drawn)
        frame->constants.signal2_var[k] = (float)oac_laser_gain_variance(
            &self->bench->laser, (double)frame->slots * self->slot_s);
}

static void electronics_constants(const struct oac_analytic *self, struct oac_frame *frame,
                                  size_t k, const struct row *row)
{
    struct oac_readout_rows *p = &frame->constants;
    const struct oac_detector *detector = &self->bench->detector;
    double slots = (double)frame->slots, window_s = slots * self->slot_s;
    double bulk = detector->dark_per_s * window_s,
           surface = detector->surface_dark_per_s * window_s;
    if (!frame->differential)
        p->fixed[k] += (float)(row->gain * bulk + surface);
    if (self->noise & OAC_NOISE_SHOT)
        p->fixed_var[k] +=
            (float)(row->detectors * (row->gain * row->gain * row->excess * bulk + surface));
    double conversions = self->sampled ? slots : 1.0;
    double mean_of = /* conversions a slot's value is the mean of: their own noise averages */
        self->sampled ? (double)self->rig.adc.samples_per_slot : 1.0;
    struct oac_receiver_figures receiver =
        oac_receiver_figures(&self->rig, self->sampled ? self->slot_s : window_s);
    if (self->noise & OAC_NOISE_THERMAL)
        p->fixed_var[k] += (float)(conversions * receiver.thermal_electrons2);
    if (self->noise & OAC_NOISE_READ)
        p->fixed_var[k] += (float)(conversions * receiver.read_electrons2 / mean_of);

    const struct oac_bench_channel *channel = &self->bench->channel[k];
    const struct oac_adc *adc = channel->adc;
    bool converts = self->noise & OAC_NOISE_ADC;
    double code_per_electron =
        receiver.volts_per_electron * channel->gain * self->panel.rx_gain[k] / adc->lsb_v;
    double rounding = self->sampled ? 1.0 / 12.0 : 0.0; /* sums of roundings are noise */
    p->code_per_electron[k] = (float)code_per_electron;
    p->code0[k] = (float)(conversions * oac_adc_linear(adc, 0.0));
    p->code_var[k] =
        converts ? (float)(conversions * (adc->noise_lsb * adc->noise_lsb + rounding) / mean_of)
                 : 0.0f;
    double saturated = conversions * receiver.saturation_electrons * code_per_electron;
    double low = (double)p->code0[k] - saturated, high = (double)p->code0[k] + saturated;
    if (converts) {
        low = fmax(low, 0.0);
        high = fmin(high, conversions * (double)(adc->codes - 1));
    }
    p->low_code[k] = (float)low;
    p->high_code[k] = (float)high;
}

void oac_analytic_constants(const struct oac_analytic *self, struct oac_frame *frame)
{
    struct oac_readout_rows *p = &frame->constants;
    for (size_t k = 0; k < frame->rows; k++) {
        struct row row = row_of(self, frame, k);
        shot_constants(self, frame, k, &row);
        ase_constants(self, frame, k, &row);
        slow_rin_constants(self, frame, k);
        electronics_constants(self, frame, k, &row);
    }
    for (size_t k = frame->rows; k < frame->cols; k++) {
        p->low_code[k] = -INFINITY;
        p->high_code[k] = INFINITY;
    }
}
