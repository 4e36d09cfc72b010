/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The switched integrator: charge gathers while the gate is open, droops until it is converted.
 *
 *     Q' = i - droop Q, exact for a current constant within each sample, also within a part of one.
 * Saturation clips the running charge at the end of each sample. */
#include <math.h>

#include "sim/waveform/receive_state.h"

double oac_wave_place(const struct oac_waveform *self, const struct oac_wave_row *row,
                      uint32_t pick)
{
    double rate_hz = (double)self->caps.readout_samples_per_slot / self->slot_s;
    return ((double)pick / rate_hz - row->delay_s) / self->grid.dt_s;
}

struct oac_wave_gate oac_wave_gate_of(const struct oac_waveform *self,
                                      const struct oac_wave_window *window,
                                      const struct oac_wave_row *row)
{
    const struct oac_stream_capture *capture = window->segment->capture;
    double end = (double)window->frame->samples;
    double open = (capture->gate_open_s[row->k] - row->delay_s) / self->grid.dt_s;
    double close = (capture->gate_close_s[row->k] - row->delay_s) / self->grid.dt_s;
    open = fmin(fmax(open, 0.0), end);
    return (struct oac_wave_gate){open, fmin(fmax(close, open), end)};
}

/* (1 - e^-u)/u: what is left at its end of an electron that arrives somewhere within droop u. */
static double kept(double u)
{
    return u > 0.0 ? -expm1(-u) / u : 1.0;
}

void oac_wave_gate_weights(double droop, const struct oac_wave_gate *gate, size_t samples,
                           float *weight)
{
    double whole = kept(droop), decay = 1.0, keep = exp(-droop);
    size_t first = (size_t)gate->open;
    for (size_t i = samples; i-- > 0;) {
        double from = fmax((double)i, gate->open), to = fmin((double)(i + 1), gate->close);
        double part = to - from;
        if (!(part > 0.0) || i < first) {
            weight[i] = 0.0f;
            continue;
        }
        weight[i] = (float)(decay * (part < 1.0 ? part * kept(droop * part) : whole));
        decay *= part < 1.0 ? exp(-droop * part) : keep;
    }
}

struct charge {
    double now, electrons;
    double droop, limit;
    bool saturated;
};

static void clip(struct charge *q)
{
    if (fabs(q->electrons) > q->limit) {
        q->electrons = copysign(q->limit, q->electrons);
        q->saturated = true;
    }
}

static void part(struct charge *q, const float *x, double to)
{
    double length = to - q->now;
    q->electrons = q->electrons * exp(-q->droop * length) +
                   (double)x[(size_t)q->now] * length * kept(q->droop * length);
    q->now = to;
    clip(q);
}

/* Whole samples, from first up to end. */
static void whole(struct charge *q, const float *x, size_t first, size_t end)
{
    const double keep = exp(-q->droop), gain = kept(q->droop), limit = q->limit;
    double electrons = q->electrons;
    for (size_t i = first; i < end; i++) {
        electrons = electrons * keep + (double)x[i] * gain;
        if (fabs(electrons) > limit) {
            electrons = copysign(limit, electrons);
            q->saturated = true;
        }
    }
    q->electrons = electrons;
}

/* The same where nothing droops and nothing is full: a sum, in an order of its own. */
static void sum(struct charge *q, const float *x, size_t first, size_t end)
{
    double part[4] = {0.0};
    size_t i = first;
    for (; i + 4 <= end; i += 4) {
        for (size_t j = 0; j < 4; j++)
            part[j] += (double)x[i + j];
    }
    for (; i < end; i++)
        part[0] += (double)x[i];
    q->electrons += part[0] + part[1] + part[2] + part[3];
}

/* Gathers from where it is to the place `to`. */
static void gather(struct charge *q, const float *x, double to)
{
    double next = floor(q->now) + 1.0;
    if (q->now != next - 1.0 && to > q->now)
        part(q, x, fmin(to, next));
    if (!(to > q->now))
        return;
    size_t first = (size_t)q->now, end = (size_t)to;
    if (q->droop > 0.0 || !isinf(q->limit))
        whole(q, x, first, end);
    else
        sum(q, x, first, end);
    q->now = (double)end;
    if (to > q->now)
        part(q, x, to);
}

/* The charge at a place; places come in ascending order. */
static double value(struct charge *q, const struct oac_wave_gate *gate, const float *x,
                    double place)
{
    if (place < gate->open)
        return 0.0;
    gather(q, x, fmin(place, gate->close));
    double held = place - gate->close;
    return held > 0.0 ? q->electrons * exp(-q->droop * held) : q->electrons;
}

static void show(const struct oac_waveform *self, const struct oac_wave_window *window,
                 const struct oac_wave_row *row, const struct oac_wave_gate *gate,
                 struct charge q, const float *x, float *out)
{
    size_t n = window->frame->samples;
    double volts = self->receiver->volts_per_electron;
    for (size_t i = 0; i < n; i++)
        out[i] = (float)(volts * value(&q, gate, x, (double)(i + 1)));
    const struct oac_waveform_point point = {
        .name = "receiver.output",
        .unit = self->receiver->kind == OAC_RECEIVER_COUNTER ? "counts" : "V",
        .channel = row->k,
        .slot0 = window->segment->slot0,
        .rate_hz = self->grid.rate_hz,
        .start_s = row->delay_s + self->grid.dt_s - (double)window->frame->first * self->slot_s,
        .samples = n,
        .value = out,
    };
    oac_wave_show(self, &point);
}

bool oac_wave_integrate(const struct oac_waveform *self, const struct oac_wave_window *window,
                        const struct oac_wave_row *row, const float *x,
                        struct oac_wave_receiver_scratch *scratch)
{
    const struct oac_wave_receiver *receiver = self->receiver;
    const struct oac_stream_capture *capture = window->segment->capture;
    struct oac_wave_gate gate = oac_wave_gate_of(self, window, row);
    struct charge q = {
        .now = gate.open,
        .droop = receiver->droop_per_s * self->grid.dt_s,
        .limit = receiver->saturation_v / receiver->volts_per_electron,
    };
    if (receiver->reset_electrons > 0.0) {
        float z[4];
        oac_wave_normals(self, OAC_WAVE_RECEIVER, row->k, window->segment->slot0, 1, z);
        q.electrons = receiver->reset_electrons * (double)z[0];
    }
    if (self->tap)
        show(self, window, row, &gate, q, x, scratch->y);
    bool jitter = receiver->jitter_s > 0.0;
    if (jitter)
        oac_wave_normals(self, OAC_WAVE_ADC_JITTER, row->k, window->segment->slot0,
                         oac_wave_blocks(capture->picks), scratch->jitter);
    double latest = 0.0;
    for (size_t p = 0; p < capture->picks; p++) {
        double place = oac_wave_place(self, row, capture->pick[p]);
        if (jitter)
            place += receiver->jitter_s / self->grid.dt_s * (double)scratch->jitter[p];
        latest = fmax(latest, place); /* an aperture does not overtake the one before */
        scratch->volt[p] = receiver->volts_per_electron * value(&q, &gate, x, latest);
    }
    return q.saturated;
}
