/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Light becomes output electrons per sample: responsivity, saturation, dark current, shot noise, gain, pole. */
#include <math.h>
#include <string.h>

#include "base/constants.h"
#include "sim/components/detector.h"
#include "sim/waveform/receive_state.h"

/* Events of a pair's second detector draw above these of the first. */
#define SECOND_DETECTOR (1u << 24)

struct oac_wave_row oac_wave_row_of(const struct oac_waveform *self,
                                    const struct oac_wave_window *window, size_t k)
{
    const struct oac_bench *bench = self->bench;
    const struct oac_bench_channel *channel = &bench->channel[k];
    const struct oac_wave_receiver *receiver = self->receiver;
    double saturation_a = self->rig.detector.saturation_a;
    bool pair = window->frame->differential;
    struct oac_wave_row row = {
        .k = k,
        .pair = pair,
        .plus = channel->electrons_per_joule * channel->gain_plus,
        .minus = channel->electrons_per_joule * channel->gain_minus,
        .gain = bench->detector.gain,
        .excess = bench->detector.excess_noise,
        .dark_mean =
            pair ? 0.0 : receiver->dark_mean, /* a pair's cancel, their noise does not */
        .dark_variance = (pair ? 2.0 : 1.0) * receiver->dark_variance,
        .volts = channel->gain * self->panel.rx_gain[k] * window->motion.channel[k].gain,
        .delay_s = channel->adc_delay_s,
    };
    row.limit_plus_w = saturation_a / (OAC_ELEMENTARY_CHARGE_C * row.plus);
    row.limit_minus_w = saturation_a / (OAC_ELEMENTARY_CHARGE_C * row.minus);
    return row;
}

struct
    rate { /* output electrons of one sample: a p + b q + c, with variance va p + vb q + vc */
    float a, b, c, va, vb, vc;
    float limit_p, limit_q; /* [W] */
};

static struct rate rate_of(const struct oac_wave_row *row, double step_s, double more)
{
    double a = row->gain * row->plus * step_s, b = row->gain * row->minus * step_s;
    double multiplied = row->gain * row->excess;
    return (struct rate){
        .a = (float)a,
        .b = (float)-b,
        .c = (float)(row->dark_mean * step_s),
        .va = (float)(multiplied * a),
        .vb = (float)(multiplied * b),
        .vc = (float)((row->dark_variance + more) * step_s),
        .limit_p = (float)row->limit_plus_w,
        .limit_q = (float)row->limit_minus_w,
    };
}

static void mean_single(const struct rate *r, size_t n, const float *restrict p,
                        float *restrict x)
{
    const float a = r->a, c = r->c, limit = r->limit_p;
    for (size_t i = 0; i < n; i++)
        x[i] = a * (p[i] < limit ? p[i] : limit) + c;
}

static void mean_pair(const struct rate *r, size_t n, const float *restrict p,
                      const float *restrict q, float *restrict x)
{
    const float a = r->a, b = r->b, c = r->c, limit_p = r->limit_p, limit_q = r->limit_q;
    for (size_t i = 0; i < n; i++)
        x[i] =
            a * (p[i] < limit_p ? p[i] : limit_p) + b * (q[i] < limit_q ? q[i] : limit_q) + c;
}

/* ASE beyond the sampled band is drawn as a normal power (ase.h), which may fall below zero. */
static inline float root(float variance)
{
    return sqrtf(variance > 0.0f ? variance : 0.0f);
}

static void noise_single(const struct rate *r, size_t n, const float *restrict p,
                         const float *restrict z, float *restrict x)
{
    const float va = r->va, vc = r->vc, limit = r->limit_p;
    for (size_t i = 0; i < n; i++)
        x[i] += root(va * (p[i] < limit ? p[i] : limit) + vc) * z[i];
}

static void noise_pair(const struct rate *r, size_t n, const float *restrict p,
                       const float *restrict q, const float *restrict z, float *restrict x)
{
    const float va = r->va, vb = r->vb, vc = r->vc, limit_p = r->limit_p, limit_q = r->limit_q;
    for (size_t i = 0; i < n; i++)
        x[i] += root(va * (p[i] < limit_p ? p[i] : limit_p) +
                     vb * (q[i] < limit_q ? q[i] : limit_q) + vc) *
                z[i];
}

static bool above(size_t n, const float *p, float limit)
{
    if (!p || isinf(limit))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (p[i] > limit)
            return true;
    }
    return false;
}

static double total(size_t n, const float *x)
{
    double part[4] = {0.0};
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        for (size_t j = 0; j < 4; j++)
            part[j] += (double)x[i + j];
    }
    for (; i < n; i++)
        part[0] += (double)x[i];
    return part[0] + part[1] + part[2] + part[3];
}

/* Electrons of one detector, counted; mean (n) is what is expected of it. */
static void add_counted(const struct oac_waveform *self, const struct oac_wave_row *row,
                        const struct oac_wave_light *light, const float *mean, uint32_t sub,
                        float sign, float *x)
{
    struct oac_arrivals arrivals = {
        .mean = mean,
        .samples = light->n,
        .seed = self->seed,
        .index = light->slot0,
        .stream = oac_wave_stream(OAC_WAVE_SHOT, row->k),
        .sub = sub,
    };
    double at;
    while (oac_arrivals_next(&arrivals, &at))
        x[at < (double)light->n ? (size_t)at : light->n - 1] += sign;
}

/* Few electrons: x becomes counts. False: they are many. x (n) holds the mean and y (n) is scratch. */
static bool few(const struct oac_waveform *self, const struct oac_wave_row *row,
                const struct oac_wave_light *light, float *y, float *x)
{
    const struct oac_detector *detector = &self->bench->detector;
    struct oac_wave_row one = *row;
    one.dark_mean = detector->dark_per_s + detector->surface_dark_per_s;
    struct rate rate = rate_of(&one, light->step_s, 0.0);
    double dark = (double)light->n * (double)rate.c;
    double expected = total(light->n, light->plus) * (double)rate.a + dark;
    if (light->minus)
        expected += dark - total(light->n, light->minus) * (double)rate.b;
    if (!(expected < OAC_WAVE_FEW_ELECTRONS))
        return false;
    memset(x, 0, light->n * sizeof *x);
    mean_single(&rate, light->n, light->plus, y);
    add_counted(self, row, light, y, 0, 1.0f, x);
    if (!light->minus)
        return true;
    rate.a = -rate.b;
    rate.limit_p = rate.limit_q;
    mean_single(&rate, light->n, light->minus, y);
    add_counted(self, row, light, y, SECOND_DETECTOR, -1.0f, x);
    return true;
}

bool oac_wave_detect(const struct oac_waveform *self, const struct oac_wave_row *row,
                     const struct oac_wave_light *light, bool noisy, double more,
                     struct oac_wave_receiver_scratch *scratch, float *x)
{
    const struct oac_wave_receiver *receiver = self->receiver;
    const float *p = light->plus, *q = light->minus;
    size_t n = light->n;
    bool shot = noisy && receiver->shot;
    struct rate rate = rate_of(row, light->step_s, 0.0);
    if (q)
        mean_pair(&rate, n, p, q, x);
    else
        mean_single(&rate, n, p, x);
    double before = n > 0 ? (double)x[0] : 0.0;
    if (shot && receiver->countable && few(self, row, light, scratch->y, x))
        shot = false;
    rate = rate_of(row, light->step_s, noisy ? more : 0.0);
    if (!shot) {
        rate.va = rate.vb = 0.0f;
        rate.vc = noisy ? (float)(more * light->step_s) : 0.0f;
    }
    if (rate.va > 0.0f || rate.vc > 0.0f) {
        oac_wave_normals(self, OAC_WAVE_SHOT, row->k, light->slot0, oac_wave_blocks(n),
                         scratch->z);
        if (q)
            noise_pair(&rate, n, p, q, scratch->z, x);
        else
            noise_single(&rate, n, p, scratch->z, x);
    }
    struct oac_receiver_pole pole =
        oac_receiver_pole_make(receiver->detector_tau_s, light->step_s);
    oac_receiver_pole_apply(&pole, before, n, x);
    return above(n, p, rate.limit_p) || above(n, q, rate.limit_q);
}
