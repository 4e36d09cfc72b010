/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A receiver of the waveform engine on its own: light is written by hand, no server, no client. One payload
 * between GUARD dark slots; 1 W is one electron per second, so that a slot of n/T watts brings n. Code 0 is
 * 0 V: with the adc noise off codes go below, and small ones keep their digits in a float. */
#ifndef OAC_TESTS_SIM_RECEIVE_FIXTURE_H
#define OAC_TESTS_SIM_RECEIVE_FIXTURE_H

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/constants.h"
#include "sim/components/adc.h"
#include "sim/components/receiver.h"
#include "sim/waveform/receive.h"

#define GUARD     4u
#define PICKS_MAX 4096u

struct stand {
    struct oac_waveform self;
    struct oac_wave_frame frame;
    struct oac_wave_window window;
    struct oac_stream_segment segment;
    struct oac_stream_capture capture;
    struct oac_wave_receiver_scratch *scratch;
    float *power; /* (outputs, channels, samples) */
    float *g;
    double *light; /* (outputs, channels, 2) */
    float *rx;
    uint8_t flag[8];
    uint32_t pick[PICKS_MAX];
    double open_s[8], close_s[8];
    size_t slots; /* of the payload */
};

static const char *const STAND[] = {"name=stand",
                                    "channels=3",
                                    "slot_rate_hz=1e9",
                                    "laser.power_dbm=0",
                                    "laser.power_max_dbm=0",
                                    "weight_dac.bits=8",
                                    "weight_dac.full_scale_v=1",
                                    "weight_modulator.vpi_v=1",
                                    "client_dac.bits=8",
                                    "client_dac.full_scale_v=1",
                                    "client_modulator.vpi_v=1",
                                    "adc.bits=20",
                                    NULL};

static inline void stand_set(struct oac_rig *rig, const char *const *sets)
{
    struct oac_err err;
    for (; sets && *sets; sets++)
        cr_assert_eq(oac_config_set(&oac_rig_table, *sets, rig, &err), OAC_OK, "%s",
                     err.message);
}

static inline void stand_gate(struct stand *s, double open_s, double close_s)
{
    for (size_t k = 0; k < s->frame.rows; k++) {
        s->open_s[k] = open_s;
        s->close_s[k] = close_s;
    }
}

static inline void stand_window(struct stand *s)
{
    size_t channels = s->self.bench->channels;
    struct oac_err err;
    s->frame.rows = channels;
    s->frame.slots = s->slots + 2 * GUARD;
    s->frame.samples = s->frame.slots * s->self.grid.per_slot;
    s->frame.first = GUARD;
    s->frame.count = s->slots;
    s->frame.outputs = s->self.rig.detector.pair ? 2 : 1;
    s->frame.differential = s->self.rig.detector.pair;
    s->power = calloc(s->frame.outputs * channels * s->frame.samples, sizeof *s->power);
    s->g = calloc(s->frame.samples, sizeof *s->g);
    s->light = calloc(s->frame.outputs * channels * 2, sizeof *s->light);
    s->rx = calloc(channels * PICKS_MAX, sizeof *s->rx);
    s->window.motion.channel = calloc(channels, sizeof *s->window.motion.channel);
    cr_assert(s->power && s->g && s->light && s->rx && s->window.motion.channel);
    for (size_t k = 0; k < channels; k++) {
        s->window.motion.channel[k].gain = s->window.motion.channel[k].power = 1.0;
        s->self.bench->channel[k].electrons_per_joule = 1.0;
    }
    s->capture.gate_open_s = s->open_s;
    s->capture.gate_close_s = s->close_s;
    s->capture.pick = s->pick;
    s->segment.capture = &s->capture;
    s->segment.rx = s->rx;
    s->segment.flag = s->flag;
    s->segment.launch = 1.0f;
    s->window.frame = &s->frame;
    s->window.segment = &s->segment;
    cr_assert_eq(oac_wave_receiver_scratch_create(&s->self, &s->scratch, &err), OAC_OK);
    cr_assert_eq(
        oac_wave_receiver_scratch_fit(&s->self, s->frame.slots, PICKS_MAX, s->scratch, &err),
        OAC_OK, "%s", err.message);
}

/* Behind the payload's end, one conversion; the gate is open for the payload. */
static inline void stand_read_once(struct stand *s)
{
    s->capture.picks = 1;
    s->pick[0] =
        (uint32_t)((s->frame.slots - 1) * (size_t)s->self.caps.readout_samples_per_slot);
    stand_gate(s, (double)GUARD * s->self.slot_s, (double)(GUARD + s->slots) * s->self.slot_s);
}

static inline void stand_open(struct stand *s, size_t slots, uint32_t noise,
                              const char *const *sets)
{
    const uint8_t hash[32] = {0};
    struct oac_err err;
    memset(s, 0, sizeof *s);
    struct oac_waveform *self = &s->self;
    cr_assert_eq(oac_config_defaults(&oac_rig_table, &self->rig, &err), OAC_OK);
    stand_set(&self->rig, STAND);
    stand_set(&self->rig, sets);
    cr_assert_eq(oac_bench_create(&self->rig, &self->bench, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_panel_init(&self->panel, &self->rig, self->bench, noise, "wave", "test",
                                hash, &err),
                 OAC_OK, "%s", err.message);
    self->noise = noise;
    self->seed = 33;
    self->slot_s = 1.0 / self->rig.slot_rate_hz;
    self->grid.per_slot = (size_t)self->rig.wave.samples_per_slot;
    self->grid.rate_hz = self->rig.slot_rate_hz * (double)self->grid.per_slot;
    self->grid.dt_s = 1.0 / self->grid.rate_hz;
    self->caps.readout_samples_per_slot = (uint32_t)self->rig.adc.samples_per_slot;
    self->caps.delay_slots_max = 2;
    cr_assert_eq(oac_wave_receiver_create(self, &err), OAC_OK, "%s", err.message);
    s->slots = slots;
    stand_window(s);
    if (self->rig.receiver.kind != OAC_RECEIVER_TIA)
        stand_read_once(s);
}

static inline void stand_close(struct stand *s)
{
    oac_wave_receiver_scratch_destroy(s->scratch);
    oac_wave_receiver_destroy(s->self.receiver);
    oac_panel_fini(&s->self.panel);
    oac_bench_destroy(s->self.bench);
    free(s->power);
    free(s->g);
    free(s->light);
    free(s->rx);
    free(s->window.motion.channel);
}

/* Payload slot n of a detector brings `electrons`. */
static inline void stand_light(struct stand *s, unsigned output, size_t k, size_t n,
                               double electrons)
{
    size_t per_slot = s->self.grid.per_slot, at = s->frame.first + n;
    float *p = s->power + ((size_t)output * s->self.bench->channels + k) * s->frame.samples;
    for (size_t i = at * per_slot; i < (at + 1) * per_slot; i++)
        p[i] = (float)(electrons / s->self.slot_s);
}

/* Every slot of every detector another number, `electrons` on average. */
static inline void stand_pattern(struct stand *s, double electrons)
{
    uint32_t state = 7;
    for (unsigned o = 0; o < s->frame.outputs; o++) {
        for (size_t k = 0; k < s->frame.rows; k++) {
            for (size_t n = 0; n < s->slots; n++) {
                state = state * 1664525u + 1013904223u;
                stand_light(s, o, k, n, 2.0 * electrons * (double)(state >> 8) / 0x1p24);
            }
        }
    }
}

/* Electrons of the payload on a detector. */
static inline double stand_sum(const struct stand *s, unsigned output, size_t k)
{
    const float *p =
        s->power + ((size_t)output * s->self.bench->channels + k) * s->frame.samples;
    double sum = 0.0;
    for (size_t i = 0; i < s->frame.samples; i++)
        sum += (double)p[i] * s->self.grid.dt_s;
    return sum;
}

static inline void stand_play(struct stand *s, uint64_t slot0)
{
    s->segment.slot0 = slot0;
    oac_wave_receiver_window(&s->self, &s->window, s->power, s->scratch);
}

/* The same by the short way, which needs the same gate on all rows. */
static inline void stand_hold(struct stand *s, uint64_t slot0)
{
    bool same = false;
    s->segment.slot0 = slot0;
    cr_assert(oac_wave_receiver_holds(&s->self, &s->window));
    oac_wave_receiver_weights(&s->self, &s->window, 0, s->g, &same);
    cr_assert(same);
    for (size_t d = 0; d < s->frame.outputs * s->self.bench->channels; d++) {
        const float *p = s->power + d * s->frame.samples;
        s->light[2 * d] = s->light[2 * d + 1] = 0.0;
        for (size_t i = 0; i < s->frame.samples; i++) {
            double g = (double)s->g[i];
            s->light[2 * d] += g * (double)p[i];
            s->light[2 * d + 1] += g * g * (double)p[i];
        }
    }
    oac_wave_receiver_hold(&s->self, &s->window, s->light, s->scratch);
}

/* Electrons behind the receiver of a code, at the nominal gain. */
static inline double stand_electrons(const struct stand *s, double code)
{
    const struct oac_rig *rig = &s->self.rig;
    double v = code * oac_adc_lsb_v(rig) + oac_adc_min_v(rig);
    return v / oac_receiver_figures(rig, s->self.slot_s).volts_per_electron;
}

/* One number of a window: of a sampled receiver the sum over slots of the mean over a slot's conversions. */
static inline double stand_readout(const struct stand *s, size_t k)
{
    size_t picks = s->capture.picks;
    if (s->self.rig.receiver.kind != OAC_RECEIVER_TIA)
        return stand_electrons(s, (double)s->rx[k * picks + picks - 1]);
    double sum = 0.0;
    for (size_t p = 0; p < picks; p++)
        sum += stand_electrons(s, (double)s->rx[k * picks + p]);
    return sum / (double)s->self.caps.readout_samples_per_slot;
}

/* Picks of the payload's conversions, `late` conversions after it. */
static inline void stand_sample(struct stand *s, size_t late)
{
    size_t per_slot = s->self.caps.readout_samples_per_slot;
    s->capture.picks = s->slots * per_slot;
    cr_assert_leq(s->capture.picks, PICKS_MAX);
    for (size_t p = 0; p < s->capture.picks; p++)
        s->pick[p] = (uint32_t)(s->frame.first * per_slot + p + late);
}

struct moments {
    double mean, variance, mean_se, variance_se;
};

/* Of `windows` readouts of row k by either way; standard errors of both, that of the variance by the sample's
 * own fourth moment. */
static inline struct moments stand_moments(struct stand *s, size_t k, size_t windows, bool hold,
                                           uint64_t first)
{
    double *value = calloc(windows, sizeof *value), sum = 0.0, m2 = 0.0, m4 = 0.0;
    cr_assert_not_null(value);
    for (size_t b = 0; b < windows; b++) {
        if (hold)
            stand_hold(s, first + b * s->frame.slots);
        else
            stand_play(s, first + b * s->frame.slots);
        value[b] = stand_readout(s, k);
        sum += value[b];
    }
    double n = (double)windows, mean = sum / n;
    for (size_t b = 0; b < windows; b++) {
        double d2 = (value[b] - mean) * (value[b] - mean);
        m2 += d2 / n;
        m4 += d2 * d2 / n;
    }
    free(value);
    return (struct moments){mean, m2 * n / (n - 1.0), sqrt(m2 / n),
                            sqrt(fmax(m4 - m2 * m2, 0.0) / n)};
}

static inline void expect_moments(const struct moments *m, double mean, double variance,
                                  const char *what)
{
    cr_expect(fabs(m->mean - mean) < 4.0 * m->mean_se + 1e-6 * fabs(mean),
              "%s: mean %.9g, expected %.9g, standard error %.3g", what, m->mean, mean,
              m->mean_se);
    cr_expect(fabs(m->variance - variance) < 4.0 * m->variance_se,
              "%s: variance %.6g, expected %.6g, standard error %.3g", what, m->variance,
              variance, m->variance_se);
}

#endif
