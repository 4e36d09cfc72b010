/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Readouts that one normal variate does not describe. */
#include <math.h>

#include "base/rng.h"
#include "sim/analytic_workspace.h"

/* Below this mean electrons are counted exactly (Poisson); above it their skewness is under 3 %. */
#define POISSON_BELOW 1000.0
/* With a dead time, counts below this mean, and rates that saturate the detector, go event by event. */
#define EVENTS_BELOW 50.0
#define PEAK_MAX     0.1

/* Light of one readout, in electrons before gain: means of the two detectors, and what noise is left. */
struct few {
    double plus, minus; /* expected arrivals, dark included; minus 0 without a pair */
    double rest;        /* standard deviation of everything else [electrons] */
};

static struct few few_of(const struct oac_analytic *self, const struct oac_frame *frame,
                         const struct oac_readout_window *w, size_t k)
{
    const struct oac_readout_rows *p = &frame->constants;
    const struct oac_detector *detector = &self->bench->detector;
    double l = (double)w->launch;
    double s = (double)p->base[k] + (double)w->s1[k];
    double shot = l * ((double)p->shot_s[k] * s + (double)p->shot_x[k] * (double)w->x1);
    double dark = (detector->dark_per_s + detector->surface_dark_per_s) * (double)frame->slots *
                  self->slot_s;
    double variance = (double)p->fixed_var[k] - dark * (frame->differential ? 2.0 : 1.0);
    variance += (double)p->signal2_var[k] * l * l * s * s;
    if (w->v)
        variance += l * l * ((double)p->base_v[k] + (double)w->v[k]);
    struct few few = {.rest = sqrt(fmax(variance, 0.0))};
    if (frame->differential) {
        few.plus = fmax((shot + l * s) / 2.0, 0.0) + dark;
        few.minus = fmax((shot - l * s) / 2.0, 0.0) + dark;
    } else {
        few.plus = fmax(shot, 0.0) + dark;
    }
    return few;
}

static double code_of(const struct oac_frame *frame, const struct oac_readout_window *w,
                      size_t k, double electrons)
{
    return (double)frame->constants.code0[k] + (double)w->code_per_electron[k] * electrons;
}

/* Arrivals counted one by one through a dead time; NAN when the normal law describes them. */
static double dead_time_events(const struct oac_analytic *self, const struct oac_frame *frame,
                               const struct oac_exact_window *exact, size_t k,
                               struct oac_workspace *workspace)
{
    double mean = (double)workspace->moments[k];
    if (mean > EVENTS_BELOW && !((double)workspace->peak > PEAK_MAX))
        return NAN;
    const float *t = workspace->operand.t[0] + exact->window * frame->slots;
    const float *d =
        self->tracking ? workspace->operand.d[0] + exact->window * frame->slots : NULL;
    double dark = self->bench->detector.dark_per_s;
    for (size_t n = 0; n < frame->slots; n++) {
        double tx = (double)t[n] + frame->client->t_null;
        double light = (double)frame->light[0][n * frame->cols + k] * tx;
        if (d)
            light += (double)frame->detuned[0][n * frame->cols + k] *
                     ((double)d[n] + frame->client->d_null);
        workspace->rate[n] =
            fmax((double)exact->light->launch * light / self->slot_s, 0.0) + dark;
    }
    return oac_detector_count_events(workspace->rate, frame->slots, self->slot_s,
                                     self->bench->detector.dead_time_s, self->seed,
                                     exact->slot0, (uint32_t)k);
}

/* Rates of a window's slots against the dead time: moments of every row at once. */
static void dead_time_moments(const struct oac_analytic *self, const struct oac_frame *frame,
                              const struct oac_exact_window *exact,
                              struct oac_workspace *workspace)
{
    const size_t first = exact->window * frame->slots;
    struct oac_readout_light light = {.w = frame->light[0], .x = workspace->turns};
    for (size_t n = 0; n < frame->slots; n++)
        workspace->turns[n] = workspace->operand.t[0][first + n] + (float)frame->client->t_null;
    if (self->tracking) {
        for (size_t n = 0; n < frame->slots; n++)
            workspace->bends[n] =
                workspace->operand.d[0][first + n] + (float)frame->client->d_null;
        light.wd = frame->detuned[0];
        light.xd = workspace->bends;
    }
    double dead = self->bench->detector.dead_time_s / self->slot_s;
    float peak = 0.0f;
    oac_readout_kernel()->dead_time(
        frame->slots, frame->cols, frame->cols, &light, exact->light->launch,
        (float)(self->bench->detector.dark_per_s * self->slot_s), (float)dead,
        workspace->moments, workspace->moments + frame->cols, &peak);
    workspace->peak = peak * (float)dead;
}

static double counted(const struct oac_analytic *self, const struct oac_frame *frame,
                      const struct oac_exact_window *exact, size_t k, double z,
                      struct oac_workspace *workspace)
{
    double events = dead_time_events(self, frame, exact, k, workspace);
    if (events >= 0.0)
        return code_of(frame, exact->light, k, events);
    double sigma = sqrt((double)workspace->moments[frame->cols + k]);
    return code_of(frame, exact->light, k,
                   fmax(rint((double)workspace->moments[k] + sigma * z), 0.0));
}

/* The readout's code before clipping. */
static double drawn(const struct oac_analytic *self, const struct oac_frame *frame,
                    const struct oac_exact_window *exact, size_t k,
                    struct oac_workspace *workspace)
{
    bool shot = self->noise & OAC_NOISE_SHOT;
    double z = exact->light->z ? (double)exact->light->z[k] : 0.0;
    if (self->dead_time && shot)
        return counted(self, frame, exact, k, z, workspace);
    if (self->dead_time)
        return code_of(frame, exact->light, k, (double)workspace->moments[k]);
    if (!shot || !self->countable)
        return (double)exact->raw[k];
    struct few few = few_of(self, frame, exact->light, k);
    bool counting = self->bench->detector.kind == OAC_DETECTOR_COUNTING;
    if (!counting && few.plus + few.minus > POISSON_BELOW)
        return (double)exact->raw[k];
    double electrons =
        oac_rng_poisson(self->seed, OAC_RNG_PHOTONS, exact->slot0, (uint32_t)(2 * k), few.plus);
    if (frame->differential)
        electrons -= oac_rng_poisson(self->seed, OAC_RNG_PHOTONS, exact->slot0,
                                     (uint32_t)(2 * k + 1), few.minus);
    double added = hypot((double)exact->light->code_per_electron[k] * few.rest,
                         sqrt((double)frame->constants.code_var[k]));
    return code_of(frame, exact->light, k, electrons) + added * z;
}

/* Fixed converter error, clipping, rounding. */
static float finish(const struct oac_analytic *self, const struct oac_frame *frame, size_t k,
                    double u, bool *saturated)
{
    double low = (double)frame->constants.low_code[k];
    double high = (double)frame->constants.high_code[k];
    *saturated = !(u >= low && u <= high);
    u = fmin(fmax(u, low), high);
    if (!(self->noise & OAC_NOISE_ADC))
        return (float)u;
    const struct oac_adc *adc = self->bench->channel[k].adc;
    if (adc->error_lsb && !self->sampled) {
        u += adc->error_lsb[(size_t)rint(fmin(fmax(u, 0.0), (double)(adc->codes - 1)))];
        u = fmin(fmax(u, low), high);
    }
    return (float)(self->sampled ? u : rint(u));
}

uint32_t oac_analytic_exact(const struct oac_analytic *self, const struct oac_frame *frame,
                            const struct oac_exact_window *exact,
                            struct oac_workspace *workspace)
{
    uint32_t count = 0;
    if (self->dead_time)
        dead_time_moments(self, frame, exact, workspace);
    for (size_t k = 0; k < frame->rows; k++) {
        double u = drawn(self, frame, exact, k, workspace);
        bool saturated;
        exact->code[k] = finish(self, frame, k, u, &saturated);
        count += saturated;
        if (exact->flag)
            exact->flag[k] = saturated ? OAC_FLAG_SATURATED : 0;
    }
    return count;
}
