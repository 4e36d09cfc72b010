/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hal/modem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "hal/modem_state.h"

#define BATCH_MOST 256u
#define SYNC_SLOT0 ((uint64_t)1 << 60) /* 2e9 years of schedule at 20 GBd lie below it */

static enum oac_status load(void *context, const struct oac_weight_frame *frame,
                            uint32_t *handle, struct oac_err *err)
{
    return oac_modem_load_frame(context, frame, handle, err);
}

static enum oac_status unload(void *context, uint32_t handle, struct oac_err *err)
{
    struct oac_modem *self = context;
    struct oac_modem_frame *frame = &self->frame[handle - 1];
    enum oac_status status = oac_stream_unload(&self->stream, frame->handle, err);
    if (status == OAC_OK)
        *frame = (struct oac_modem_frame){0};
    return status;
}

static enum oac_status play(void *context, uint32_t handle, struct oac_workspace *workspace,
                            const struct oac_activation_frame *frame,
                            struct oac_readouts *readouts, struct oac_err *err)
{
    return oac_modem_play(context, handle, workspace, frame, readouts, err);
}

static enum oac_status light(void *context, uint32_t handle, struct oac_frame_light *figures,
                             struct oac_err *err)
{
    struct oac_modem *self = context;
    if (self->stream.ops->light &&
        self->stream.ops->light(self->stream.self, self->frame[handle - 1].handle, figures,
                                err))
        return err->status;
    if (oac_modem_chops(self)) /* light does not follow the sum of openings */
        figures->photons_preweight = NAN;
    if (self->stream.ops->light)
        return OAC_OK;
    *figures = (struct oac_frame_light){NAN, NAN, NAN};
    return OAC_OK;
}

static enum oac_status set(void *context, enum oac_setting setting, size_t channel,
                           double value, double *readback, struct oac_err *err)
{
    struct oac_modem *self = context;
    enum oac_status status =
        self->stream.ops->set(self->stream.self, setting, channel, value, readback, err);
    if (status)
        return status;
    if (setting == OAC_SKEW_S)
        self->user_skew = true;
    const bool bias = setting == OAC_BIAS_WEIGHT_V || setting == OAC_BIAS_CLIENT_V;
    if (bias)
        atomic_store(&self->biased, true);
    if (setting == OAC_SKEW_S || setting == OAC_PREDELAY_S ||
        (bias && !self->stream.caps->delay_stable))
        atomic_store(&self->stale, true);
    return OAC_OK;
}

static enum oac_status get(void *context, enum oac_setting setting, size_t channel,
                           double *value, struct oac_err *err)
{
    struct oac_modem *self = context;
    return self->stream.ops->get(self->stream.self, setting, channel, value, err);
}

static enum oac_status safe(void *context, struct oac_err *err)
{
    struct oac_modem *self = context;
    return self->stream.ops->safe(self->stream.self, err);
}

static void account(const void *context, struct oac_account *figures)
{
    struct oac_modem *self = (struct oac_modem *)(uintptr_t)context;
    struct oac_account below = {0};
    self->stream.ops->account(self->stream.self, &below);
    pthread_mutex_lock(&self->lock);
    *figures = self->account;
    pthread_mutex_unlock(&self->lock);
    figures->launched_j = below.launched_j;
    figures->client_in_j = below.client_in_j;
    figures->underflow = below.underflow;
    figures->overflow = below.overflow;
    if (!self->caps.knows_photons)
        figures->detected_photons = NAN;
}

static void workspace_destroy(void *context, struct oac_workspace *work)
{
    struct oac_modem *self = context;
    if (work->stream)
        self->stream.ops->workspace_destroy(self->stream.self, work->stream);
    oac_modem_plan_fini(&work->plan);
    free(work->client);
    free(work->rx);
    free(work->segment);
    free(work->photons);
    free(work->flag);
    free(work->heard);
    free(work->delay_s);
    free(work->drift_s);
    free(work->moved_s);
    free(work->phasor);
    free(work);
}

static struct oac_workspace *workspace_create(void *context, struct oac_err *err)
{
    struct oac_modem *self = context;
    struct oac_workspace *work = oac_alloc(1, sizeof *work, "a workspace", err);
    if (!work)
        return NULL;
    if (!(work->delay_s = oac_alloc(self->caps.channels, sizeof(double), "delays", err)) ||
        !(work->drift_s = oac_alloc(self->caps.channels, sizeof(double), "drifts", err)) ||
        !(work->moved_s = oac_alloc(self->caps.channels, sizeof(double), "delays", err)) ||
        !(work->phasor = oac_alloc(2 * self->caps.channels, sizeof(double), "phases", err)) ||
        !(work->stream = self->stream.ops->workspace_create(self->stream.self, err))) {
        workspace_destroy(self, work);
        return NULL;
    }
    return work;
}

static void close_modem(void *context)
{
    struct oac_modem *self = context;
    if (self->own)
        workspace_destroy(self, self->own);
    oac_modem_sequence_fini(&self->preamble);
    oac_modem_sequence_fini(&self->word);
    oac_stream_close(&self->stream);
    for (size_t d = 0; self->drive && d <= self->caps.channels; d++)
        oac_modem_drive_fini(&self->drive[d]);
    free(self->drive);
    free(self->chopped);
    oac_calrec_destroy(self->nominal);
    free(self->sounding);
    free(self->open_code);
    free(self->frame);
    free(self->memory);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

static const struct oac_link_ops modem_ops = {
    .load = load,
    .unload = unload,
    .play = play,
    .light = light,
    .set = set,
    .get = get,
    .safe = safe,
    .account = account,
    .close = close_modem,
    .workspace_create = workspace_create,
    .workspace_destroy = workspace_destroy,
};

/* The code that opens a modulator most: at V_peak, or at the end of the port that is brightest. */
static uint16_t brightest(const struct oac_port *port, const struct oac_curve *curve)
{
    int32_t best = port->code_min;
    double most = -1.0;
    for (int period = -4; period <= 6; period++) { /* +-4: peaks; 5, 6: ends */
        double v_v = curve->vpeak_v + 2.0 * period * curve->vpi_v;
        double code = fmin(fmax(nearbyint((v_v - port->v0_v) / port->lsb_v), port->code_min),
                           port->code_max);
        if (period > 4)
            code = period == 5 ? port->code_min : port->code_max;
        double t = oac_curve_transmission(curve, port->v0_v + port->lsb_v * code);
        if (t > most) {
            most = t;
            best = (int32_t)code;
        }
    }
    return (uint16_t)best;
}

/* Of a tone the code of a third of its opening: what J_3 makes of the preamble, 2 J_3/J_1 = 1.3 %
 * there and 36 % at
 * full opening, stands still in a slot and would move its edges. */
static uint16_t open_code(const struct oac_port *port, const struct oac_curve *curve)
{
    const uint16_t most = brightest(port, curve);
    if (!port->iq)
        return most;
    const double v_v = oac_curve_voltage(
        curve, 1.0 / 3.0, curve->vpeak_v < port->v0_v + port->lsb_v * port->code_safe);
    return (uint16_t)lrint((v_v - port->v0_v) / port->lsb_v);
}

static void make_caps(struct oac_modem *self)
{
    const struct oac_stream_caps *caps = self->stream.caps;
    const uint32_t schedule = caps->link.guard_slots;
    uint32_t guard = caps->memory_slots > 1 ? caps->memory_slots : 1;
    if (caps->link.receiver ==
        OAC_SAMPLED) /* a dark sample even where a delay came out below 0 */
        guard++;
    if (!caps->segments_apart && schedule > guard)
        guard = schedule;
    self->guard = guard;
    self->margin = caps->delay_slots_max > 1 ? caps->delay_slots_max : 1;
    self->batch = self->options.batch_max ? self->options.batch_max : BATCH_MOST;
    self->batch = self->batch < caps->segments_max ? self->batch : caps->segments_max;
    self->caps = caps->link;
    if (self->caps.guard_slots < guard)
        self->caps.guard_slots = guard;
    const size_t most = caps->segment_slots_max - 2 * (size_t)guard;
    if (most < self->caps.slots_max)
        self->caps.slots_max = most;
    const bool sampled = caps->link.receiver == OAC_SAMPLED;
    self->caps.conversions_per_readout = sampled ? caps->readout_samples_per_slot
                                         : caps->reset_noise_in_start ? 2
                                                                      : 1;
    if (sampled)
        self->caps.adc_rounds = false;
}

static enum oac_status make_memory(struct oac_modem *self, struct oac_err *err)
{
    const size_t channels = self->caps.channels;
    const struct oac_calrec *nominal = self->caps.nominal;
    self->memory = oac_alloc(8 * channels, sizeof(double), "an alignment", err);
    if (!self->memory)
        return err->status;
    self->open_code = oac_alloc(3 * (channels + 1), sizeof(uint16_t), "codes", err);
    if (!self->open_code)
        return err->status;
    self->low_code = self->open_code + channels + 1;
    self->brightest = self->low_code + channels + 1;
    self->delay_s = self->memory;
    self->skew_s = self->memory + channels;
    self->contrast = self->memory + 2 * channels;
    self->skew_sigma_s = self->memory + 3 * channels;
    self->phasor = self->memory + 4 * channels;
    self->delay_sigma = self->memory + 6 * channels;
    self->faint = self->memory + 7 * channels;
    self->alignment = (struct oac_modem_alignment){.channels = channels,
                                                   .delay_s = self->delay_s,
                                                   .skew_s = self->skew_s,
                                                   .contrast = self->contrast};
    for (size_t k = 0; k < channels; k++) {
        self->faint[k] = NAN;
        self->open_code[k] = open_code(&self->caps.weight[k], &nominal->channel[k].weight);
        self->low_code[k] = (uint16_t)self->caps.weight[k].code_safe;
    }
    self->open_code[channels] = open_code(self->caps.client, &nominal->client);
    self->low_code[channels] = (uint16_t)self->caps.client->code_safe;
    memcpy(self->brightest, self->open_code, (channels + 1) * sizeof *self->brightest);
    return OAC_OK;
}

static enum oac_status set_up(struct oac_modem *self, struct oac_err *err)
{
    const struct oac_stream_caps *caps = self->stream.caps;
    make_caps(self);
    if (!(caps->segment_slots_max > 2 * (size_t)self->guard))
        return oac_fail(
            err, OAC_EUNSUPPORTED,
            "\"%s\" takes segments of %zu slots: %u guard slots on both sides leave "
            "none for a window",
            self->caps.device_id, caps->segment_slots_max, self->guard);
    if ((oac_modem_chops(self) && oac_modem_subcarrier_make(self, err)) ||
        make_memory(self, err) || oac_modem_record_make(self, err))
        return err->status;
    if (oac_modem_sequences_make(self, err))
        return err->status;
    self->own = workspace_create(self, err);
    if (!self->own)
        return err->status;
    return oac_modem_align(self, err);
}

enum oac_status oac_modem_open(struct oac_stream *stream,
                               const struct oac_modem_options *options, struct oac_link *link,
                               struct oac_err *err)
{
    static const struct oac_modem_options plain = {0};
    struct oac_modem *self = oac_alloc(1, sizeof *self, "a modem", err);
    if (!self) {
        oac_stream_close(stream);
        return err->status;
    }
    self->stream = *stream;
    *stream = (struct oac_stream){0};
    self->options = options ? *options : plain;
    if (!self->options.sync_slot0)
        self->options.sync_slot0 = SYNC_SLOT0;
    pthread_mutex_init(&self->lock, NULL);
    atomic_init(&self->stale, false);
    atomic_init(&self->biased, false);
    if (oac_modem_check(self->stream.caps, &self->options, err) || set_up(self, err)) {
        close_modem(self);
        return err->status;
    }
    *link = (struct oac_link){.ops = &modem_ops, .caps = &self->caps, .self = self};
    return OAC_OK;
}

const struct oac_modem_alignment *oac_modem_alignment(const struct oac_link *link)
{
    if (link->ops != &modem_ops)
        return NULL;
    const struct oac_modem *self = link->self;
    return &self->alignment;
}

struct oac_stream *oac_modem_stream(const struct oac_link *link)
{
    if (link->ops != &modem_ops)
        return NULL;
    struct oac_modem *self = link->self;
    return &self->stream;
}
