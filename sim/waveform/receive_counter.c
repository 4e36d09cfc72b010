/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The photon counter: arrivals one by one, each blinding the detector for its dead time, counted while the gate
 * is open. The detector is alive before the gate opens. Its bandwidth is not used: an arrival has no shape. */
#include <math.h>
#include <string.h>

#include "sim/components/detector.h"
#include "sim/waveform/receive_state.h"

/* Above this mean counts per segment follow the normal law, with the moments of detector.h in each sample. */
#define EVENTS_MAX 5e5

/* mean (n) arrivals per sample, dark counts included; returns their sum. */
static double arrivals_mean(const struct oac_waveform *self, const struct oac_wave_row *row,
                            const struct oac_wave_light *light, float *mean)
{
    float per_w = (float)(row->plus * light->step_s);
    float dark = (float)(self->bench->detector.dark_per_s * light->step_s);
    double sum = 0.0;
    for (size_t i = 0; i < light->n; i++) {
        mean[i] = per_w * light->plus[i] + dark;
        sum += (double)mean[i];
    }
    return sum;
}

/* Without events: what is registered of each sample's arrivals, with or without normal noise. */
static void registered(const struct oac_waveform *self, const struct oac_wave_light *light,
                       const float *z, float *x)
{
    double dead_s = self->bench->detector.dead_time_s;
    for (size_t i = 0; i < light->n; i++) {
        double mean, variance;
        oac_detector_dead_time_moments((double)x[i], dead_s, light->step_s, &mean, &variance);
        x[i] = (float)(mean + (z ? sqrt(variance) * (double)z[i] : 0.0));
    }
}

/* counts (n) of each sample become the running value at its end. */
static void show(const struct oac_waveform *self, const struct oac_wave_window *window,
                 const struct oac_wave_row *row, const struct oac_wave_light *light,
                 float *counts)
{
    for (size_t i = 1; i < light->n; i++)
        counts[i] += counts[i - 1];
    const struct oac_waveform_point point = {
        .name = "receiver.output",
        .unit = "counts",
        .channel = row->k,
        .slot0 = light->slot0,
        .rate_hz = 1.0 / light->step_s,
        .start_s = row->delay_s + light->step_s - (double)window->frame->first * self->slot_s,
        .samples = light->n,
        .value = counts,
    };
    oac_wave_show(self, &point);
}

static void count_events(const struct oac_waveform *self, const struct oac_wave_window *window,
                         const struct oac_wave_row *row, const struct oac_wave_light *light,
                         struct oac_wave_receiver_scratch *scratch)
{
    const struct oac_stream_capture *capture = window->segment->capture;
    struct oac_wave_gate gate = oac_wave_gate_of(self, window, row);
    struct oac_arrivals arrivals = {
        .mean = scratch->x,
        .samples = light->n,
        .dead_samples = self->bench->detector.dead_time_s / light->step_s,
        .seed = self->seed,
        .index = light->slot0,
        .stream = oac_wave_stream(OAC_WAVE_SHOT, row->k),
    };
    double at, counts = 0.0;
    size_t p = 0;
    if (self->tap)
        memset(scratch->y, 0, light->n * sizeof *scratch->y);
    while ((p < capture->picks || self->tap) && oac_arrivals_next(&arrivals, &at)) {
        while (p < capture->picks && oac_wave_place(self, row, capture->pick[p]) <= at)
            scratch->volt[p++] = counts;
        if (!(at >= gate.open && at < gate.close))
            continue;
        counts += 1.0;
        if (self->tap)
            scratch->y[at < (double)light->n ? (size_t)at : light->n - 1] += 1.0f;
    }
    while (p < capture->picks)
        scratch->volt[p++] = counts;
    if (self->tap)
        show(self, window, row, light, scratch->y);
}

bool oac_wave_count(const struct oac_waveform *self, const struct oac_wave_window *window,
                    const struct oac_wave_row *row, const struct oac_wave_light *light,
                    struct oac_wave_receiver_scratch *scratch)
{
    double expected = arrivals_mean(self, row, light, scratch->x);
    bool shot = self->receiver->shot;
    if (shot && expected < EVENTS_MAX) {
        count_events(self, window, row, light, scratch);
        return false;
    }
    if (shot)
        oac_wave_normals(self, OAC_WAVE_SHOT, row->k, light->slot0, oac_wave_blocks(light->n),
                         scratch->z);
    registered(self, light, shot ? scratch->z : NULL, scratch->x);
    return oac_wave_integrate(self, window, row, scratch->x, scratch);
}
