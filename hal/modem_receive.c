/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a window's readout is, by receiver: gates and picks before it is played, arithmetic after.
 *
 * A gate's edges go outwards to its steps, so that no payload light is lost; what it takes in
 * besides is guard, which is dark. TOLERANCE of a step is left out instead: an estimate a
 * little off must not cost a whole step. A sampled receiver sums every sample that the payload
 * touches and takes as many dark ones off, so that the sum has the zero of exactly one
 * conversion a slot. */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "hal/modem_state.h"
#include "hal/stream_check.h"

#define TOLERANCE (1.0 / 8.0) /* of a gate step or of a sample */
/* A payload's end so near to a sample's border, or nearer than the delay is known, is on it
 * [samples]. What is left out is at most that part of one sample's light; a sample more would
 * cost its noise and a dark one's in every readout (1/4 of all at 8 slots of one sample). */
#define BORDER      (1.0 / 32.0)
#define BORDER_MOST 0.25
#define KNOWN       3.0 /* standard errors of the skew, which are larger than the delay's */

void *oac_modem_fit(void *array, size_t *capacity, size_t count, size_t size,
                    struct oac_err *err)
{
    if (array && count <= *capacity)
        return array;
    void *made = oac_alloc(count, size, "the modem's scratch", err);
    if (!made)
        return NULL;
    free(array);
    *capacity = count;
    return made;
}

void oac_modem_plan_fini(struct oac_modem_plan *plan)
{
    free(plan->open_s);
    free(plan->start);
    free(plan->pick);
    *plan = (struct oac_modem_plan){0};
}

static enum oac_status room(struct oac_modem_plan *plan, size_t rows, size_t picks,
                            struct oac_err *err)
{
    size_t indices = plan->row_capacity;
    void *start = oac_modem_fit(plan->start, &indices, 4 * rows, sizeof(size_t), err);
    if (!start)
        return err->status;
    plan->start = start;
    void *gates =
        oac_modem_fit(plan->open_s, &plan->row_capacity, 4 * rows, sizeof(double), err);
    if (!gates)
        return err->status;
    plan->open_s = gates;
    void *pick = oac_modem_fit(plan->pick, &plan->capacity, picks, sizeof(uint32_t), err);
    if (!pick)
        return err->status;
    plan->pick = pick;
    plan->close_s = plan->open_s + rows;
    plan->begin = plan->open_s + 2 * rows;
    plan->pace = plan->open_s + 3 * rows;
    plan->end = plan->start + rows;
    plan->quiet = plan->end + rows;
    plan->silent = plan->quiet + rows;
    return OAC_OK;
}

static double step_down(double t_s, double step_s)
{
    return step_s > 0.0 ? step_s * floor(t_s / step_s + TOLERANCE) : t_s;
}

static double step_up(double t_s, double step_s)
{
    return step_s > 0.0 ? step_s * ceil(t_s / step_s - TOLERANCE) : t_s;
}

/* Adds sample j to the ascending picks, once. */
static void add_pick(struct oac_modem_plan *plan, uint32_t j)
{
    size_t at = plan->picks;
    while (at > 0 && plan->pick[at - 1] > j)
        at--;
    if (at > 0 && plan->pick[at - 1] == j)
        return;
    for (size_t i = plan->picks; i > at; i--)
        plan->pick[i] = plan->pick[i - 1];
    plan->pick[at] = j;
    plan->picks++;
}

static size_t place_of(const struct oac_modem_plan *plan, uint32_t j)
{
    size_t at = 0;
    while (plan->pick[at] != j)
        at++;
    return at;
}

static void plan_gates(const struct oac_modem *self, struct oac_modem_plan *plan)
{
    const struct oac_stream_caps *caps = self->stream.caps;
    const double sample_s = caps->link.slot_s / caps->readout_samples_per_slot;
    uint32_t last = 0;
    for (size_t k = 0; k < plan->rows; k++) {
        double from_s = self->guard * caps->link.slot_s + self->delay_s[k];
        double to_s = from_s + (double)plan->slots * caps->link.slot_s;
        if (caps->reset_noise_in_start) { /* the start sample must see no payload */
            from_s = sample_s * floor(from_s / sample_s + TOLERANCE);
            plan->start[k] = (size_t)nearbyint(from_s / sample_s);
            add_pick(plan, (uint32_t)plan->start[k]);
        }
        plan->open_s[k] = fmax(step_down(from_s, caps->gate_step_s), 0.0);
        plan->close_s[k] = step_up(to_s, caps->gate_step_s);
        uint32_t held = (uint32_t)ceil(plan->close_s[k] / sample_s + 1e-6);
        last = held > last ? held : last;
    }
    add_pick(plan, last);
    for (size_t k = 0; k < plan->rows; k++) {
        if (caps->reset_noise_in_start)
            plan->start[k] = place_of(plan, (uint32_t)plan->start[k]);
        plan->end[k] = plan->picks - 1;
    }
    plan->capture.gate_open_s = plan->open_s;
    plan->capture.gate_close_s = plan->close_s;
}

bool oac_modem_plan_place(const struct oac_modem *self, const double *delay_s,
                          const double *drift_s, struct oac_modem_plan *plan)
{
    const struct oac_stream_caps *caps = self->stream.caps;
    const size_t per_slot = caps->readout_samples_per_slot;
    const double sample_s = caps->link.slot_s / (double)per_slot;
    const size_t samples =
        oac_stream_capture_samples(caps, plan->slots + 2 * (size_t)self->guard);
    for (size_t k = 0; k < plan->rows; k++) {
        double from = (double)(per_slot * self->guard) + delay_s[k] / sample_s;
        double unsure = KNOWN * self->skew_sigma_s[k] / sample_s;
        double border = fmin(fmax(unsure, BORDER), BORDER_MOST);
        double pace = (double)per_slot + (drift_s ? drift_s[k] / sample_s : 0.0);
        double low = floor(from + border);
        double high = ceil(from + pace * (double)plan->slots - border);
        if (!(low >= 1.0 && high <= (double)samples))
            return false;
        plan->begin[k] = from;
        plan->pace[k] = pace;
        plan->start[k] = (size_t)low;
        plan->end[k] = (size_t)high;
        plan->silent[k] = plan->start[k] < 2 * per_slot ? (plan->start[k] + 1) / 2 : per_slot;
        plan->quiet[k] = plan->start[k] - plan->silent[k];
    }
    return true;
}

/* Picks of all samples, or of those that any row needs. */
static enum oac_status plan_samples(const struct oac_modem *self, struct oac_modem_plan *plan,
                                    size_t samples, struct oac_err *err)
{
    size_t first = 0, last = samples;
    if (self->stream.caps->delay_stable) {
        if (!oac_modem_plan_place(self, self->delay_s, NULL, plan))
            return oac_fail(
                err, OAC_EDEVICE,
                "the delays of \"%s\" do not fit its captures: change its pre-delay",
                self->caps.device_id);
        first = samples;
        last = 0;
        for (size_t k = 0; k < plan->rows; k++) {
            first = plan->quiet[k] < first ? plan->quiet[k] : first;
            last = plan->end[k] > last ? plan->end[k] : last;
        }
        if (oac_modem_chops(self)) { /* whole samples, and those that are hardly touched */
            first -= first % 2;
            last = last + 2 < samples ? last + 2 : samples;
        }
        for (size_t k = 0; k < plan->rows; k++) {
            plan->start[k] -= first;
            plan->end[k] -= first;
            plan->quiet[k] -= first;
            plan->begin[k] -= (double)first;
        }
    }
    for (size_t j = first; j < last; j++)
        plan->pick[plan->picks++] = (uint32_t)j;
    plan->capture.gate_open_s = plan->capture.gate_close_s = NULL;
    return OAC_OK;
}

enum oac_status oac_modem_plan_make(const struct oac_modem *self,
                                    const struct oac_modem_frame *loaded,
                                    struct oac_modem_plan *plan, struct oac_err *err)
{
    const size_t rows = loaded->rows, slots = loaded->slots;
    const bool sampled = self->caps.receiver == OAC_SAMPLED;
    const size_t samples =
        oac_stream_capture_samples(self->stream.caps, slots + 2 * (size_t)self->guard);
    if (room(plan, rows, sampled ? samples : rows + 1, err))
        return err->status;
    plan->rows = rows;
    plan->slots = slots;
    plan->differential = loaded->differential;
    plan->picks = 0;
    if (!sampled)
        plan_gates(self, plan);
    else if (plan_samples(self, plan, samples, err))
        return err->status;
    plan->capture.picks = plan->picks;
    plan->capture.pick = plan->pick;
    return OAC_OK;
}

/* Double sampling takes the converter's zero away; the record has it (hal/calrec.h), so it is
 * put back. */
static float zero_of(const struct oac_modem *self, const struct oac_modem_plan *plan, size_t k)
{
    const struct oac_calrec_channel *channel = &self->caps.nominal->channel[k];
    double zero = plan->differential ? channel->offset_pair_code : channel->offset_code;
    return (float)(self->caps.adc_rounds ? nearbyint(zero) : zero);
}

static double sum_of(const float *value, size_t first, size_t last)
{
    double sum = 0.0;
    for (size_t j = first; j < last; j++)
        sum += (double)value[j];
    return sum;
}

/* All light of the payload, and as many dark samples off as were too many. */
static double boxcar(const struct oac_modem_plan *plan, size_t k, const float *value)
{
    const double per_slot = plan->pace[k];
    const double touched = (double)(plan->end[k] - plan->start[k]);
    double dark = sum_of(value, plan->quiet[k], plan->quiet[k] + plan->silent[k]) /
                  (double)plan->silent[k];
    double sum = sum_of(value, plan->start[k], plan->end[k]);
    return (sum - (touched - per_slot * (double)plan->slots) * dark) / per_slot;
}

/* Of every slot the samples that the lit share touches, in proportion to how much of them is
 * lit; scaled to the boxcar's signal. What the others would have shown is the record's. */
static double matched(const struct oac_modem *self, const struct oac_modem_plan *plan, size_t k,
                      const float *value)
{
    const double per_slot = plan->pace[k];
    const double length = oac_modem_duty(self) * per_slot;
    const struct oac_calrec_channel *c = &self->caps.nominal->channel[k];
    const double dark = plan->differential ? c->dark_pair_code_per_slot : c->dark_code_per_slot;
    double code = 0.0;
    for (size_t n = 0; n < plan->slots; n++) {
        const double from = plan->begin[k] + (double)n * per_slot, to = from + length;
        double along = 0.0, squares = 0.0;
        for (double j = floor(from); j < to; j += 1.0) {
            double lit = fmin(j + 1.0, to) - fmax(j, from);
            along += lit * ((double)value[(size_t)j] - dark);
            squares += lit * lit;
        }
        code += dark + along * length / (squares * per_slot);
    }
    return code;
}

void oac_modem_readouts(const struct oac_modem *self, const struct oac_modem_plan *plan,
                        const double *phasor, const float *rx, float *code)
{
    const struct oac_stream_caps *caps = self->stream.caps;
    const bool returning = self->options.shape == OAC_SHAPE_RETURN;
    for (size_t k = 0; k < plan->rows; k++) {
        const float *value = rx + k * plan->picks;
        if (oac_modem_chops(self)) {
            code[k] = (float)(caps->link.readout[k].iq
                                  ? oac_modem_untone(self, plan, k, phasor + 2 * k, value)
                                  : oac_modem_unchop(self, plan, k, value));
            continue;
        }
        if (caps->link.receiver == OAC_SAMPLED) {
            code[k] = (float)(returning && self->options.filter == OAC_FILTER_MATCHED
                                  ? matched(self, plan, k, value)
                                  : boxcar(plan, k, value));
            continue;
        }
        code[k] = value[plan->end[k]];
        if (caps->reset_noise_in_start)
            code[k] += zero_of(self, plan, k) - value[plan->start[k]];
    }
}
