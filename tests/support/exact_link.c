/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/exact_link.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define FRAMES_MAX   256
#define SLOTS_LOGGED 16
#define PI           3.14159265358979323846

struct frame {
    size_t rows, slots;
    bool differential;
    uint16_t null_code;
    double *tw; /* (rows, slots) */
};

struct exact {
    struct oac_exact_options options;
    struct oac_link_caps caps;
    struct oac_calrec *calrec;
    struct oac_port *ports;
    double *setting; /* (OAC_SETTINGS, channels) */
    struct frame frame[FRAMES_MAX];
    size_t loaded;
    struct oac_exact_drift drift;
    atomic_uint fail_at;
    uint64_t log[SLOTS_LOGGED];
    size_t logged;
    struct oac_account account;
    pthread_mutex_t lock; /* of log and account */
};

struct oac_workspace {
    double *tx;   /* (slots_max) */
    double *plus; /* (channels) sum Tw Tx of each laser */
};

static double transmission(const struct oac_port *port, const struct oac_curve *curve,
                           uint16_t code)
{
    double v = port->v0_v + port->lsb_v * code;
    double phase = PI * (v - curve->vpeak_v) / curve->vpi_v;
    return curve->r + (1.0 - curve->r) * 0.5 * (1.0 + cos(phase));
}

double oac_exact_opening(const struct oac_port *port, const struct oac_curve *curve,
                         uint16_t code)
{
    return (transmission(port, curve, code) - curve->r) / (1.0 - curve->r);
}

static bool fails(struct exact *self, const char *what, struct oac_err *err)
{
    unsigned left = atomic_load(&self->fail_at);
    if (left == 0)
        return false;
    atomic_store(&self->fail_at, left - 1);
    if (left > 1)
        return false;
    (void)oac_fail(err, OAC_EDEVICE, "%s: made to fail by a test", what);
    return true;
}

static enum oac_status load(void *context, const struct oac_weight_frame *wanted,
                            uint32_t *handle, struct oac_err *err)
{
    struct exact *self = context;
    if (fails(self, "load", err))
        return err->status;
    size_t at = FRAMES_MAX; /* handles fall, so that the core sees every order */
    while (at > 0 && self->frame[at - 1].tw)
        at--;
    if (at == 0)
        return oac_fail(err, OAC_ENOMEM, "more than %d frames", FRAMES_MAX);
    struct frame *frame = &self->frame[at - 1];
    double *tw = oac_alloc(wanted->rows * wanted->slots, sizeof *tw, "weights", err);
    if (!tw)
        return err->status;
    for (size_t k = 0; k < wanted->rows; k++)
        for (size_t n = 0; n < wanted->slots; n++)
            tw[k * wanted->slots + n] =
                transmission(&self->caps.weight[k], &self->calrec->channel[k].weight,
                             wanted->code[k * wanted->slots + n]);
    *frame = (struct frame){wanted->rows, wanted->slots, wanted->differential,
                            wanted->null_x_code, tw};
    self->loaded++;
    *handle = (uint32_t)at;
    return OAC_OK;
}

static enum oac_status unload(void *context, uint32_t handle, struct oac_err *err)
{
    (void)err;
    struct exact *self = context;
    free(self->frame[handle - 1].tw);
    self->frame[handle - 1].tw = NULL;
    self->loaded--;
    return OAC_OK;
}

static void operands(const struct exact *self, const struct frame *loaded,
                     const struct oac_activation_frame *frame, size_t window, double *tx)
{
    const struct oac_curve *curve = &self->calrec->client;
    for (size_t n = 0; n < loaded->slots; n++)
        tx[n] = transmission(self->caps.client, curve,
                             frame->code ? frame->code[window * loaded->slots + n]
                                         : loaded->null_code);
    if (frame->code)
        return;
    for (size_t e = frame->nz_begin[window]; e < frame->nz_begin[window + 1]; e++)
        tx[frame->nz_slot[e]] = transmission(self->caps.client, curve, frame->nz_code[e]);
}

/* What every laser sends through the client in a window; parked ones too. Returns sum Tx. */
static double sum_light(const struct exact *self, const struct frame *loaded, const double *tx,
                        double *plus)
{
    double sum_tx = 0.0;
    for (size_t n = 0; n < loaded->slots; n++)
        sum_tx += tx[n];
    for (size_t j = 0; j < self->caps.channels; j++) {
        plus[j] = sum_tx * oac_calrec_parked_t(self->calrec, &self->caps.weight[j], j);
        if (j >= loaded->rows)
            continue;
        plus[j] = 0.0;
        for (size_t n = 0; n < loaded->slots; n++)
            plus[j] += loaded->tw[j * loaded->slots + n] * tx[n];
    }
    return sum_tx;
}

/* The code whose lin is `linear`: Newton from there, for bends that are small. */
static double bend(const struct oac_calrec_channel *c, double offset, double linear)
{
    double code = linear;
    for (int i = 0; i < 50; i++) {
        double d = code - offset;
        double slope = 1.0 + d * (2.0 * c->quadratic_per_code + 3.0 * d * c->cubic_per_code2);
        code -= (oac_calrec_linear(c, offset, code) - linear) / slope;
    }
    return code;
}

static double drifted(const struct exact *self, size_t k, uint64_t slot0, double base,
                      double code)
{
    const struct oac_exact_drift *drift = &self->drift;
    if (slot0 < drift->from)
        return code;
    double part = (double)(k + 1);
    if (drift->over_slots)
        part *= (double)(slot0 - drift->from) / (double)drift->over_slots;
    return base + part * drift->shift_code + (1.0 + part * drift->rise) * (code - base);
}

static double readout(const struct exact *self, const struct frame *loaded, size_t k,
                      double sum_tx, const double *all_plus, double launch, double *light)
{
    const struct oac_calrec *calrec = self->calrec;
    const struct oac_calrec_channel *c = &calrec->channel[k];
    double plus = 0.0, minus = 0.0;
    for (size_t j = 0; j < calrec->channels; j++) {
        double x =
            calrec->crosstalk ? calrec->crosstalk[k * calrec->channels + j] : (double)(j == k);
        plus += x * all_plus[j];
        minus += x * ((1.0 + calrec->channel[j].weight.r) * sum_tx - all_plus[j]);
    }
    double slots = (double)loaded->slots;
    if (loaded->differential) {
        *light += launch * (c->gain_code * plus + c->gain_minus_code * minus);
        return c->offset_pair_code + slots * c->dark_pair_code_per_slot +
               c->gx_pair_code_per_x * sum_tx +
               launch * (c->gain_code * plus - c->gain_minus_code * minus);
    }
    *light += launch * c->gain_code * plus;
    return c->offset_code + slots * c->dark_code_per_slot + c->gx_code_per_x * sum_tx +
           launch * c->gain_code * plus;
}

static double measured(const struct exact *self, const struct frame *loaded, size_t k,
                       uint64_t slot0, double sum_tx, const double *plus, double launch,
                       double *light)
{
    const struct oac_calrec_channel *c = &self->calrec->channel[k];
    const double slots = (double)loaded->slots;
    const double offset = loaded->differential ? c->offset_pair_code : c->offset_code;
    const double dark =
        loaded->differential ? c->dark_pair_code_per_slot : c->dark_code_per_slot;
    double code = readout(self, loaded, k, sum_tx, plus, launch, light);
    return bend(c, offset, drifted(self, k, slot0, offset + slots * dark, code));
}

static enum oac_status play(void *context, uint32_t handle, struct oac_workspace *workspace,
                            const struct oac_activation_frame *frame,
                            struct oac_readouts *readouts, struct oac_err *err)
{
    struct exact *self = context;
    if (fails(self, "play", err))
        return err->status;
    const struct frame *loaded = &self->frame[handle - 1];
    double all_light = 0.0;
    for (size_t b = 0; b < frame->windows; b++) {
        double launch = frame->launch ? (double)frame->launch[b] : 1.0, light = 0.0;
        operands(self, loaded, frame, b, workspace->tx);
        double sum_tx = sum_light(self, loaded, workspace->tx, workspace->plus);
        for (size_t k = 0; k < loaded->rows; k++)
            readouts->code[b * loaded->rows + k] = (float)measured(
                self, loaded, k, frame->slot0[b], sum_tx, workspace->plus, launch, &light);
        if (readouts->photons)
            readouts->photons[b] = light * OAC_EXACT_PHOTONS_PER_CODE;
        if (readouts->flag)
            memset(readouts->flag + b * loaded->rows, 0, loaded->rows);
        all_light += light;
    }
    pthread_mutex_lock(&self->lock);
    self->logged = frame->windows < SLOTS_LOGGED ? frame->windows : SLOTS_LOGGED;
    memcpy(self->log, frame->slot0, self->logged * sizeof *self->log);
    self->account.windows += frame->windows;
    self->account.slots += frame->windows * (loaded->slots + self->caps.guard_slots);
    self->account.bench_s = (double)self->account.slots * self->caps.slot_s;
    self->account.detected_photons += all_light * OAC_EXACT_PHOTONS_PER_CODE;
    pthread_mutex_unlock(&self->lock);
    return OAC_OK;
}

static enum oac_status light(void *context, uint32_t handle, struct oac_frame_light *figures,
                             struct oac_err *err)
{
    struct exact *self = context;
    if (fails(self, "light", err))
        return err->status;
    const struct frame *loaded = &self->frame[handle - 1];
    double photons = 0.0;
    for (size_t k = 0; k < loaded->rows; k++)
        photons += self->calrec->channel[k].gain_code * OAC_EXACT_PHOTONS_PER_CODE;
    *figures = (struct oac_frame_light){1e-9 * (double)loaded->slots,
                                        1e-10 * (double)loaded->slots, photons};
    return OAC_OK;
}

static enum oac_status set(void *context, enum oac_setting setting, size_t channel,
                           double value, double *readback, struct oac_err *err)
{
    struct exact *self = context;
    if (fails(self, "set", err))
        return err->status;
    double step = self->caps.settings[setting].step;
    double taken = step > 0.0 ? step * nearbyint(value / step) : value;
    self->setting[(size_t)setting * self->caps.channels + channel] = taken;
    *readback = taken;
    return OAC_OK;
}

static enum oac_status get(void *context, enum oac_setting setting, size_t channel,
                           double *value, struct oac_err *err)
{
    (void)err;
    struct exact *self = context;
    *value = self->setting[(size_t)setting * self->caps.channels + channel];
    return OAC_OK;
}

static enum oac_status safe(void *context, struct oac_err *err)
{
    (void)context;
    (void)err;
    return OAC_OK;
}

static void account(const void *context, struct oac_account *figures)
{
    const struct exact *self = context;
    *figures = self->account;
}

static void close_link(void *context)
{
    struct exact *self = context;
    for (size_t i = 0; i < FRAMES_MAX; i++)
        free(self->frame[i].tw);
    oac_calrec_destroy(self->calrec);
    free(self->ports);
    free(self->setting);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

static struct oac_workspace *workspace_create(void *context, struct oac_err *err)
{
    struct exact *self = context;
    if (fails(self, "workspace", err))
        return NULL;
    struct oac_workspace *workspace = oac_alloc(1, sizeof *workspace, "a workspace", err);
    if (!workspace)
        return NULL;
    workspace->tx = oac_alloc(self->caps.slots_max, sizeof *workspace->tx, "operands", err);
    workspace->plus = oac_alloc(self->caps.channels, sizeof *workspace->plus, "light", err);
    if (!workspace->tx || !workspace->plus) {
        free(workspace->tx);
        free(workspace->plus);
        free(workspace);
        return NULL;
    }
    return workspace;
}

static void workspace_destroy(void *context, struct oac_workspace *workspace)
{
    (void)context;
    free(workspace->tx);
    free(workspace->plus);
    free(workspace);
}

static const struct oac_link_ops exact_ops = {
    .load = load,
    .unload = unload,
    .play = play,
    .light = light,
    .set = set,
    .get = get,
    .safe = safe,
    .account = account,
    .close = close_link,
    .workspace_create = workspace_create,
    .workspace_destroy = workspace_destroy,
};

/* A converter that covers a little more than the half period below V_peak. */
static struct oac_port port_for(const struct exact *self, enum oac_role role, size_t channel,
                                const struct oac_curve *curve)
{
    int32_t last = (int32_t)((1u << self->options.dac_bits) - 1u);
    double low_v = curve->vpeak_v - 1.04 * curve->vpi_v;
    double high_v = curve->vpeak_v + 0.05 * curve->vpi_v;
    bool falling = channel % 2 == 1;
    return (struct oac_port){
        .role = role,
        .channel = channel,
        .code_min = 0,
        .code_max = last,
        .v0_v = falling ? high_v : low_v,
        .lsb_v = (falling ? low_v - high_v : high_v - low_v) / last,
        .rate_hz = 1e6,
    };
}

static void fill_calrec(struct exact *self)
{
    const struct oac_exact_options *o = &self->options;
    self->calrec->client = (struct oac_curve){5.0, 0.21, o->r_client};
    for (size_t k = 0; k < o->channels; k++) {
        const double i = (double)k, on = o->bare ? 0.0 : 1.0;
        self->calrec->channel[k] = (struct oac_calrec_channel){
            .weight = {4.0 + 0.1 * i, 0.3 - 0.05 * i, o->r_weight * (1.0 + 0.1 * i)},
            .gain_code = 10.0 + 0.37 * i,
            .gain_minus_code =
                o->differential ? (10.0 + 0.37 * i) * (1.0 + o->pair_mismatch) : 0.0,
            .offset_code = on * (100.0 - 3.0 * i),
            .dark_code_per_slot = on * (0.05 + 0.01 * i),
            .gx_code_per_x = on * (0.2 + 0.03 * i),
            .offset_pair_code = on * (5.0 + i),
            .dark_pair_code_per_slot = on * (0.01 - 0.002 * i),
            .gx_pair_code_per_x = on * (0.04 - 0.01 * i),
            .noise_code = 0.0,
        };
    }
}

enum oac_status oac_exact_open(const struct oac_exact_options *options, struct oac_link *link,
                               struct oac_err *err)
{
    const size_t channels = options->channels;
    struct exact *self = oac_alloc(1, sizeof *self, "an exact link", err);
    if (!self)
        return err->status;
    self->options = *options;
    self->drift.from = UINT64_MAX;
    pthread_mutex_init(&self->lock, NULL);
    if (oac_calrec_create(channels, &self->calrec, err) ||
        !(self->ports = oac_alloc(2 * channels + 1, sizeof *self->ports, "ports", err)) ||
        !(self->setting =
              oac_alloc(OAC_SETTINGS * channels, sizeof(double), "settings", err))) {
        close_link(self);
        return err->status;
    }
    fill_calrec(self);
    for (size_t k = 0; k < channels; k++) {
        self->ports[k] = port_for(self, OAC_WEIGHT, k, &self->calrec->channel[k].weight);
        self->ports[channels + 1 + k] = (struct oac_port){.role = OAC_READOUT, .channel = k};
    }
    self->ports[channels] = port_for(self, OAC_CLIENT, 0, &self->calrec->client);
    self->caps = (struct oac_link_caps){
        .device_id = "exact",
        .firmware = "test",
        .channels = channels,
        .slots_max = options->slots_max,
        .slot_s = 1e-6,
        .guard_slots = options->guard_slots,
        .receiver = OAC_INTEGRATOR,
        .conversions_per_readout = 1,
        .differential = options->differential,
        .launch_per_window = true,
        .launch_max = 2.0,
        .honours_slot0 = true,
        .knows_photons = true,
        .concurrent_play = true,
        .frequency_hz = 193.4e12,
        .quantum_efficiency = 1.0,
        .weight = self->ports,
        .client = self->ports + channels,
        .readout = self->ports + channels + 1,
        .nominal = self->calrec,
    };
    for (int s = 0; s < OAC_SETTINGS; s++)
        self->caps.settings[s] = (struct oac_range){1.0, -1.0, 0.0, 0.0};
    self->caps.settings[OAC_LASER_DBM] = (struct oac_range){-30.0, 10.0, 0.01, 0.0};
    self->caps.settings[OAC_BIAS_WEIGHT_V] = (struct oac_range){-5.0, 5.0, 0.0, 0.0};
    self->caps.settings[OAC_BIAS_CLIENT_V] = (struct oac_range){-5.0, 5.0, 0.0, 0.0};
    *link = (struct oac_link){.ops = &exact_ops, .caps = &self->caps, .self = self};
    return OAC_OK;
}

struct oac_calrec *oac_exact_truth(struct oac_link *link)
{
    struct exact *self = link->self;
    return self->calrec;
}

void oac_exact_set_drift(struct oac_link *link, const struct oac_exact_drift *drift)
{
    struct exact *self = link->self;
    self->drift = *drift;
}

void oac_exact_fail_at(struct oac_link *link, unsigned n)
{
    struct exact *self = link->self;
    atomic_store(&self->fail_at, n);
}

size_t oac_exact_loaded(const struct oac_link *link)
{
    const struct exact *self = link->self;
    return self->loaded;
}

size_t oac_exact_last_slots(const struct oac_link *link, const uint64_t **slot0)
{
    const struct exact *self = link->self;
    *slot0 = self->log;
    return self->logged;
}
