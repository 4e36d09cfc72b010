/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sampled receiver: a transimpedance amplifier whose conversions are boxcars.
 *
 *     v_i = g q/T_c sum of the electrons from i T_c to (i + 1) T_c,  T_c = T/samples_per_slot of the ADC
 * behind the detector's and the amplifier's poles. The boxcar limits the noise where no pole does, so that a
 * conversion's variance i_n^2 g^2/(2 T_c) does not depend on the grid. Light is first brought onto the ADC's
 * clock, in steps that divide T_c: means over intervals, exact for light constant within its samples; noise is
 * drawn there. AC coupling takes its one-pole low-pass off the current, settled on the light it
 * begins with. With a
 * mixer a conversion is two: I of 2 v cos(2 pi f t + phase), Q of -2 v sin,
 * through a radio's filter (receive.c), so that a tone of f shows its amplitude; a step stands at
 * its middle, and delays
 * are whole steps: between them the tone would be lost. Jitter moves a boxcar's ends over the
 * current without its noise, linearly between steps. */
#include <math.h>

#include "base/constants.h"
#include "sim/waveform/receive_state.h"

struct clock {     /* the steps of one row's ADC */
    size_t boxcar; /* steps in a conversion */
    size_t n;      /* steps until the last conversion wanted */
    double step_s;
    double start, stride; /* place of the first step; length of a step in samples */
    bool whole;           /* the latter is 1 */
};

static struct clock clock_of(const struct oac_waveform *self,
                             const struct oac_wave_window *window,
                             const struct oac_wave_row *row)
{
    const struct oac_stream_capture *capture = window->segment->capture;
    const size_t values = self->receiver->mixer_hz > 0.0 ? 2 : 1,
                 per_slot = self->grid.per_slot;
    size_t conversions = self->caps.readout_samples_per_slot / values;
    const double start = -row->delay_s / self->grid.dt_s;
    size_t boxcar = (per_slot + conversions - 1) / conversions;
    double stride = (double)per_slot / (double)(boxcar * conversions);
    return (struct clock){
        .boxcar = boxcar,
        .n = capture->picks == 0
                 ? 0
                 : ((size_t)capture->pick[capture->picks - 1] / values + 1) * boxcar,
        .step_s = stride * self->grid.dt_s,
        .start = values == 2 ? rint(start) : start,
        .stride = stride,
        .whole = boxcar * conversions == per_slot,
    };
}

static float value_at(const float *p, size_t samples, ptrdiff_t i)
{
    if (i < 0)
        return p[0];
    return (size_t)i < samples ? p[i] : p[samples - 1];
}

/* Steps as long as samples: the same two neighbours in the same parts everywhere. */
static void shift(const struct clock *clock, size_t samples, const float *p, float *out)
{
    const ptrdiff_t late = (ptrdiff_t)floor(clock->start);
    const float share = (float)(clock->start - (double)late);
    const ptrdiff_t n = (ptrdiff_t)clock->n, last = (ptrdiff_t)samples - 1;
    ptrdiff_t first = late < 0 ? -late : 0, end = last - late;
    first = first < n ? first : n;
    end = end > first ? end : first;
    end = end < n ? end : n;
    for (ptrdiff_t i = 0; i < first; i++) {
        float left = value_at(p, samples, late + i);
        out[i] = left + share * (value_at(p, samples, late + i + 1) - left);
    }
    const float *from = p + (first + late < last ? first + late : last);
    for (ptrdiff_t i = 0; i < end - first; i++)
        out[first + i] = from[i] + share * (from[i + 1] - from[i]);
    for (ptrdiff_t i = end; i < n; i++)
        out[i] = p[last];
}

/* out (n): mean of p (samples) from start + i stride to start + (i + 1) stride, stride <= 1; its first and last
 * values go on for ever. */
static void onto_clock(const struct clock *clock, size_t samples, const float *p, float *out)
{
    if (clock->whole) {
        shift(clock, samples, p, out);
        return;
    }
    for (size_t i = 0; i < clock->n; i++) {
        double from = clock->start + (double)i * clock->stride;
        double edge = floor(from) + 1.0, over = from + clock->stride - edge;
        float left = value_at(p, samples, (ptrdiff_t)edge - 1);
        float right = value_at(p, samples, (ptrdiff_t)edge);
        float share = over > 0.0 ? (float)(over / clock->stride) : 0.0f;
        out[i] = left + share * (right - left);
    }
}

static double boxcar_sum(const float *x, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i];
    return sum;
}

static bool current(const struct oac_waveform *self, const struct oac_wave_row *row,
                    const struct oac_wave_light *light, bool noisy,
                    struct oac_wave_receiver_scratch *scratch, float *x)
{
    const struct oac_wave_receiver *receiver = self->receiver;
    double thermal = receiver->tia_electrons2_per_s;
    bool apart =
        receiver->detector_tau_s > 0.0; /* the amplifier's noise skips the detector's pole */
    bool full = oac_wave_detect(self, row, light, noisy, apart ? 0.0 : thermal, scratch, x);
    double before = light->n > 0 ? (double)x[0] : 0.0;
    if (noisy && apart && thermal > 0.0) {
        float sigma = (float)sqrt(thermal * light->step_s);
        oac_wave_normals(self, OAC_WAVE_RECEIVER, row->k, light->slot0,
                         oac_wave_blocks(light->n), scratch->z);
        for (size_t i = 0; i < light->n; i++)
            x[i] += sigma * scratch->z[i];
    }
    struct oac_receiver_pole pole =
        oac_receiver_pole_make(receiver->receiver_tau_s, light->step_s);
    oac_receiver_pole_apply(&pole, before, light->n, x);
    return full;
}

static void couple(double tau_s, double step_s, size_t n, float *x)
{
    const double tau = tau_s / step_s, lost = -expm1(-1.0 / tau), mean = tau * lost;
    double y = n > 0 ? (double)x[0] : 0.0;
    for (size_t i = 0; i < n; i++) {
        const double away = (double)x[i] - y;
        x[i] = (float)(mean * away);
        y += lost * away;
    }
}

/* x (n) mixed down: i, q (n). */
static void mix(const struct oac_wave_receiver *receiver, const struct clock *clock,
                const float *x, float *i, float *q)
{
    const double turns = receiver->mixer_hz * clock->step_s, step = 2.0 * OAC_PI * turns;
    const double ct = cos(step), st = sin(step);
    double c = 1.0, s = 0.0;
    for (size_t n = 0; n < clock->n; n++) {
        if (n % clock->boxcar == 0) { /* exact again: a rotation's rounding would add up */
            const double angle =
                2.0 * OAC_PI * fmod(((double)n + 0.5) * turns, 1.0) + receiver->mixer_rad;
            c = cos(angle);
            s = sin(angle);
        }
        i[n] = (float)(2.0 * c * (double)x[n]);
        q[n] = (float)(-2.0 * s * (double)x[n]);
        const double next = c * ct - s * st;
        s = s * ct + c * st;
        c = next;
    }
}

#define LANES 4

/* The filter around the middle of a conversion, as a sum like a boxcar's. mixed (n): I or Q. */
static double filtered(const struct oac_wave_receiver *receiver, const struct clock *clock,
                       size_t conversion, const float *mixed)
{
    const size_t taps = OAC_WAVE_MIXER_SAMPLES * clock->boxcar;
    const ptrdiff_t from =
        (ptrdiff_t)(conversion * clock->boxcar) - (ptrdiff_t)(taps - clock->boxcar) / 2;
    double lane[LANES] = {0.0}, sum = 0.0;
    if (from < 0 || (size_t)from + taps > clock->n) {
        for (size_t i = 0; i < taps; i++)
            sum +=
                receiver->mixer_tap[i] * (double)value_at(mixed, clock->n, from + (ptrdiff_t)i);
        return sum;
    }
    for (size_t i = 0; i < taps / LANES * LANES; i += LANES)
        for (size_t l = 0; l < LANES; l++)
            lane[l] += receiver->mixer_tap[i + l] * (double)mixed[(size_t)from + i + l];
    for (size_t l = 0; l < LANES; l++)
        sum += lane[l];
    for (size_t i = taps / LANES * LANES; i < taps; i++)
        sum += receiver->mixer_tap[i] * (double)mixed[(size_t)from + i];
    return sum;
}

/* slope (picks): change of each conversion per second of delay, from the current without noise. */
static void slopes(const struct clock *clock, const struct oac_stream_capture *capture,
                   const float *x, float *slope)
{
    for (size_t p = 0; p < capture->picks; p++) {
        size_t from = (size_t)capture->pick[p] * clock->boxcar, to = from + clock->boxcar;
        float leaves = x[from], enters = x[to < clock->n ? to : clock->n - 1];
        if (from > 0)
            leaves = 0.5f * (leaves + x[from - 1]);
        enters = 0.5f * (enters + x[to - 1]);
        slope[p] = (enters - leaves) / (float)clock->step_s;
    }
}

static void show(const struct oac_waveform *self, const struct oac_wave_window *window,
                 const struct oac_wave_row *row, const struct oac_wave_light *light,
                 const float *x, float *out)
{
    float volts =
        (float)(self->receiver->volts_per_a * OAC_ELEMENTARY_CHARGE_C / light->step_s);
    for (size_t i = 0; i < light->n; i++)
        out[i] = volts * x[i];
    const struct oac_waveform_point point = {
        .name = "receiver.output",
        .unit = "V",
        .channel = row->k,
        .slot0 = light->slot0,
        .rate_hz = 1.0 / light->step_s,
        .start_s = -(double)window->frame->first * self->slot_s,
        .samples = light->n,
        .value = out,
    };
    oac_wave_show(self, &point);
}

bool oac_wave_transimpede(const struct oac_waveform *self, const struct oac_wave_window *window,
                          const struct oac_wave_row *row, const struct oac_wave_light *light,
                          struct oac_wave_receiver_scratch *scratch)
{
    const struct oac_stream_capture *capture = window->segment->capture;
    const struct clock clock = clock_of(self, window, row);
    struct oac_wave_light moved = {.n = clock.n,
                                   .step_s = clock.step_s,
                                   .plus = scratch->plus,
                                   .minus = light->minus ? scratch->minus : NULL,
                                   .slot0 = light->slot0};
    onto_clock(&clock, light->n, light->plus, scratch->plus);
    if (light->minus)
        onto_clock(&clock, light->n, light->minus, scratch->minus);
    double jitter_s = self->receiver->jitter_s;
    if (jitter_s > 0.0) {
        current(self, row, &moved, false, scratch, scratch->x);
        slopes(&clock, capture, scratch->x, scratch->slope);
        oac_wave_normals(self, OAC_WAVE_ADC_JITTER, row->k, light->slot0,
                         oac_wave_blocks(capture->picks), scratch->jitter);
    }
    bool full = current(self, row, &moved, true, scratch, scratch->x);
    if (self->receiver->coupling_tau_s > 0.0)
        couple(self->receiver->coupling_tau_s, clock.step_s, clock.n, scratch->x);
    if (self->tap)
        show(self, window, row, &moved, scratch->x, scratch->y);
    double volts = self->receiver->volts_per_a * OAC_ELEMENTARY_CHARGE_C /
                   ((double)clock.boxcar * clock.step_s);
    const bool mixes = self->receiver->mixer_hz > 0.0;
    if (mixes)
        mix(self->receiver, &clock, scratch->x, scratch->y, scratch->g);
    for (size_t p = 0; p < capture->picks; p++) {
        if (mixes) {
            scratch->volt[p] = volts * filtered(self->receiver, &clock, capture->pick[p] / 2,
                                                capture->pick[p] % 2 ? scratch->g : scratch->y);
            continue;
        }
        size_t from = (size_t)capture->pick[p] * clock.boxcar;
        double electrons = boxcar_sum(scratch->x + from, clock.boxcar);
        if (jitter_s > 0.0)
            electrons += jitter_s * (double)scratch->jitter[p] * (double)scratch->slope[p];
        scratch->volt[p] = volts * electrons;
    }
    return full;
}
